"""Analysing stored talks over the API: what is answered, stored, replaced and healed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from conversations.models import Conversation, ExtractedFact, Message, Topic
from convoai.accounts.models import User
from convoai.analysis.result import Analysis, FactFound, Turn
from convoai.analysis.services import LEASE, analyze_conversation
from partners.models import ConversationPartner
from tests.factories import make_conversation, make_fact, make_partner

MARCH = datetime(2026, 3, 2, 10, tzinfo=UTC)
KEYS = {
    "conversation_id",
    "analyzer",
    "summary",
    "main_topics",
    "extracted_facts",
    "sentiment",
    "key_insights",
    "suggested_topics",
    "suggested_questions",
    "action_items",
}


@pytest.fixture
def dana(alice: User) -> ConversationPartner:
    return make_partner(alice, "Dana")


def talk_of(partner: ConversationPartner, *words: str, at: datetime = MARCH) -> Conversation:
    talk = make_conversation(partner, *words, started_at=at)
    Message.objects.filter(conversation=talk).update(timestamp=at)
    return talk


def analyze(api: APIClient, talk: Conversation, query: str = "") -> dict[str, Any]:
    answer = api.post(f"/api/conversations/{talk.pk}/analyze{query}")
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    assert set(body) == KEYS
    return body


def values(partner: ConversationPartner, key: str, **where: Any) -> list[str]:
    facts = ExtractedFact.objects.filter(partner=partner, fact_key=key, **where)
    return list(facts.order_by("pk").values_list("fact_value", flat=True))


def test_a_talk_is_understood_and_stored(api: APIClient, dana: ConversationPartner) -> None:
    talk = talk_of(dana, "I moved to Porto. I work at Harbour Radio.", "I will send you photos.")
    body = analyze(api, talk)
    assert body["sentiment"] != "unknown"
    assert body["summary"]
    assert body["action_items"]
    assert body["action_items"][0].startswith("You: ")
    talk.refresh_from_db()
    assert talk.is_analyzed
    assert talk.analyzer == body["analyzer"] == "offline/1"
    assert talk.ended_at is not None
    assert talk.analysis_claimed_at is None
    detail = api.get(f"/api/conversations/{talk.pk}").json()
    assert detail["summary"] == body["summary"]
    assert sorted(detail["topics"]) == sorted(body["main_topics"])
    assert {fact["fact_key"] for fact in detail["extracted_facts"]} >= {"home_city", "employer"}


def test_every_fact_rests_on_words_of_the_talk(api: APIClient, dana: ConversationPartner) -> None:
    talk = talk_of(dana, "Ça va 🎉! I adopted two cats and I'm allergic to peanuts.", "Lovely.")
    facts = analyze(api, talk)["extracted_facts"]
    assert facts
    for fact in facts:
        content = Message.objects.get(pk=fact["source_message_id"]).content
        start = fact["quote_start"]
        assert content[start : start + len(fact["quote"])] == fact["quote"]


def test_a_second_analysis_is_refused_and_force_repeats_it(
    api: APIClient, dana: ConversationPartner
) -> None:
    talk = talk_of(dana, "I work at Harbour Radio.")
    first = analyze(api, talk)
    again = api.post(f"/api/conversations/{talk.pk}/analyze")
    assert again.status_code == 400
    assert again.json()["detail"] == f"Conversation {talk.pk} already analyzed"
    forced = analyze(api, talk, "?force=true")
    assert len(forced["extracted_facts"]) == len(first["extracted_facts"])
    assert api.post(f"/api/conversations/{talk.pk}/analyze?force=maybe").status_code == 422


def test_a_talk_without_words_stays_open(api: APIClient, dana: ConversationPartner) -> None:
    talk = make_conversation(dana)
    body = analyze(api, talk)
    assert body["sentiment"] == "unknown"
    assert body["extracted_facts"] == body["main_topics"] == []
    talk.refresh_from_db()
    assert not talk.is_analyzed


def test_a_newer_talk_closes_the_older_value_and_its_deletion_heals(
    api: APIClient, dana: ConversationPartner
) -> None:
    analyze(api, talk_of(dana, "I live in Porto."))
    newer = talk_of(dana, "I live in Lisbon.", at=MARCH + timedelta(days=60))
    analyze(api, newer)
    assert values(dana, "home_city", is_current=True) == ["Lisbon"]
    assert values(dana, "home_city", is_current=False) == ["Porto"]
    api.delete(f"/api/conversations/{newer.pk}")
    assert values(dana, "home_city", is_current=True) == ["Porto"]


def test_the_person_outranks_the_analyzer(api: APIClient, dana: ConversationPartner) -> None:
    talk = talk_of(dana, "I live in Porto. I work at Nordlicht.")
    facts = {fact["fact_key"]: fact["id"] for fact in analyze(api, talk)["extracted_facts"]}
    api.post(f"/api/facts/{facts['home_city']}/correct", {"fact_value": "Braga"}, format="json")
    api.post(f"/api/facts/{facts['employer']}/reject")
    analyze(api, talk, "?force=true")
    assert values(dana, "home_city", is_current=True) == ["Braga"]
    assert values(dana, "employer", is_current=True) == []
    assert len(values(dana, "employer")) == 1
    analyze(api, talk_of(dana, "I live in Faro.", at=MARCH + timedelta(days=9)))
    assert values(dana, "home_city", is_current=True) == ["Braga"]
    assert values(dana, "home_city", review="needs_review") == ["Faro"]


def test_topics_meet_in_any_spelling(api: APIClient, dana: ConversationPartner) -> None:
    words = "My sister's wedding was wonderful. The wedding cake fell over."
    names = analyze(api, talk_of(dana, words))["main_topics"]
    assert names
    Topic.objects.filter(name=names[0]).update(name=names[0].upper())
    second = talk_of(dana, words, at=MARCH + timedelta(days=1))
    assert analyze(api, second)["main_topics"] == names
    assert Topic.objects.count() == len(names)
    assert names[0].upper() in api.get(f"/api/conversations/{second.pk}").json()["topics"]


def test_another_analysis_that_runs_is_409_until_its_lease_is_over(
    api: APIClient, dana: ConversationPartner
) -> None:
    talk = talk_of(dana, "I live in Porto.")
    rows = Conversation.objects.filter(pk=talk.pk)
    rows.update(analysis_claimed_at=timezone.now())
    answer = api.post(f"/api/conversations/{talk.pk}/analyze")
    assert answer.status_code == 409
    assert answer.json()["code"] == "already_running"
    rows.update(analysis_claimed_at=timezone.now() - LEASE - timedelta(seconds=1))
    analyze(api, talk)


class Overtaken:
    """An analyzer that takes so long that somebody else claims the talk meanwhile."""

    name, version = "overtaken", "1"

    def __init__(self, talk: Conversation, claimed_at: datetime) -> None:
        self.talk, self.claimed_at = talk, claimed_at

    def analyze(
        self, turns: Sequence[Turn], partner_name: str, user_name: str, started_at: datetime
    ) -> Analysis:
        rows = Conversation.objects.filter(pk=self.talk.pk)
        rows.update(analysis_claimed_at=self.claimed_at)
        return Analysis(self.name, self.version, sentiment="neutral")


def test_an_analysis_gives_back_its_own_claim_only(dana: ConversationPartner) -> None:
    talk = talk_of(dana, "I live in Porto.")
    later = timezone.now() + timedelta(minutes=11)
    analyze_conversation(conversation=talk, analyzer=Overtaken(talk, later))
    talk.refresh_from_db()
    assert talk.analysis_claimed_at == later


class Liar:
    """An analyzer that quotes words nobody said, and then breaks."""

    name, version = "liar", "1"

    def __init__(self, *, breaks: bool = False) -> None:
        self.breaks = breaks

    def analyze(
        self, turns: Sequence[Turn], partner_name: str, user_name: str, started_at: datetime
    ) -> Analysis:
        if self.breaks:
            raise RuntimeError("the provider is gone")
        made_up = FactFound(
            category="work",
            fact_key="employer",
            fact_value="Evil Corp",
            confidence=0.99,
            subject="partner",
            quote="I work at Evil Corp",
            quote_start=0,
            source_message_id=turns[0].id,
            many_valued=False,
        )
        return Analysis(self.name, self.version, summary="Lies.", facts=[made_up])


def test_a_quote_that_nobody_said_is_kept_for_review_only(dana: ConversationPartner) -> None:
    talk = talk_of(dana, "I bake bread.")
    analyze_conversation(conversation=talk, analyzer=Liar())
    fact = ExtractedFact.objects.get(partner=dana)
    assert (fact.is_current, fact.review, fact.source_message_id) == (False, "needs_review", None)


def test_an_analyzer_that_breaks_leaves_the_talk_as_it_was(dana: ConversationPartner) -> None:
    talk = talk_of(dana, "I bake bread.")
    with pytest.raises(RuntimeError):
        analyze_conversation(conversation=talk, analyzer=Liar(breaks=True))
    talk.refresh_from_db()
    assert not talk.is_analyzed
    assert talk.analysis_claimed_at is None
    assert not ExtractedFact.objects.exists()


def test_all_talks_of_a_partner_are_analysed_once(
    api: APIClient, dana: ConversationPartner
) -> None:
    talk_of(dana, "I live in Porto.")
    talk_of(dana, "I live in Lisbon.", at=MARCH + timedelta(days=30))
    body = api.post(f"/api/profiles/{dana.pk}/analyze-all").json()
    assert (body["analyzed_count"], body["total_conversations"]) == (2, 2)
    assert api.post(f"/api/profiles/{dana.pk}/analyze-all").json()["analyzed_count"] == 0
    assert values(dana, "home_city", is_current=True) == ["Lisbon"]


def test_a_talk_chosen_in_the_body_answers_with_figures(
    api: APIClient, dana: ConversationPartner
) -> None:
    talk = talk_of(dana, "I moved to Porto with my brother Tom because I love the sea.")
    body = {"conversation_id": talk.pk}
    answer = api.post("/api/profiles/analyze-conversation", body, format="json").json()
    assert answer["conversation_id"] == talk.pk
    assert answer["facts_extracted"] >= 1
    talk.refresh_from_db()
    assert answer["summary"] == talk.summary != ""
    assert set(answer) == {
        "conversation_id",
        "facts_extracted",
        "topics_identified",
        "summary",
    }


def test_strangers_analyse_nothing(bobs_api: APIClient, dana: ConversationPartner) -> None:
    talk = talk_of(dana, "I live in Porto.")
    missing = bobs_api.post("/api/conversations/999999/analyze")
    foreign = bobs_api.post(f"/api/conversations/{talk.pk}/analyze")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["detail"] == missing.json()["detail"] == "Conversation not found"
    answer = bobs_api.post(f"/api/profiles/{dana.pk}/analyze-all")
    assert answer.json()["detail"] == f"Partner {dana.pk} not found"
    assert not ExtractedFact.objects.exists()


def test_facts_of_other_partners_are_left_alone(
    api: APIClient, alice: User, dana: ConversationPartner
) -> None:
    eda = make_partner(alice, "Eda")
    make_fact(eda, "home_city", "Porto", category="personal")
    analyze(api, talk_of(dana, "I live in Lisbon."))
    assert values(eda, "home_city", is_current=True) == ["Porto"]


def test_how_a_talk_was_read_is_stored_with_it(api: APIClient, alice: User) -> None:
    talk = make_conversation(make_partner(alice), "I moved to Porto last month.")
    api.post(f"/api/conversations/{talk.pk}/analyze")
    run = api.get(f"/api/conversations/{talk.pk}").json()["analysis_run"]
    assert (run["analyzer"], run["version"], run["tokens_in"]) == ("offline", "1", None)
    assert run["seconds"] >= 0
