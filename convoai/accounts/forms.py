"""The sign-in form of the pages and of the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm, BaseUserCreationForm
from django.http import HttpRequest

from convoai.accounts.models import User
from convoai.accounts.validators import PASSWORD_LENGTH


class SignInForm(AuthenticationForm):
    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        attributes = {"autocomplete": "username", "autofocus": True, "maxlength": 254}
        self.fields["username"] = forms.EmailField(
            label="E-mail address", max_length=254, widget=forms.EmailInput(attrs=attributes)
        )
        password = self.fields["password"]
        assert isinstance(password, forms.CharField)  # noqa: S101 - tells the type checker
        password.max_length = PASSWORD_LENGTH
        password.widget.attrs["maxlength"] = PASSWORD_LENGTH
        self.error_messages["invalid_login"] = "Wrong e-mail address or password."


class AdminSignInForm(SignInForm, AdminAuthenticationForm):
    """The same on the admin's own sign-in page, which lets in staff only."""


class NewUserForm(BaseUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "username")
