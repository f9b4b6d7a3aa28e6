"""What was known and true on a day is the same wherever one asks."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from conversations.models import Conversation, ExtractedFact
from convoai.accounts.models import User
from convoai.briefing.known import facts_about, known_at, true_at
from partners.models import ConversationPartner
from tests.factories import make_conversation, make_fact, make_partner

DAY_0 = datetime(2025, 1, 1, 12, tzinfo=UTC)
DAYS = 20


@pytest.fixture
def dana(alice: User) -> ConversationPartner:
    """Of whom two hundred facts are stored, in all the states that their columns allow."""
    chance = random.Random(6)
    partner = make_partner(alice, "Dana")

    def some_day() -> datetime:
        return DAY_0 + timedelta(days=chance.randrange(DAYS))

    def perhaps(value: Any) -> Any:
        return chance.choice([None, value])

    talks: list[Conversation] = [
        make_conversation(partner, started_at=some_day()) for _ in range(8)
    ]
    facts: list[ExtractedFact] = []
    for number in range(200):
        fact = ExtractedFact(
            user=alice,
            partner=partner,
            conversation=perhaps(chance.choice(talks)),
            category="personal",
            fact_key=chance.choice(["plan", "wish", "event", "pet"]),
            fact_value=f"value {number}",
            many_valued=True,
            subject=chance.choice(["partner", "partner", "user", "Tom"]),
            is_current=chance.random() < 0.5,
            valid_from=perhaps(some_day()),
            valid_to=perhaps(some_day()),
            review=chance.choice(["unreviewed", "confirmed", "rejected", "needs_review"]),
            extracted_at=some_day(),
        )
        facts.append(fact)
    ExtractedFact.objects.bulk_create(facts)
    for fact in facts:
        if not fact.is_current:
            fact.superseded_by = perhaps(chance.choice(facts))
    ExtractedFact.objects.bulk_update(facts, ["superseded_by"])
    return partner


def listed(api: APIClient, dana: ConversationPartner, asked: str) -> set[int]:
    path = f"/api/facts?partner_id={dana.pk}&as_of={asked}&fields=id&limit=200"
    return {row["id"] for row in api.get(path).json()}


def in_profile(api: APIClient, dana: ConversationPartner, asked: str) -> set[int]:
    profile = api.get(f"/api/profiles/{dana.pk}?as_of={asked}").json()
    rows = [*profile["other_facts"], *(row for rows in profile["facts"].values() for row in rows)]
    assert len(rows) == profile["statistics"]["total_facts"]
    return {row["id"] for row in rows}


def in_briefing(api: APIClient, dana: ConversationPartner, asked: str) -> set[int]:
    page = api.get(f"/api/partners/{dana.pk}/briefing?as_of={asked}").json()
    sections = ("who", "coming_up", "remember", "avoid")
    return {pk for name in sections for line in page[name] for pk in line["fact_ids"]}


def test_lists_profiles_and_briefings_agree_on_every_day(
    api: APIClient, dana: ConversationPartner
) -> None:
    facts = facts_about(dana)
    seen = set()
    for number in range(-1, DAYS + 1, 4):
        day = DAY_0 + timedelta(days=number)
        for asked, moment in (
            (f"{day:%Y-%m-%d}", day.replace(hour=0) + timedelta(days=1, microseconds=-1)),
            (f"{day:%Y-%m-%dT%H:%M:%S}Z", day),
        ):
            expected = {fact.id for fact in true_at(known_at(facts, moment), moment)}
            assert listed(api, dana, asked) == in_profile(api, dana, asked) == expected
            ahead = {fact.id for fact in known_at(facts, moment)}
            assert in_briefing(api, dana, asked) <= ahead
            seen.add(len(expected))
    assert len(seen) > 4


def test_today_is_what_is_current(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    current = make_fact(partner)
    make_fact(partner, "pet", is_current=False)
    make_fact(partner, "hobby", review="needs_review")
    now = f"{timezone.now() + timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}Z"
    assert listed(api, partner, now) == in_profile(api, partner, now) == {current.pk}
