"""Conversations in the admin: a talk with its messages, facts and topics."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models.functions import Left, Length
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from conversations.admin.rules import RESTS_ON_IT_ALONE, RecordForm
from conversations.admin.search import HELP, search_rows
from conversations.models import Conversation, ConversationTopic, ExtractedFact, Message
from conversations.promises import line, promises_of
from conversations.services import conversations as services
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
from convoai.api.admin.vectors import vector_words

# Messages on one page of a talk, and characters of each; more are a click away.
MESSAGES_SHOWN = 100
CONTENT_SHOWN = 2_000
TRANSCRIPT_SHOWN = 5_000
FACTS_SHOWN = 20
STATE_WORDS = {"kept": "kept", "not_meant": "not meant"}
WRITABLE = ("title", "summary", "started_at", "ended_at", "language", "external_id")
ANALYSIS = (
    "is_analyzed",
    "sentiment",
    "insights",
    "next_topics",
    "next_questions",
    "todo",
    "analyzer",
    "analyzed_at",
    "analysis_run",
    "analysis_error",
    "vector",
)


class ConversationForm(RecordForm):
    class Meta:
        model = Conversation
        fields = ("partner", "full_transcript", *WRITABLE)
        labels = {"external_id": "External id"}
        widgets = {
            "title": forms.TextInput(attrs={"size": 80}),
            "summary": forms.Textarea(attrs={"rows": 3, "cols": 80}),
        }
        help_texts = {
            "full_transcript": "Cut into messages when the talk is saved.",
            "language": "The language that search words are stemmed in, such as english or german.",
            "external_id": "The talk's name in the system it came from; once per owner.",
        }

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        started, ended = values.get("started_at"), values.get("ended_at")
        if started and ended and ended < started:
            self.add_error("ended_at", "A talk cannot end before it starts.")
        partner = values.get("partner") or (self.instance.pk and self.instance.partner)
        external_id = values.get("external_id")
        if partner and external_id is not None:
            named = Conversation.objects.filter(user_id=partner.user_id, external_id=external_id)
            if named.exclude(pk=self.instance.pk).exists():
                self.add_error("external_id", "Another talk of this owner has this external id.")
        return values


class TopicLinkForm(RecordForm):
    def clean(self) -> dict[str, Any]:
        """Django leaves out constraints on the inline's own foreign key."""
        values = super().clean()
        talk, topic = self.instance.conversation_id, values.get("topic")
        if topic and "topic" in self.changed_data:
            known = ConversationTopic.objects.filter(conversation=talk, topic=topic)
            if known.exclude(pk=self.instance.pk).exists():
                self.add_error("topic", "The talk has this topic already.")
        return values


class TopicInline(admin.TabularInline):
    model = ConversationTopic
    form = TopicLinkForm
    fields = ("topic", "relevance_score")
    autocomplete_fields = ("topic",)
    extra = 0
    verbose_name = "topic"
    verbose_name_plural = "Topics"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("topic")


@admin.register(Conversation)
class ConversationAdmin(RecordAdmin):
    form = ConversationForm
    change_form_template = "admin/talk.html"
    list_display = (
        "shown_title",
        "partner_link",
        "started_at",
        "messages_link",
        "facts_link",
        "analyzed",
        "owner",
        "created_at",
    )
    list_filter = (
        chosen_filter("user", "owner"),
        chosen_filter("partner"),
        chosen_filter("conversation_topics__topic"),
        chosen_filter("source"),
        flag_filter("is_analyzed", "analysis", "Analyzed", "Not yet"),
        "created_at",
    )
    search_fields = ("transcript_search",)
    search_help_text = HELP
    # Served by idx_conversations_created_at; so is the hierarchy of dates.
    ordering = ("-created_at",)
    sortable_by = ("started_at", "created_at")
    date_hierarchy = "created_at"
    autocomplete_fields = ("partner",)
    inlines = (TopicInline,)
    readonly_fields = (
        "owner",
        "partner_link",
        "source_link",
        "transcript",
        *ANALYSIS,
        "created_at",
        "updated_at",
    )
    deleted_along = (
        Along("conversations.Message", "conversation"),
        Along("conversations.ConversationTopic", "conversation"),
        Along("conversations.ExtractedFact", "conversation", RESTS_ON_IT_ALONE),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            started = ("partner", "title", "started_at", "ended_at", "language", "external_id")
            return ((None, {"fields": (*started, "full_transcript")}),)
        when = (("started_at", "ended_at"), "language", "external_id")
        return (
            (None, {"fields": ("owner", "partner_link", "title", "summary", *when)}),
            ("Analysis", {"fields": ANALYSIS, "classes": ("collapse",)}),
            (
                "Where it came from",
                {
                    "fields": ("source_link", "created_at", "updated_at", "transcript"),
                    "classes": ("collapse",),
                },
            ),
        )

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def get_queryset(self, request: HttpRequest) -> Any:
        rows: Any = super().get_queryset(request)
        rows = rows.select_related("user").with_partner().without_transcript()
        return rows.defer("user__password", "partner__notes")

    def list_rows(self, rows: Any) -> Any:
        columns = ("title", "is_analyzed", "started_at", "created_at")
        return rows.with_counts().only(*columns, "partner__name", "user__email")

    def search(self, request: HttpRequest, rows: Any, words: str) -> Any:
        return search_rows(request, rows, words, "transcript_search")

    @admin.display(description="title")
    def shown_title(self, talk: Conversation) -> SafeString:
        return words((talk.title or "").strip() or f"Conversation {talk.pk}", limit=80)

    @admin.display(description="partner")
    def partner_link(self, talk: Conversation) -> SafeString:
        return link(talk.partner)

    @admin.display(description="owner")
    def owner(self, talk: Conversation) -> SafeString:
        return link(talk.user)

    @admin.display(description="messages")
    def messages_link(self, talk: Any) -> SafeString:
        return list_link(Message, f"{talk.message_count:,}", conversation=talk.pk)

    @admin.display(description="facts")
    def facts_link(self, talk: Any) -> SafeString:
        return list_link(ExtractedFact, f"{talk.fact_count:,}", conversation=talk.pk)

    @admin.display(description="analyzed", boolean=True)
    def analyzed(self, talk: Conversation) -> bool:
        return talk.is_analyzed

    @admin.display(description="source")
    def source_link(self, talk: Conversation) -> SafeString:
        return list_link(Conversation, words(talk.source, limit=30), source=talk.source)

    @admin.display(description="key insights")
    def insights(self, talk: Conversation) -> SafeString:
        return as_list(talk.key_insights)

    @admin.display(description="suggested topics")
    def next_topics(self, talk: Conversation) -> SafeString:
        return as_list(talk.suggested_topics)

    @admin.display(description="suggested questions")
    def next_questions(self, talk: Conversation) -> SafeString:
        return as_list(talk.suggested_questions)

    @admin.display(description="action items")
    def todo(self, talk: Conversation) -> SafeString:
        name = talk.partner.name
        return as_list(
            [
                line(one, name) + ("" if one.state == "open" else f" [{STATE_WORDS[one.state]}]")
                for one in promises_of(talk.action_items, name, talk.analyzer)
            ]
        )

    @admin.display(description="vector")
    def vector(self, talk: Conversation) -> str:
        return vector_words(talk, "embedding")

    @admin.display(description="transcript")
    def transcript(self, talk: Conversation) -> SafeString:
        text, length = (
            Conversation.objects.filter(pk=talk.pk)
            .values_list(Left("full_transcript", TRANSCRIPT_SHOWN), Length("full_transcript"))
            .get()
        )
        if not text:
            return words("None: the talk came as messages.")
        more = f"… the first {TRANSCRIPT_SHOWN:,} of {length:,} characters"
        return format_html(
            '<div class="transcript">{}</div>{}', text, more if length > TRANSCRIPT_SHOWN else ""
        )

    def panels(self, request: HttpRequest, record: Any) -> Sequence[Panel]:
        facts = record.facts.most_certain_first()[:FACTS_SHOWN]
        rows = [
            (
                page_link(ExtractedFact, fact.pk, fact.fact_key),
                words(fact.fact_value),
                "current" if fact.is_current else "past",
                fact.get_review_display(),
            )
            for fact in facts
        ]
        columns = ("Key", "Value", "State", "Review")
        where = list_address(ExtractedFact, conversation=record.pk)
        add = add_address(ExtractedFact, partner=record.partner_id, conversation=record.pk)
        return (Panel("Facts learned in this talk", columns, rows, where, add),)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Adds one page of the talk: a talk may have 20,000 messages and must still open."""
        talk = context.get("original")
        if talk is not None:
            messages = (
                Message.objects.filter(conversation=talk)
                .order_by("position")
                .annotate(shown=Left("content", CONTENT_SHOWN), length=Length("content"))
                .defer("content")
            )
            pages = Paginator(messages, MESSAGES_SHOWN)
            context["talk"] = pages.get_page(request.GET.get("page"))
            context["all_messages"] = list_address(Message, conversation=talk.pk)
            context["add_message"] = add_address(Message, conversation=talk.pk)
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            changes = form.changes(*WRITABLE)
            if changes:
                services.update_conversation(conversation=obj, changes=changes)
            return
        names = ("title", "full_transcript", "started_at", "ended_at", "language", "external_id")
        partner = form.cleaned_data["partner"]
        values = {name: form.cleaned_data[name] for name in names}
        saved, _ = services.create_conversation(
            user=partner.user, partner=partner, source="admin", **values
        )
        obj.pk, obj.user_id, obj._state.adding = saved.pk, saved.user_id, False

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Topic links carry the owner of their talk."""
        for topic_link in formset.save(commit=False):
            topic_link.user_id = form.instance.user_id
            topic_link.save()
        for topic_link in formset.deleted_objects:
            topic_link.delete()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        services.delete_conversation(conversation=obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        services.delete_conversations(conversations=queryset)


def as_list(items: Any) -> SafeString:
    """The entries of a JSON list, one below the other."""
    if not isinstance(items, list) or not items:
        return words(None)
    texts = [
        (item if isinstance(item, str) else json.dumps(item, ensure_ascii=False),) for item in items
    ]
    return format_html("<ul>{}</ul>", format_html_join("", "<li><bdi>{}</bdi></li>", texts))
