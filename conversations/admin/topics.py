"""Topics in the admin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from conversations.admin.rules import RecordForm
from conversations.models import Conversation, ConversationTopic, Topic
from conversations.querysets import count_of
from convoai.api.admin import Along, Panel, RecordAdmin, chosen_filter, list_link, words
from convoai.api.admin.links import list_address, page_link
from convoai.database.fields import casefold_key

SHOWN = 20


class TopicForm(RecordForm):
    class Meta:
        model = Topic
        fields = ("name", "category")

    def clean_name(self) -> str:
        """A name that no other topic has, whatever its case, width and spaces."""
        name: str = self.cleaned_data["name"]
        key = casefold_key(name)
        if not key:
            raise forms.ValidationError("Give the topic a name.")
        if Topic.objects.filter(name_key=key).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("There is already a topic of this name.")
        return name


@admin.register(Topic)
class TopicAdmin(RecordAdmin):
    form = TopicForm
    list_display = ("name", "category_link", "talks", "created_at")
    list_filter = (chosen_filter("category"), "created_at")
    search_fields = ("name",)
    search_help_text = "Part of a name"
    ordering = ("name_key",)
    sortable_by = ("name", "talks", "created_at")
    date_hierarchy = "created_at"
    readonly_fields = ("created_at",)
    deleted_along = (Along("conversations.ConversationTopic", "topic"),)

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super().get_queryset(request).annotate(talk_count=count_of(ConversationTopic, "topic"))
        )

    @admin.display(description="category")
    def category_link(self, topic: Topic) -> SafeString:
        if not topic.category:
            return words(None)
        return list_link(Topic, words(topic.category, limit=40), category=topic.category)

    @admin.display(description="talks", ordering="talk_count")
    def talks(self, topic: Any) -> SafeString | str:
        if not topic.talk_count:
            return "0"
        return list_link(Conversation, f"{topic.talk_count:,}", topic=topic.pk)

    def panels(self, request: HttpRequest, record: Any) -> Sequence[Panel]:
        links = (
            ConversationTopic.objects.filter(topic=record)
            .order_by("-pk")
            .values_list("conversation_id", "conversation__title", "relevance_score")[:SHOWN]
        )
        rows = [(page_link(Conversation, pk, title), score) for pk, title, score in links]
        where = list_address(Conversation, topic=record.pk)
        return (Panel("Latest talks about it", ("Talk", "Relevance"), rows, where),)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            # The key follows the name.
            obj.save(update_fields=["name", "name_key", "category"])
        else:
            obj.save(force_insert=True)
