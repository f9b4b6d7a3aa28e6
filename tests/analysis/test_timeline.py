"""Values of one key that are learned in any order: each held in its own time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import permutations

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from conversations.models import Conversation, ExtractedFact
from convoai.accounts.models import User
from convoai.analysis.result import Analysis, FactFound, Turn
from convoai.analysis.services import analyze_conversation
from partners.models import ConversationPartner
from tests.factories import make_conversation, make_message, make_partner

HOMES = {2023: "Porto", 2024: "Lisbon", 2025: "Madrid"}


@pytest.fixture
def dana(alice: User) -> ConversationPartner:
    return make_partner(alice, "Dana")


def talk_about_home(dana: ConversationPartner, year: int) -> Conversation:
    at = datetime(year, 3, 1, tzinfo=UTC)
    talk = make_conversation(dana, started_at=at)
    make_message(talk, f"I live in {HOMES[year]}.", timestamp=at)
    return talk


def homes_in(api: APIClient, dana: ConversationPartner, year: int) -> list[str]:
    answer = api.get(f"/api/facts?partner_id={dana.pk}&key=home_city&as_of={year}-06-01")
    return [fact["fact_value"] for fact in answer.json()]


@pytest.mark.parametrize("order", list(permutations(HOMES)))
def test_talks_analysed_in_any_order_tell_the_same_story(
    api: APIClient, dana: ConversationPartner, order: tuple[int, ...]
) -> None:
    for year in order:
        analyze_conversation(conversation=talk_about_home(dana, year))
    assert {year: homes_in(api, dana, year) for year in HOMES} == {
        year: [home] for year, home in HOMES.items()
    }
    facts = ExtractedFact.objects.filter(partner=dana, fact_key="home_city")
    chain = facts.order_by("valid_from").values_list("fact_value", "superseded_by__fact_value")
    assert list(chain) == [("Porto", "Lisbon"), ("Lisbon", "Madrid"), ("Madrid", None)]


def test_an_older_talk_adds_to_the_past_of_what_a_person_confirmed(
    api: APIClient, dana: ConversationPartner
) -> None:
    analyze_conversation(conversation=talk_about_home(dana, 2025))
    madrid = ExtractedFact.objects.get(fact_key="home_city")
    api.post(f"/api/facts/{madrid.pk}/confirm")
    analyze_conversation(conversation=talk_about_home(dana, 2023))
    assert not ExtractedFact.objects.filter(review="needs_review").exists()
    assert homes_in(api, dana, 2024) == ["Porto"]
    assert homes_in(api, dana, 2025) == ["Madrid"]


class ManyPets:
    """Hears of so many pets."""

    name, version = "fake", "1"

    def __init__(self, count: int) -> None:
        self.count = count

    def analyze(
        self, turns: Sequence[Turn], partner_name: str, user_name: str, started_at: datetime
    ) -> Analysis:
        [turn] = turns
        facts = [
            FactFound(
                "relationship", "pet", f"pet{n}", 0.9, "partner", turn.content, 0, turn.id, True
            )
            for n in range(self.count)
        ]
        return Analysis(self.name, self.version, sentiment="neutral", facts=facts)


def test_more_facts_in_a_talk_are_not_more_statements(
    dana: ConversationPartner, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    talk = make_conversation(dana, "I have pets.")
    for count, force in ((300, False), (300, True)):
        with django_assert_max_num_queries(30):
            analyze_conversation(conversation=talk, analyzer=ManyPets(count), force=force)
    again = make_conversation(dana, "I have pets.")
    with django_assert_max_num_queries(30):
        analyze_conversation(conversation=again, analyzer=ManyPets(300))
    assert ExtractedFact.objects.count() == 300
