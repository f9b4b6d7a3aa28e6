"""Partners in the admin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from convoai.api.admin import (
    Along,
    Panel,
    RecordAdmin,
    chosen_filter,
    flag_filter,
    link,
    list_link,
    words,
)
from convoai.api.admin.links import add_address, list_address, page_link
from convoai.api.admin.pages import note_look
from convoai.api.admin.vectors import vector_words
from convoai.refusals import Refusal
from partners import services
from partners.images import clean_image, is_stored, stored_image
from partners.models import ConversationPartner

WRITABLE = ("name", "relationship", "email", "phone", "notes")
SHOWN = 10


def conversation_model() -> Any:
    """The table above this one, which may not be imported here."""
    return apps.get_model("conversations.Conversation")


class PartnerForm(forms.ModelForm):
    picture = forms.FileField(
        label="New picture",
        required=False,
        help_text="Stored anew without metadata, at most 1600 pixels wide.",
    )

    class Meta:
        model = ConversationPartner
        fields = ("user", *WRITABLE)
        labels = {"email": "E-mail"}
        widgets = {"notes": forms.Textarea(attrs={"rows": 4, "cols": 80})}

    def clean_picture(self) -> bytes | None:
        file = self.cleaned_data.get("picture")
        return clean_picture(file) if file else None


def clean_picture(file: Any) -> bytes:
    """The uploaded picture, made anew. Raises ValidationError when it is none."""
    try:
        return clean_image(file)
    except Refusal as refusal:
        raise forms.ValidationError(refusal.message) from None


@admin.register(ConversationPartner)
class PartnerAdmin(RecordAdmin):
    form = PartnerForm
    list_display = ("shown_name", "relationship", "contact", "talks", "owner", "created_at")
    list_filter = (
        chosen_filter("user", "owner"),
        flag_filter("image_path__isnull", "picture", "Without", "With a picture"),
        "created_at",
    )
    search_fields = ("name", "email", "phone", "relationship")
    search_help_text = (
        "Words of a name, an e-mail address, a relationship or notes, or their beginnings; "
        "part of a phone number"
    )
    ordering = ("-pk",)
    sortable_by = ("shown_name", "created_at")
    date_hierarchy = "created_at"
    autocomplete_fields = ("user",)
    readonly_fields = ("owner", "picture_now", "face", "image_url", "created_at", "updated_at")
    deleted_along = (
        Along("conversations.Conversation", "partner"),
        Along("conversations.Message", "conversation__partner"),
        Along("conversations.ExtractedFact", "partner"),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        owner = "owner" if obj else "user"
        person = (None, {"fields": (owner, *WRITABLE)})
        if obj is None:
            return (person, ("Picture", {"fields": ("picture",)}))
        picture = ("picture",) if self.has_change_permission(request, obj) else ()
        return (
            person,
            ("Picture", {"fields": ("picture_now", *picture, "image_url", "face")}),
            ("When", {"fields": ("created_at", "updated_at")}),
        )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user").defer("user__password")

    def search(self, request: HttpRequest, rows: Any, words: str) -> Any:
        return rows.matching(words)

    def list_rows(self, rows: Any) -> Any:
        columns = ("name", "relationship", "email", "phone", "created_at", "user__email")
        return rows.with_talk_count().only(*columns)

    @admin.display(description="name", ordering="name")
    def shown_name(self, partner: ConversationPartner) -> SafeString:
        return words(partner.name.strip() or "(no name)", limit=80)

    @admin.display(description="contact")
    def contact(self, partner: ConversationPartner) -> SafeString:
        return words(partner.email or partner.phone, limit=60)

    @admin.display(description="talks")
    def talks(self, partner: Any) -> SafeString | str:
        if not partner.talk_count:
            return "0"
        return list_link(conversation_model(), f"{partner.talk_count:,}", partner=partner.pk)

    @admin.display(description="owner")
    def owner(self, partner: ConversationPartner) -> SafeString:
        return link(partner.user)

    @admin.display(description="picture now")
    def picture_now(self, partner: ConversationPartner) -> SafeString:
        if not is_stored(partner.image_path):
            return words("None stored." if not partner.image_path else partner.image_path)
        address = reverse("admin:partners_conversationpartner_picture", args=[partner.pk])
        return format_html('<img class="face" src="{}" alt="Picture of the partner">', address)

    @admin.display(description="face vector")
    def face(self, partner: ConversationPartner) -> str:
        return vector_words(partner, "image_embedding")

    def panels(self, request: HttpRequest, record: Any) -> Sequence[Panel]:
        talk = conversation_model()
        fact = apps.get_model("conversations.ExtractedFact")
        talks = record.conversations.order_by("-started_at", "-pk").values_list(
            "pk", "title", "started_at"
        )[:SHOWN]
        facts = record.facts.current().most_certain_first().defer("quote")[:SHOWN]
        return (
            Panel(
                "Latest talks",
                ("Talk", "Started"),
                [(page_link(talk, pk, title), started) for pk, title, started in talks],
                list_address(talk, partner=record.pk),
                add_address(talk, partner=record.pk),
            ),
            Panel(
                "What is known",
                ("Key", "Value", "Confidence", "Review"),
                [
                    (
                        page_link(fact, row.pk, row.fact_key),
                        words(row.fact_value),
                        f"{row.confidence:.2f}",
                        row.get_review_display(),
                    )
                    for row in facts
                ],
                list_address(fact, partner=record.pk),
                add_address(fact, partner=record.pk),
            ),
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        picture = form.cleaned_data.get("picture")
        if change:
            names = [name for name in form.changed_data if name in WRITABLE]
            if names:
                changes = {name: form.cleaned_data[name] for name in names}
                services.update_partner(partner=obj, changes=changes)
        else:
            values = {name: form.cleaned_data[name] for name in WRITABLE}
            saved = services.create_partner(user=form.cleaned_data["user"], **values)
            obj.pk, obj._state.adding = saved.pk, False
        if picture:
            services.set_image(partner=obj, data=picture)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        services.delete_partner(partner=obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for partner in queryset.select_related(None).only("image_path").order_by("pk"):
            services.delete_partner(partner=partner)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.picture_view)
        name = "partners_conversationpartner_picture"
        return [path("<int:pk>/picture/", view, name=name), *super().get_urls()]

    def picture_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The stored picture; the API serves it to its owner only."""
        partner = self.get_object(request, str(pk))
        if partner is None:
            raise Http404
        if not self.has_view_permission(request, partner):
            raise PermissionDenied
        file = stored_image(partner.image_path)
        if file is None:
            raise Http404
        note_look(request, "opened the picture of", partner)
        response = FileResponse(file, content_type="image/jpeg")
        response["Cache-Control"] = "private, no-store"
        return response
