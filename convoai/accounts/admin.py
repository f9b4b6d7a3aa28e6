"""Users and their keys in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Permission
from django.http import HttpRequest
from django.utils.html import format_html

from convoai.accounts.forms import AdminSignInForm, NewUserForm
from convoai.accounts.models import ApiKey, User
from convoai.api.admin import Along, RecordAdmin

admin.site.login_form = AdminSignInForm


@admin.register(User)
class UserAdmin(RecordAdmin, DjangoUserAdmin):
    form = forms.ModelForm
    add_form = NewUserForm
    list_display = (
        "email",
        "username",
        "is_active",
        "is_staff",
        "is_superuser",
        "last_login",
        "created_at",
    )
    list_filter = ("is_active", "is_staff", "is_superuser", "created_at", "last_login")
    search_fields = ("email", "username")
    ordering = ("email",)
    date_hierarchy = "created_at"
    deleted_along = (
        Along("partners.ConversationPartner", "user"),
        Along("conversations.Conversation", "user"),
        Along("conversations.Message", "user"),
        Along("conversations.ExtractedFact", "user"),
        Along("accounts.ApiKey", "user"),
    )
    readonly_fields = ("password_link", "last_login", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("email", "username", "password_link")}),
        (
            "May",
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        ("When", {"fields": ("created_at", "updated_at", "last_login")}),
    )
    add_fieldsets = (
        (
            None,
            {"classes": ("wide",), "fields": ("email", "username", "password1", "password2")},
        ),
    )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Permissions are named by their content type: one query for all and not one for each."""
        if db_field.name == "user_permissions":
            kwargs["queryset"] = Permission.objects.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @admin.display(description="Password")
    def password_link(self, user: User) -> str:
        """Whether there is a password and where to set one; never the hash."""
        state = "Set." if user.has_usable_password() else "Not set: this user cannot sign in."
        return format_html('{} <a href="../password/">Set a new password</a>', state)


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    """To look at and revoke. Keys are created where their text can be shown: API and command."""

    list_display = ("__str__", "user", "token_key", "created", "expiry", "last_used_at")
    list_select_related = ("user",)
    list_filter = ("created", "expiry", "last_used_at")
    search_fields = ("name", "user__email", "user__username")
    date_hierarchy = "created"
    fields = ("name", "user", "token_key", "created", "expiry", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
