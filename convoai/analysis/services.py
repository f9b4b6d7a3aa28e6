"""Analysing a stored talk: claim, read, understand, store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q
from django.utils import timezone

from conversations.models import Conversation, ConversationTopic, ExtractedFact, Topic
from conversations.models.fact import Origin, Review
from conversations.promises import Promise, promises_of, renewed, stored
from convoai.analysis.choice import configured_analyzer
from convoai.analysis.evidence import checked, standing_promises
from convoai.analysis.failure import AnalysisFailed, NotUnderstood
from convoai.analysis.planning import carry_out
from convoai.analysis.reading import known_facts, turns_of
from convoai.analysis.reconcile import reconcile
from convoai.analysis.result import ActionItem, Analysis, Analyzer, TopicFound
from convoai.database.erasures import unrecorded_deletes
from convoai.database.fields import casefold_key
from convoai.database.transactions import write
from convoai.refusals import Refusal
from partners.models import ConversationPartner

# How long a claim holds when the process that made it never came back.
LEASE = timedelta(minutes=10)
UNTOUCHED = (Review.UNREVIEWED, Review.NEEDS_REVIEW)


def analyze_conversation(
    *, conversation: Conversation, force: bool = False, analyzer: Analyzer | None = None
) -> Analysis:
    """Understand a talk and store what was learned, all or nothing.

    A talk without words gives sentiment `unknown` and stays open. `force` analyses again and
    replaces what the earlier run made and nobody touched. Raises Refusal `already_analyzed`
    (without `force`), `already_running` (another analysis holds the claim) and NotUnderstood
    (the analyzer gave up; the reason stands with the talk, which stays as it was).
    """
    if conversation.is_analyzed and not force:
        raise already_analyzed(conversation)
    try:
        analyzer = analyzer or configured_analyzer()
    except ImproperlyConfigured as error:
        # Our own words about a setting; the rest as when a provider refuses.
        raise _refused(conversation, AnalysisFailed(str(error), permanent=True)) from None
    turns = turns_of(conversation)
    if not turns:
        return Analysis(analyzer.name, analyzer.version)
    claimed_at = _claim(conversation)
    try:
        # No transaction is open here: an analyzer may take its time.
        partner, user = conversation.partner, conversation.user
        began = monotonic()
        analysis = analyzer.analyze(turns, partner.name, user.username, conversation.started_at)
        run = _run(analysis, monotonic() - began)
        _store(conversation=conversation, analysis=analysis, run=run, force=force)
    except AnalysisFailed as failure:
        raise _refused(conversation, failure) from None
    finally:
        # Only its own claim: after a very long time it may be somebody else's.
        claim = Conversation.objects.filter(pk=conversation.pk, analysis_claimed_at=claimed_at)
        claim.update(analysis_claimed_at=None)
    return analysis


def _refused(conversation: Conversation, failure: AnalysisFailed) -> NotUnderstood:
    Conversation.objects.filter(pk=conversation.pk).update(analysis_error=str(failure))
    return NotUnderstood(failure)


def _run(analysis: Analysis, seconds: float) -> dict[str, Any]:
    """What is kept of how the talk was read."""
    return {
        "analyzer": analysis.analyzer,
        "version": analysis.version,
        "tokens_in": analysis.tokens_in,
        "tokens_out": analysis.tokens_out,
        "seconds": round(seconds, 3),
    }


def _claim(conversation: Conversation) -> datetime:
    now = timezone.now()
    free = Q(analysis_claimed_at=None) | Q(analysis_claimed_at__lt=now - LEASE)
    talk = Conversation.objects.filter(free, pk=conversation.pk)
    if not talk.update(analysis_claimed_at=now):
        message = "This conversation is being analysed right now; wait for the result."
        raise Refusal("already_running", message)
    return now


@write
def _store(
    *, conversation: Conversation, analysis: Analysis, run: dict[str, Any], force: bool
) -> None:
    # Facts of one partner are planned against each other: one talk of theirs at a time.
    partners = ConversationPartner.objects.select_for_update(no_key=True).only(
        "pk", "user_id", "name"
    )
    partner = partners.get(pk=conversation.partner_id)
    locked = Conversation.objects.select_for_update(no_key=True).get(pk=conversation.pk)
    if locked.is_analyzed and not force:
        raise already_analyzed(conversation)
    locked.partner = partner
    if force:
        # What is learned anew was not erased: a restored backup keeps what was learned before.
        with unrecorded_deletes():
            ExtractedFact.objects.filter(
                conversation=conversation,
                origin=Origin.ANALYSIS,
                review__in=UNTOUCHED,
                pinned_at__isnull=True,
            ).delete()
    # Against the words as they are now: a message may have changed or gone while a model read.
    turns = turns_of(locked)
    facts, fallen = checked(analysis.facts, turns)
    plan = reconcile(known_facts(locked.partner_id), facts, locked.started_at)
    carry_out(conversation=locked, plan=plan, fallen=fallen)
    _link_topics(locked, analysis.topics)
    locked.analysis_run = run
    _describe(locked, analysis, standing_promises(analysis.action_items, turns))


def _link_topics(conversation: Conversation, found: Sequence[TopicFound]) -> None:
    """Replace the talk's topics; a topic that is known in any spelling is taken as it is."""
    by_key = {casefold_key(topic.name): topic for topic in found}
    Topic.objects.bulk_create(
        [
            Topic(name=topic.name, name_key=key, category=topic.category)
            for key, topic in by_key.items()
        ],
        ignore_conflicts=True,
    )
    ids = dict(Topic.objects.filter(name_key__in=by_key).values_list("name_key", "pk"))
    ConversationTopic.objects.filter(conversation=conversation).delete()
    ConversationTopic.objects.bulk_create(
        [
            ConversationTopic(
                user_id=conversation.user_id,
                conversation=conversation,
                topic_id=ids[key],
                relevance_score=min(10, max(1, topic.relevance)),
            )
            for key, topic in by_key.items()
        ]
    )


def _describe(conversation: Conversation, analysis: Analysis, found: Sequence[ActionItem]) -> None:
    now = timezone.now()
    name = conversation.partner.name
    before = promises_of(conversation.action_items, name, conversation.analyzer)
    changes = {
        "summary": analysis.summary,
        "sentiment": analysis.sentiment,
        "key_insights": analysis.key_insights,
        "suggested_topics": analysis.suggested_topics,
        "suggested_questions": analysis.suggested_questions,
        "action_items": stored(renewed(before, [_promise(item, name) for item in found])),
        "analyzer": f"{analysis.analyzer}/{analysis.version}",
        "analyzed_at": now,
        "analysis_error": None,
        "is_analyzed": True,
        "ended_at": conversation.ended_at or max(now, conversation.started_at),
    }
    for name, value in changes.items():
        setattr(conversation, name, value)
    conversation.save(update_fields=[*changes, "analysis_run", "updated_at"])


def _promise(item: ActionItem, partner_name: str) -> Promise:
    """As it is stored, still without a number of its own."""
    said_of = {partner_name.casefold(): "partner", "partner": "partner", "user": "user"}
    return Promise(
        number=0,
        who=said_of.get(item.who.casefold(), item.who),
        text=item.text,
        due=item.due,
        quote=item.quote,
        quote_start=item.quote_start,
        message_id=item.source_message_id,
    )


def already_analyzed(conversation: Conversation) -> Refusal:
    """What a talk that was understood before is refused with, unless that is to be repeated."""
    return Refusal("already_analyzed", f"Conversation {conversation.pk} already analyzed")
