"""Judging, correcting and adding facts in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from conversations.models import ExtractedFact, Message
from convoai.accounts.models import User
from tests.admin.pages import address, errors, get, page_of
from tests.factories import make_conversation, make_fact, make_partner

LIST = address(ExtractedFact)


def fields_of(fact: ExtractedFact, **changes: Any) -> dict[str, Any]:
    """What the form of a fact sends when only these values were changed."""
    form = {
        "category": fact.category,
        "fact_key": fact.fact_key,
        "fact_value": fact.fact_value,
        "subject": fact.subject,
        "confidence": fact.confidence,
    }
    if fact.many_valued:
        form["many_valued"] = "on"
    return {**form, **changes}


def act(browser: Client, action: str, *facts: ExtractedFact, **more: str) -> Any:
    chosen = {"action": action, "_selected_action": [fact.pk for fact in facts]}
    return browser.post(LIST, {**chosen, **more}, follow=True)


def test_facts_are_confirmed_and_rejected_many_at_a_time(
    browser: Client, alice: User, bob: User
) -> None:
    first, second = make_fact(make_partner(alice)), make_fact(make_partner(bob))
    assert "Confirmed 2 facts." in act(browser, "confirm", first, second).content.decode()
    assert set(ExtractedFact.objects.values_list("review", flat=True)) == {"confirmed"}
    assert "Rejected 2 facts." in act(browser, "reject", first, second).content.decode()
    assert not ExtractedFact.objects.current().exists()
    assert LogEntry.objects.count() == 4
    assert "Rejected." in get(browser, page_of(first, "history"))


def test_facts_are_pinned_in_the_list_and_on_their_page(browser: Client, alice: User) -> None:
    first, second = (make_fact(make_partner(alice), value=value) for value in "ab")
    assert "Pinned 2 facts." in act(browser, "pin", first, second).content.decode()
    assert "current, unreviewed, pinned" in get(browser, LIST)
    assert 'name="_unpin"' in get(browser, page_of(first))
    assert browser.post(page_of(first), fields_of(first, _unpin="1")).status_code == 302
    assert "Unpinned 1 facts." in act(browser, "unpin", second).content.decode()
    assert not ExtractedFact.objects.exclude(pinned_at=None).exists()
    assert 'name="_pin"' in get(browser, page_of(first))
    assert browser.post(page_of(first), fields_of(first, _pin="1")).status_code == 302
    first.refresh_from_db()
    assert (first.pinned_at is None, first.review) == (False, "unreviewed")
    shown = get(browser, LIST, pinned="no")
    assert (page_of(first) in shown, page_of(second) in shown) == (True, False)


def test_rejecting_a_fact_brings_the_older_value_back(browser: Client, alice: User) -> None:
    partner = make_partner(alice)
    older = make_fact(partner, "city", "Kiel", is_current=False)
    newer = make_fact(partner, "city", "Bergen")
    ExtractedFact.objects.filter(pk=older.pk).update(superseded_by=newer)
    assert page_of(older) in get(browser, page_of(newer))
    act(browser, "reject", newer)
    older.refresh_from_db()
    assert older.is_current


def test_a_fact_is_judged_on_its_own_page(browser: Client, alice: User) -> None:
    fact = make_fact(make_partner(alice))
    assert 'name="_reject"' in get(browser, page_of(fact))
    assert browser.post(page_of(fact), fields_of(fact, _reject="1")).status_code == 302
    fact.refresh_from_db()
    assert (fact.review, fact.is_current) == ("rejected", False)
    assert browser.post(page_of(fact), fields_of(fact, _confirm="1")).status_code == 302
    fact.refresh_from_db()
    assert (fact.review, fact.is_current) == ("confirmed", True)


def test_a_changed_value_is_a_correction_and_keeps_what_was_heard(
    browser: Client, alice: User
) -> None:
    fact = make_fact(make_partner(alice), "employer", "Nordlicht")
    browser.post(page_of(fact), fields_of(fact))
    fact.refresh_from_db()
    assert fact.review == "unreviewed", "saving without a change says nothing"
    browser.post(page_of(fact), fields_of(fact, fact_value="Nordwind"))
    fact.refresh_from_db()
    assert (fact.fact_value, fact.original_value) == ("Nordwind", "Nordlicht")
    assert fact.review == "corrected"


def test_a_fact_moved_to_a_taken_key_closes_the_older_value(browser: Client, alice: User) -> None:
    partner = make_partner(alice)
    older, moved = make_fact(partner, "city", "Kiel"), make_fact(partner, "town", "Bergen")
    assert browser.post(page_of(moved), fields_of(moved, fact_key="city")).status_code == 302
    older.refresh_from_db()
    assert (older.is_current, older.superseded_by_id) == (False, moved.pk)


@pytest.mark.parametrize(
    "wrong",
    [
        {"confidence": "1.5"},
        {"confidence": "NaN"},
        {"confidence": "-1"},
        {"fact_key": ""},
        {"fact_value": ""},
        {"fact_value": "a\x00b"},
        {"category": "x" * 101},
        {"valid_from_0": "0001-01-01", "valid_from_1": "10:00"},
        {"valid_from_0": "9999-12-31", "valid_from_1": "23:59"},
    ],
)
def test_a_bad_value_is_refused_in_the_form(
    browser: Client, alice: User, wrong: dict[str, str]
) -> None:
    fact = make_fact(make_partner(alice))
    assert errors(browser.post(page_of(fact), fields_of(fact, **wrong)))
    fact.refresh_from_db()
    assert fact.review == "unreviewed"


NEW = {
    "category": "place",
    "fact_key": "city",
    "fact_value": "Bergen",
    "subject": "partner",
    "confidence": "1",
}


def test_a_fact_is_added_with_the_words_it_rests_on(browser: Client, alice: User) -> None:
    partner = make_partner(alice)
    older = make_fact(partner, "city", "Kiel")
    talk = make_conversation(partner, "I moved to Bergen in May.")
    message = Message.objects.get()
    sources = {"source_message": message.pk, "quote": "moved to Bergen"}
    answer = browser.post(address(ExtractedFact, "add"), {**NEW, **sources, "partner": partner.pk})
    assert answer.status_code == 302
    fact = ExtractedFact.objects.get(fact_value="Bergen")
    assert (fact.user, fact.conversation, fact.quote_start) == (alice, talk, 2)
    assert (fact.origin, fact.review) == ("user", "confirmed")
    older.refresh_from_db()
    assert not older.is_current


@pytest.mark.django_db(transaction=True)
def test_records_of_two_owners_are_never_joined(
    transactional_db: Any, browser: Client, alice: User, bob: User
) -> None:
    mine = make_partner(alice)
    other_talk = make_conversation(make_partner(bob), "I moved to Bergen.")
    other_message = Message.objects.get()
    where = address(ExtractedFact, "add")
    for sources in ({"conversation": other_talk.pk}, {"source_message": other_message.pk}):
        answer = browser.post(where, {**NEW, "partner": mine.pk, **sources})
        assert "another user" in errors(answer)
    assert not ExtractedFact.objects.exists()


def test_sources_of_another_partner_or_talk_are_refused(browser: Client, alice: User) -> None:
    partner, other = make_partner(alice), make_partner(alice)
    talk, other_talk = make_conversation(partner, "Yes."), make_conversation(other, "No.")
    no = Message.objects.get(content="No.")
    where = address(ExtractedFact, "add")
    for sources, word in [
        ({"conversation": other_talk.pk}, "another partner"),
        ({"conversation": talk.pk, "source_message": no.pk}, "another talk"),
        ({"source_message": no.pk}, "another partner"),
        ({"quote": "Yes."}, "needs the message"),
    ]:
        answer = browser.post(where, {**NEW, "partner": partner.pk, **sources})
        assert word in errors(answer), sources
    yes = Message.objects.get(content="Yes.")
    wrong_quote = {"source_message": yes.pk, "quote": "yes!"}
    answer = browser.post(where, {**NEW, "partner": partner.pk, **wrong_quote})
    assert "do not stand in the message" in errors(answer)
    assert not ExtractedFact.objects.exists()
