"""Facts in the admin: what was learned, what it rests on, and whether it is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models.functions import Left
from django.http import HttpRequest
from django.utils.safestring import SafeString

from conversations.admin import columns
from conversations.admin.rules import RecordForm, require_same_owner
from conversations.models import ExtractedFact
from conversations.services import facts as services
from convoai.api.admin import RecordAdmin, chosen_filter, flag_filter, link, list_link, words
from convoai.refusals import Refusal

WORDS = ("category", "fact_key", "fact_value", "subject", "confidence", "valid_from")
CORRECTABLE = (*WORDS, "many_valued")
SOURCES = ("conversation", "source_message")
EXCERPT = 200


class FactForm(RecordForm):
    confidence = forms.FloatField(min_value=0, max_value=1, initial=1.0, help_text="0 to 1")

    class Meta:
        model = ExtractedFact
        fields = ("partner", *SOURCES, "quote", *CORRECTABLE)
        widgets = {
            "fact_value": forms.Textarea(attrs={"rows": 3}),
            "quote": forms.Textarea(attrs={"rows": 2}),
        }

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if self.instance.pk is None and not self.errors:
            self._check_sources(values)
        return values

    def _check_sources(self, values: dict[str, Any]) -> None:
        """That everything the new fact names is of one owner, one partner and one talk."""
        partner, talk, message = (values[name] for name in ("partner", *SOURCES))
        require_same_owner(self, partner.user_id, *SOURCES)
        if talk and talk.user_id == partner.user_id and talk.partner_id != partner.pk:
            self.add_error("conversation", "This talk was with another partner.")
        if message and talk and message.conversation_id != talk.pk:
            self.add_error("source_message", "This message is part of another talk.")
        elif message and message.conversation.partner_id != partner.pk:
            self.add_error("source_message", "This message was said to another partner.")
        try:
            services.place_of_quote(values.get("quote") or "", message)
        except Refusal as refusal:
            self.add_error("quote", refusal.message)


class QueueFilter(admin.SimpleListFilter):
    title, parameter_name = "review queue", "to_review"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("yes", "In doubt or hardly sure")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.to_review() if self.value() == "yes" else queryset


@admin.register(ExtractedFact)
class FactAdmin(RecordAdmin):
    form = FactForm
    list_display = (
        "fact_key",
        "value",
        "partner_link",
        "state",
        "confidence",
        "category_link",
        "talk",
        "extracted_at",
    )
    list_filter = (
        chosen_filter("user", "owner"),
        chosen_filter("partner"),
        chosen_filter("conversation"),
        chosen_filter("source_message", "message"),
        chosen_filter("category"),
        flag_filter("is_current", "state", "Current", "Past"),
        flag_filter("pinned_at__isnull", "pinned", "Not pinned", "Pinned"),
        QueueFilter,
        "review",
        "origin",
    )
    search_fields = ("fact_key", "fact_value")
    search_help_text = "Words of a key, value, category or quote, or their beginnings"
    ordering = ("-pk",)
    sortable_by = ()
    autocomplete_fields = ("partner", *SOURCES)
    readonly_fields = (
        "owner",
        "partner_link",
        "talk",
        "message",
        "shown_quote",
        "original_value",
        "is_current",
        "valid_to",
        "newer",
        "older",
        "origin",
        "review",
        "pinned_at",
        "extracted_at",
        "created_at",
        "updated_at",
    )
    actions = ("confirm", "reject", "pin", "unpin")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return (
                (None, {"fields": ("partner", *WORDS)}),
                ("What it rests on", {"fields": (*SOURCES, "quote")}),
            )
        return (
            (None, {"fields": ("owner", "partner_link", *WORDS, "many_valued", "original_value")}),
            ("What it rests on", {"fields": ("talk", "message", "shown_quote")}),
            (
                "State",
                {
                    "fields": (
                        *("review", "origin", "pinned_at", "is_current"),
                        *("valid_to", "newer", "older"),
                    )
                },
            ),
            ("When", {"fields": ("extracted_at", "created_at", "updated_at")}),
        )

    def get_queryset(self, request: HttpRequest) -> Any:
        related = ("user", "partner", "conversation", "source_message", "superseded_by")
        rows = super().get_queryset(request).select_related(*related)
        named = (*columns.SECRET, *columns.PARTNER, *columns.TALK, *columns.SOURCE)
        return rows.defer(*named)

    def list_rows(self, rows: Any) -> Any:
        shown = (
            "fact_key",
            "category",
            "confidence",
            "is_current",
            "review",
            "pinned_at",
            "extracted_at",
            "partner__name",
            "conversation__title",
        )
        return (
            rows.select_related(None)
            .select_related("partner", "conversation")
            .only(*shown)
            .annotate(shown=Left("fact_value", EXCERPT))
        )

    def search(self, request: HttpRequest, rows: Any, words: str) -> Any:
        return rows.matching(words)

    @admin.display(description="value")
    def value(self, fact: Any) -> SafeString:
        return words(fact.shown, limit=100)

    @admin.display(description="partner")
    def partner_link(self, fact: ExtractedFact) -> SafeString:
        return link(fact.partner)

    @admin.display(description="state")
    def state(self, fact: ExtractedFact) -> str:
        state = f"{'current' if fact.is_current else 'past'}, {fact.get_review_display()}"
        return f"{state}, pinned" if fact.pinned_at else state

    @admin.display(description="category")
    def category_link(self, fact: ExtractedFact) -> SafeString:
        return list_link(ExtractedFact, words(fact.category, limit=40), category=fact.category)

    @admin.display(description="conversation")
    def talk(self, fact: ExtractedFact) -> SafeString:
        return link(fact.conversation)

    @admin.display(description="owner")
    def owner(self, fact: ExtractedFact) -> SafeString:
        return link(fact.user)

    @admin.display(description="message")
    def message(self, fact: ExtractedFact) -> SafeString:
        return link(fact.source_message)

    @admin.display(description="quote")
    def shown_quote(self, fact: ExtractedFact) -> SafeString:
        return words(fact.quote, limit=2_000)

    @admin.display(description="superseded by")
    def newer(self, fact: ExtractedFact) -> SafeString:
        return link(fact.superseded_by)

    @admin.display(description="took the place of")
    def older(self, fact: ExtractedFact) -> SafeString:
        return link(fact.supersedes.order_by("-valid_to", "-pk").first())

    @admin.action(description="Confirm: these are right", permissions=["change"])
    def confirm(self, request: HttpRequest, queryset: Any) -> None:
        self._review(request, queryset, services.confirm_fact, "Confirmed")

    @admin.action(description="Reject: these are wrong", permissions=["change"])
    def reject(self, request: HttpRequest, queryset: Any) -> None:
        self._review(request, queryset, services.reject_fact, "Rejected")

    @admin.action(description="Pin: first in profile and briefing", permissions=["change"])
    def pin(self, request: HttpRequest, queryset: Any) -> None:
        self._review(request, queryset, services.pin_fact, "Pinned")

    @admin.action(description="Unpin", permissions=["change"])
    def unpin(self, request: HttpRequest, queryset: Any) -> None:
        self._review(request, queryset, services.unpin_fact, "Unpinned")

    def _review(
        self, request: HttpRequest, facts: Any, judge: Callable[..., Any], done: str
    ) -> None:
        """Let the service judge each fact, all or none, and keep it in their history."""
        with transaction.atomic():
            # In one order, so that two bulk actions cannot wait for each other in a circle.
            for fact in facts.order_by("pk"):
                self.log_change(request, judge(fact=fact), f"{done}.")
        self.message_user(request, f"{done} {len(facts)} facts.", messages.SUCCESS)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            values = {name: form.cleaned_data[name] for name in (*WORDS, *SOURCES, "quote")}
            partner = form.cleaned_data["partner"]
            saved = services.create_fact(user=partner.user, partner=partner, **values)
            obj.pk, obj.user_id, obj._state.adding = saved.pk, saved.user_id, False
            return
        changes = form.changes(*CORRECTABLE)
        if changes:
            services.correct_fact(fact=obj, changes=changes)
        if "_reject" in request.POST:
            services.reject_fact(fact=obj)
        elif "_confirm" in request.POST and not changes:
            services.confirm_fact(fact=obj)
        if "_pin" in request.POST:
            services.pin_fact(fact=obj)
        elif "_unpin" in request.POST:
            services.unpin_fact(fact=obj)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        services.delete_fact(fact=obj)
