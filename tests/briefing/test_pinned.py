"""Pinned facts on the page before the next talk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from conversations.models import ExtractedFact
from convoai.accounts.models import User
from convoai.briefing.page import REMEMBERED
from partners.models import ConversationPartner
from tests.factories import make_conversation, make_fact, make_partner, texts

MARCH = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def dana(alice: User) -> ConversationPartner:
    """Of whom more is known than fits on a page, told in one talk of March."""
    partner = make_partner(alice, "Dana")
    talk = make_conversation(partner, "Hello.", is_analyzed=True, started_at=MARCH)
    for number in range(REMEMBERED + 5):
        make_fact(
            partner,
            "hobby",
            f"hobby {number}",
            conversation=talk,
            source_message=talk.messages.get(),
            many_valued=True,
            confidence=1 - number / 100,
            extracted_at=MARCH,
        )
    return partner


def pinned(fact: ExtractedFact, at: datetime | None = None) -> ExtractedFact:
    ExtractedFact.objects.filter(pk=fact.pk).update(pinned_at=at or timezone.now())
    return fact


def last(partner: ConversationPartner) -> ExtractedFact:
    fact: ExtractedFact = partner.facts.latest("pk")
    return fact


def read(api: APIClient, partner: ConversationPartner, as_of: str = "") -> dict[str, Any]:
    asked = {"as_of": as_of} if as_of else {}
    body: dict[str, Any] = api.get(f"/api/partners/{partner.pk}/briefing", asked).json()
    return body


def test_what_there_was_no_room_for_is_shown_once_it_is_pinned(
    api: APIClient, dana: ConversationPartner
) -> None:
    fact = last(dana)
    page = read(api, dana)
    assert (page["pinned"], len(page["remember"])) == ([], REMEMBERED)
    assert fact.pk not in {pk for line in page["remember"] for pk in line["fact_ids"]}
    api.post(f"/api/facts/{fact.pk}/pin")
    page = read(api, dana)
    [line] = page["pinned"]
    assert (line["text"], line["is_pinned"]) == (f"Dana enjoys {fact.fact_value}", True)
    assert line["fact_ids"] == [fact.pk]
    assert line["message_ids"] == [fact.source_message_id]
    assert len(page["remember"]) == REMEMBERED
    asked = {"Accept": "text/markdown"}
    text = api.get(f"/api/partners/{dana.pk}/briefing", headers=asked).content.decode()
    assert f"## Pinned\n\n- Dana enjoys {fact.fact_value} (heard " in text


def test_however_many_are_pinned_none_is_dropped(api: APIClient, dana: ConversationPartner) -> None:
    dana.facts.update(pinned_at=timezone.now())
    page = read(api, dana)
    assert len(page["pinned"]) == REMEMBERED + 5
    assert page["remember"] == []


def test_a_plan_of_long_ago_and_the_owners_own_facts_are_shown_when_pinned(
    api: APIClient, alice: User
) -> None:
    partner = make_partner(alice, "Dana")
    old = timezone.now() - timedelta(days=900)
    pinned(make_fact(partner, "plan", "is going to Oslo", extracted_at=old, many_valued=True))
    pinned(make_fact(partner, "hobby", "golf", subject="user", many_valued=True))
    assert set(texts(read(api, partner)["pinned"], "text")) == {
        "Dana is going to Oslo",
        "About you: golf (hobby)",
    }


@pytest.mark.parametrize(
    "state",
    [{"is_current": False}, {"review": "rejected"}, {"review": "needs_review"}],
    ids=["past", "rejected", "doubtful"],
)
def test_a_pin_makes_nothing_true(
    api: APIClient, dana: ConversationPartner, state: dict[str, Any]
) -> None:
    fact = pinned(last(dana))
    ExtractedFact.objects.filter(pk=fact.pk).update(**state)
    assert read(api, dana)["pinned"] == []
    profile = api.get(f"/api/profiles/{dana.pk}").json()
    assert profile["statistics"]["pinned_facts"] == 0


def test_pinned_ones_come_first_where_nothing_is_left_out(
    api: APIClient, dana: ConversationPartner
) -> None:
    make_fact(dana, "allergy", "walnuts", many_valued=True)
    pinned(make_fact(dana, "allergy", "bees", many_valued=True, confidence=0.6))
    assert texts(read(api, dana)["avoid"], "is_pinned") == [True, False]
    pinned(dana.facts.get(fact_value="hobby 3"))
    rows = api.get(f"/api/profiles/{dana.pk}").json()["facts"]["work"]
    assert texts(rows, "is_pinned")[:3] == [True, True, False]


def test_a_past_page_knows_only_pins_of_its_time(api: APIClient, dana: ConversationPartner) -> None:
    before = read(api, dana, "2025-03-10")
    fact = pinned(last(dana), MARCH + timedelta(days=30))
    assert read(api, dana, "2025-03-10") == before
    assert texts(read(api, dana, "2025-04-10")["pinned"], "fact_ids") == [[fact.pk]]
    profile = f"/api/profiles/{dana.pk}?as_of="
    counts = [
        api.get(profile + day).json()["statistics"]["pinned_facts"]
        for day in ("2025-03-10", "2025-04-10")
    ]
    assert counts == [0, 1]


def test_suggestions_use_pinned_facts_first(api: APIClient, dana: ConversationPartner) -> None:
    pinned(last(dana))
    starters = api.get(f"/api/suggestions/{dana.pk}").json()["conversation_starters"]
    assert last(dana).fact_value in starters[0]
