"""Messages in the admin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models.functions import Left
from django.http import HttpRequest
from django.utils.safestring import SafeString

from conversations.admin import columns
from conversations.admin.rules import RESTS_ON_IT_ALONE, RecordForm
from conversations.admin.search import HELP, search_rows
from conversations.models import ExtractedFact, Message
from conversations.querysets import MESSAGE_VECTORS, count_of
from conversations.services import messages as services
from convoai.api.admin import Along, Panel, RecordAdmin, chosen_filter, link, list_link, words
from convoai.api.admin.links import page_link
from convoai.api.admin.vectors import vector_words

WRITABLE = ("sender", "speaker", "content", "timestamp")
EXCERPT = 200


class MessageForm(RecordForm):
    class Meta:
        model = Message
        fields = ("conversation", *WRITABLE)


@admin.register(Message)
class MessageAdmin(RecordAdmin):
    form = MessageForm
    list_display = ("excerpt", "said_by", "talk", "position", "facts_link", "timestamp")
    list_filter = (chosen_filter("user", "owner"), chosen_filter("conversation"), "sender")
    search_fields = ("search",)
    search_help_text = HELP
    ordering = ("-pk",)
    sortable_by = ()
    autocomplete_fields = ("conversation",)
    readonly_fields = ("owner", "talk", "partner", "position", "vector", "created_at")
    deleted_along = (Along("conversations.ExtractedFact", "source_message", RESTS_ON_IT_ALONE),)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ((None, {"fields": ("conversation", *WRITABLE)}),)
        return (
            (None, {"fields": ("owner", "partner", "talk", "position", *WRITABLE)}),
            ("More", {"fields": ("vector", "created_at"), "classes": ("collapse",)}),
        )

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).select_related("user", "conversation__partner")
        return rows.defer(*MESSAGE_VECTORS, *columns.SECRET, *columns.TALK, *columns.TALKS_PARTNER)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """A talk's own messages in their order, all others with the newest first."""
        return ("position",) if request.GET.get("conversation") else ("-pk",)

    def list_rows(self, rows: Any) -> Any:
        shown = ("sender", "speaker", "position", "timestamp", "conversation__title")
        return (
            rows.select_related(None)
            .select_related("conversation")
            .only(*shown)
            .annotate(
                shown=Left("content", EXCERPT), fact_count=count_of(ExtractedFact, "source_message")
            )
        )

    def search(self, request: HttpRequest, rows: Any, words: str) -> Any:
        return search_rows(request, rows, words, "search")

    @admin.display(description="message")
    def excerpt(self, message: Any) -> SafeString:
        return words(message.shown.strip() or "(blank)", limit=120)

    @admin.display(description="said by")
    def said_by(self, message: Message) -> SafeString:
        return words(message.speaker or message.sender, limit=40)

    @admin.display(description="conversation")
    def talk(self, message: Message) -> SafeString:
        return link(message.conversation)

    @admin.display(description="partner")
    def partner(self, message: Message) -> SafeString:
        return link(message.conversation.partner)

    @admin.display(description="owner")
    def owner(self, message: Message) -> SafeString:
        return link(message.user)

    @admin.display(description="facts")
    def facts_link(self, message: Any) -> SafeString | str:
        if not message.fact_count:
            return "0"
        return list_link(ExtractedFact, f"{message.fact_count:,}", source_message=message.pk)

    @admin.display(description="vector")
    def vector(self, message: Message) -> str:
        return vector_words(message, "embedding")

    def panels(self, request: HttpRequest, record: Any) -> Sequence[Panel]:
        rows = [
            (
                page_link(ExtractedFact, fact.pk, fact.fact_key),
                words(fact.fact_value),
                words(fact.quote),
                fact.get_review_display(),
            )
            for fact in record.facts.most_certain_first()[:EXCERPT]
        ]
        names = ("Key", "Value", "Quote", "Review")
        return (Panel("Facts that rest on this message", names, rows),)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            changes = form.changes(*WRITABLE)
            if changes:
                services.correct_message(message=obj, changes=changes)
            return
        values = {name: form.cleaned_data[name] for name in WRITABLE}
        (saved,) = services.append_messages(
            conversation=form.cleaned_data["conversation"], messages=[values]
        )
        obj.pk, obj.user_id, obj.position = saved.pk, saved.user_id, saved.position
        obj._state.adding = False

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        services.delete_message(message=obj)
