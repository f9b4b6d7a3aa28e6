"""Deleting or rejecting a newer value makes the older one current again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from conversations.models import ExtractedFact
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.conversations.rows import chain, check_deferred, history, sql
from tests.factories import make_conversation, make_fact, make_partner

pytestmark = pytest.mark.django_db
CURRENT = (True, None)


@pytest.fixture
def dana(alice: User) -> ConversationPartner:
    return make_partner(alice)


def drop(*facts: ExtractedFact) -> None:
    """Delete facts in one statement."""
    ExtractedFact.objects.filter(pk__in=[fact.pk for fact in facts]).delete()
    check_deferred()


def test_deleting_the_newest_value_reopens_the_one_before(dana: ConversationPartner) -> None:
    a, b, c = chain(dana, "abc")
    drop(c)
    assert history(dana) == {"a": (False, "b"), "b": CURRENT}
    b.refresh_from_db()
    assert b.valid_to is None
    a.refresh_from_db()
    assert a.valid_to is not None


def test_deleting_a_middle_value_closes_the_gap(dana: ConversationPartner) -> None:
    a, b, c = chain(dana, "abc")
    drop(b)
    assert history(dana) == {"a": (False, "c"), "c": CURRENT}
    for fact in (a, c):
        fact.refresh_from_db()
    assert a.valid_to == c.valid_from


def test_deleting_the_oldest_value_changes_no_other(dana: ConversationPartner) -> None:
    a, _, _ = chain(dana, "abc")
    drop(a)
    assert history(dana) == {"b": (False, "c"), "c": CURRENT}


def test_deleting_the_two_newest_at_once_reopens_the_third(dana: ConversationPartner) -> None:
    _, b, c = chain(dana, "abc")
    drop(b, c)
    assert history(dana) == {"a": CURRENT}


def test_deleting_every_second_value_keeps_the_order(dana: ConversationPartner) -> None:
    facts = chain(dana, "abcdef")
    drop(facts[1], facts[3], facts[5])
    assert history(dana) == {"a": (False, "c"), "c": (False, "e"), "e": CURRENT}


def test_deleting_one_after_the_other_ends_with_the_first(dana: ConversationPartner) -> None:
    facts = chain(dana, "abcd")
    for fact in reversed(facts[1:]):
        drop(fact)
    assert history(dana) == {"a": CURRENT}


def test_values_of_a_long_chain_heal_in_any_order(dana: ConversationPartner) -> None:
    facts = chain(dana, "abcdefg")
    for index in (5, 2, 6, 0, 3):
        drop(facts[index])
    assert history(dana) == {"b": (False, "e"), "e": CURRENT}


def test_a_rejected_older_value_stays_closed(dana: ConversationPartner) -> None:
    a, b = chain(dana, "ab")
    ExtractedFact.objects.filter(pk=a.pk).update(review="rejected")
    drop(b)
    assert history(dana) == {"a": (False, None)}


def test_of_two_values_closed_by_one_the_latest_is_reopened(dana: ConversationPartner) -> None:
    a, _, c = chain(dana, "abc")
    ExtractedFact.objects.filter(pk=a.pk).update(superseded_by=c)
    drop(c)
    assert history(dana) == {"a": (False, "b"), "b": CURRENT}


def test_many_values_closed_by_one_are_all_reopened(dana: ConversationPartner) -> None:
    newer = make_fact(dana, "hobby", "none", many_valued=True)
    for hobby in ("chess", "rowing"):
        make_fact(dana, "hobby", hobby, many_valued=True, is_current=False, superseded_by=newer)
    drop(newer)
    assert history(dana) == {"chess": CURRENT, "rowing": CURRENT}


def test_an_older_value_stays_closed_beside_another_current_one(
    dana: ConversationPartner,
) -> None:
    _, b = chain(dana, "ab")
    ExtractedFact.objects.filter(pk=b.pk).update(is_current=False)
    make_fact(dana, "employer", "d")
    drop(b)
    assert history(dana) == {"a": (False, None), "d": CURRENT}


def test_keys_and_partners_heal_apart(dana: ConversationPartner, alice: User) -> None:
    eda = make_partner(alice, "Eda")
    _, b = chain(dana, "ab")
    _, d = chain(dana, "cd", fact_key="city")
    chain(eda, "ab")
    drop(b)
    assert history(dana) == {"a": CURRENT, "c": (False, "d"), "d": CURRENT}
    assert history(eda) == {"a": (False, "b"), "b": CURRENT}
    drop(d)
    assert history(dana) == {"a": CURRENT, "c": CURRENT}


@pytest.mark.parametrize("what", ["message", "conversation", "sql"])
def test_deleting_the_newer_source_makes_the_older_value_current(
    api: APIClient, dana: ConversationPartner, what: str
) -> None:
    talk = make_conversation(dana, "I work at b now.")
    _, b = chain(dana, "ab")
    message = talk.messages.get()
    ExtractedFact.objects.filter(pk=b.pk).update(
        conversation=talk, source_message=message, quote="b now"
    )
    if what == "sql":
        sql("DELETE FROM conversations WHERE id = %s", talk.pk)
    else:
        path = f"messages/{message.pk}" if what == "message" else f"conversations/{talk.pk}"
        assert api.delete(f"/api/{path}").status_code == 204
    check_deferred()
    assert history(dana) == {"a": CURRENT}


def test_a_talk_with_both_older_values_leaves_the_first(
    api: APIClient, dana: ConversationPartner
) -> None:
    talk = make_conversation(dana)
    _, b, c = chain(dana, "abc")
    ExtractedFact.objects.filter(pk__in=[b.pk, c.pk]).update(conversation=talk)
    api.delete(f"/api/conversations/{talk.pk}")
    assert history(dana) == {"a": CURRENT}


def test_deleting_over_the_api_heals(api: APIClient, dana: ConversationPartner) -> None:
    _, b = chain(dana, "ab")
    assert api.delete(f"/api/facts/{b.pk}").status_code == 204
    assert history(dana) == {"a": CURRENT}


def reject(api: APIClient, fact: ExtractedFact) -> Any:
    answer = api.post(f"/api/facts/{fact.pk}/reject")
    assert answer.status_code == 200
    check_deferred()
    return answer.json()


def test_rejecting_the_newest_value_reopens_the_one_before(
    api: APIClient, dana: ConversationPartner
) -> None:
    _, _, c = chain(dana, "abc")
    assert reject(api, c)["review"] == "rejected"
    found = history(dana)
    assert (found["a"], found["b"]) == ((False, "b"), CURRENT)
    assert found["c"][0] is False


def test_rejecting_a_middle_value_points_the_older_one_past_it(
    api: APIClient, dana: ConversationPartner
) -> None:
    _, b, c = chain(dana, "abc")
    reject(api, b)
    assert history(dana)["a"] == (False, "c")
    reject(api, c)
    assert history(dana)["a"] == CURRENT


def test_rejecting_a_value_that_closed_two_reopens_the_latest(
    api: APIClient, dana: ConversationPartner
) -> None:
    a, _, c = chain(dana, "abc")
    ExtractedFact.objects.filter(pk=a.pk).update(superseded_by=c, valid_from=None)
    reject(api, c)
    found = history(dana)
    assert (found["a"], found["b"]) == ((False, "b"), CURRENT)


def test_rejecting_twice_changes_nothing_more(api: APIClient, dana: ConversationPartner) -> None:
    _, _, c = chain(dana, "abc")
    reject(api, c)
    once = history(dana)
    reject(api, c)
    assert history(dana) == once


def test_confirming_a_rejected_value_makes_it_current_again(
    api: APIClient, dana: ConversationPartner
) -> None:
    _, b = chain(dana, "ab")
    reject(api, b)
    answer = api.post(f"/api/facts/{b.pk}/confirm").json()
    assert (answer["review"], answer["is_current"]) == ("confirmed", True)
    assert history(dana) == {"a": (False, "b"), "b": CURRENT}


def test_a_value_that_is_confirmed_after_all_ends_the_other_when_it_began(
    api: APIClient, dana: ConversationPartner
) -> None:
    lisbon = make_fact(dana, "city", "Lisbon", valid_from="2025-03-01T00:00:00Z")
    madrid = make_fact(
        dana, "city", "Madrid", valid_from="2026-03-01T00:00:00Z", is_current=False,
        review="needs_review",
    )  # fmt: skip
    api.post(f"/api/facts/{madrid.pk}/confirm")
    lisbon.refresh_from_db()
    assert (lisbon.is_current, lisbon.superseded_by_id) == (False, madrid.pk)
    assert lisbon.valid_to == datetime(2026, 3, 1, tzinfo=UTC)


def test_a_value_that_began_later_held_until_the_person_spoke(
    api: APIClient, dana: ConversationPartner
) -> None:
    lisbon = make_fact(dana, "city", "Lisbon", valid_from="2025-03-01T00:00:00Z")
    body = {"partner_id": dana.pk, "category": "personal", "fact_key": "city"}
    body |= {"fact_value": "Madrid", "valid_from": "2020-03-01T00:00:00Z"}
    assert api.post("/api/facts", body).status_code == 201
    lisbon.refresh_from_db()
    assert lisbon.valid_to is not None
    assert lisbon.valid_to > datetime(2025, 3, 1, tzinfo=UTC)
