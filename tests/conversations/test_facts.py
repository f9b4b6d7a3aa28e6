"""Facts over the API: made by hand, listed, confirmed, corrected and rejected."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import F
from rest_framework.test import APIClient

from conversations.models import Conversation, ExtractedFact
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.api.shapes import FACT_KEYS, assert_invalid, assert_plain_error
from tests.conversations.rows import chain, check_deferred, history
from tests.factories import make_conversation, make_fact, make_partner

pytestmark = pytest.mark.django_db
FACTS = "/api/facts"
CURRENT = (True, None)


@pytest.fixture
def talk(alice: User) -> Conversation:
    return make_conversation(make_partner(alice), "I work at Nordlicht. 🦉", "Since when?")


@pytest.fixture
def dana(talk: Conversation) -> ConversationPartner:
    return talk.partner


def post(api: APIClient, partner: ConversationPartner, value: str = "baker", **more: Any) -> Any:
    body = {"partner_id": partner.pk, "category": "work", "fact_key": "job", "fact_value": value}
    return api.post(FACTS, body | more)


def test_a_fact_by_hand_is_confirmed_and_current(api: APIClient, dana: ConversationPartner) -> None:
    answer = post(api, dana)
    assert answer.status_code == 201
    row = answer.json()
    assert list(row) == FACT_KEYS
    assert (row["partner_id"], row["category"], row["fact_key"], row["fact_value"]) == (
        dana.pk,
        "work",
        "job",
        "baker",
    )
    assert (row["origin"], row["review"], row["is_current"]) == ("user", "confirmed", True)
    assert (row["confidence"], row["subject"], row["quote"]) == (1.0, "partner", "")
    nothing = ("conversation_id", "source_message_id", "quote_start", "valid_from", "valid_to")
    assert [row[key] for key in (*nothing, "superseded_by")] == [None] * 6
    assert api.get(f"{FACTS}/{row['id']}").json() == row


def test_a_fact_can_carry_its_evidence(api: APIClient, talk: Conversation) -> None:
    message = talk.messages.get(position=0)
    row = post(api, talk.partner, source_message_id=message.pk, quote="Nordlicht. 🦉").json()
    assert (row["conversation_id"], row["source_message_id"]) == (talk.pk, message.pk)
    assert (row["quote"], row["quote_start"]) == ("Nordlicht. 🦉", 10)


def test_evidence_must_stand_in_a_talk_with_that_partner(
    api: APIClient, talk: Conversation, alice: User, bob: User
) -> None:
    eda = make_partner(alice, "Eda")
    message = talk.messages.get(position=0)
    other = make_conversation(make_partner(bob), "Hello.")
    for partner, more, loc in (
        (eda, {"source_message_id": message.pk}, "source_message_id"),
        (eda, {"conversation_id": talk.pk}, "conversation_id"),
        (talk.partner, {"source_message_id": message.pk, "quote": "Südwind"}, "quote"),
        (talk.partner, {"quote": "Nordlicht"}, "source_message_id"),
        (talk.partner, {"conversation_id": other.pk}, "conversation_id"),
        (talk.partner, {"source_message_id": other.messages.get().pk}, "source_message_id"),
        (other.partner, {}, "partner_id"),
    ):
        assert_invalid(post(api, partner, **more), "body", loc)
    assert not ExtractedFact.objects.exists()


@pytest.mark.parametrize(
    ("more", "loc", "kind"),
    [
        ({"fact_value": ""}, "fact_value", "string_too_short"),
        ({"fact_key": None}, "fact_key", "none_not_allowed"),
        ({"category": "x" * 101}, "category", "string_too_long"),
        ({"confidence": 1.1}, "confidence", "less_than_equal"),
        ({"confidence": -0.1}, "confidence", "greater_than_equal"),
        ({"confidence": "0.5"}, "confidence", "float_type"),
        ({"confidence": True}, "confidence", "float_type"),
        ({"confidence": "NaN"}, "confidence", "float_type"),
        ({"valid_from": "soon"}, "valid_from", "datetime_parsing"),
        ({"review": "confirmed"}, "review", "unknown_field"),
        ({"user_id": 1}, "user_id", "unknown_field"),
    ],
)
def test_a_wrong_fact_is_422(
    api: APIClient, dana: ConversationPartner, more: dict[str, Any], loc: str, kind: str
) -> None:
    assert_invalid(post(api, dana, **more), "body", loc, kind=kind)


def test_a_newer_value_closes_the_older_one(api: APIClient, dana: ConversationPartner) -> None:
    old = post(api, dana, "baker").json()
    new = post(api, dana, "pilot", valid_from="2026-03-01T12:00:00Z").json()
    old = api.get(f"{FACTS}/{old['id']}").json()
    assert (old["is_current"], old["superseded_by"]) == (False, new["id"])
    assert old["valid_to"] == new["valid_from"] == "2026-03-01T12:00:00Z"
    listed = api.get(f"/api/suggestions/{dana.pk}/facts").json()
    assert [row["fact_value"] for row in listed] == ["pilot"]


def test_values_of_a_many_valued_key_add_up(api: APIClient, dana: ConversationPartner) -> None:
    post(api, dana, "chess", fact_key="hobby")
    post(api, dana, "rowing", fact_key="hobby")
    post(api, dana, "red", fact_key="colour", many_valued=True)
    post(api, dana, "blue", fact_key="colour", many_valued=True)
    assert set(history(dana).values()) == {CURRENT}


def test_facts_about_others_do_not_close_those_about_the_partner(
    api: APIClient, dana: ConversationPartner
) -> None:
    post(api, dana, "baker")
    post(api, dana, "pilot", subject="Tom")
    post(api, dana, "clerk", subject="user")
    assert set(history(dana).values()) == {CURRENT}


def test_the_list_is_newest_first_and_filtered(api: APIClient, talk: Conversation) -> None:
    dana, eda = talk.partner, make_partner(talk.user, "Eda")
    message = talk.messages.get(position=0)
    source = {"conversation": talk, "source_message": message}
    first = make_fact(dana, "job", "a", extracted_at="2026-01-01T00:00:00Z", **source).pk
    second = make_fact(dana, "city", "b", category="Home", is_current=False).pk
    third = make_fact(eda, "job", "c", origin="import", review="confirmed", subject="Tom").pk

    def found(query: str = "") -> list[int]:
        return [row["id"] for row in api.get(f"{FACTS}{query}").json()]

    assert found() == [third, second, first]
    assert found(f"?partner_id={dana.pk}") == [second, first]
    assert found("?partner_id=0") == [third, second, first]
    assert found(f"?conversation_id={talk.pk}") == [first]
    assert found(f"?source_message_id={message.pk}") == [first]
    assert found("?category=home") == [second]
    assert found("?key=job") == found("?fact_key=job") == [third, first]
    assert found("?current=true") == found("?is_current=1") == [third, first]
    assert found("?current=false") == [second]
    assert found("?subject=Tom") == found("?origin=import") == found("?review=confirmed") == [third]
    assert found("?since=2026-02-01T00:00:00Z") == [third, second]
    assert found("?key=job&current=true&ordering=id") == [first, third]
    for wrong in ("partner_id=x", "current=maybe", "since=soon", "as_of=soon"):
        name = wrong.split("=")[0]
        assert_invalid(api.get(f"{FACTS}?{wrong}"), "query", name)


def test_what_was_known_at_a_moment_can_be_asked(api: APIClient, dana: ConversationPartner) -> None:
    chain(dana, ["a", "b", "c"])
    ExtractedFact.objects.update(extracted_at=F("valid_from"))

    def known(moment: str) -> list[str]:
        return [row["fact_value"] for row in api.get(f"{FACTS}?as_of={moment}").json()]

    assert known("2009-06-01T00:00:00Z") == []
    assert known("2010-06-01T00:00:00Z") == ["a"]
    assert known("2011-06-01T00:00:00Z") == ["b"]
    assert known("2030-06-01T00:00:00Z") == ["c"]


def act(api: APIClient, fact: ExtractedFact, action: str, body: Any = None) -> Any:
    answer = api.post(f"{FACTS}/{fact.pk}/{action}", body)
    assert answer.status_code == 200, answer.content
    check_deferred()
    return answer.json()


def test_confirming_changes_only_the_review(api: APIClient, dana: ConversationPartner) -> None:
    fact = make_fact(dana, review="needs_review")
    before = api.get(f"{FACTS}/{fact.pk}").json()
    assert act(api, fact, "confirm") == {**before, "review": "confirmed"}


def test_correcting_keeps_what_was_heard_first(api: APIClient, dana: ConversationPartner) -> None:
    fact = make_fact(dana, "job", "baker")
    row = act(api, fact, "correct", {"fact_value": "confectioner"})
    assert (row["fact_value"], row["review"], row["is_current"]) == (
        "confectioner",
        "corrected",
        True,
    )
    api.patch(f"{FACTS}/{fact.pk}", {"fact_value": "pastry chef", "confidence": 0.5})
    fact.refresh_from_db()
    assert (fact.fact_value, fact.original_value) == ("pastry chef", "baker")
    assert fact.confidence == 0.5


def test_a_correction_needs_a_value_and_known_fields(
    api: APIClient, dana: ConversationPartner
) -> None:
    path = f"{FACTS}/{make_fact(dana).pk}"
    assert_invalid(api.post(f"{path}/correct", {"category": "x"}), "body", "fact_value")
    assert_invalid(api.patch(path, {"partner_id": 1}), "body", "partner_id", kind="unknown_field")
    assert_invalid(api.patch(path, {"confidence": 2}), "body", "confidence")


def test_correcting_the_key_closes_the_value_that_was_there(
    api: APIClient, dana: ConversationPartner
) -> None:
    make_fact(dana, "city", "Bremen")
    wrong = make_fact(dana, "job", "Hamburg")
    act(api, wrong, "correct", {"fact_value": "Hamburg", "fact_key": "city"})
    assert history(dana) == {"Bremen": (False, "Hamburg"), "Hamburg": CURRENT}


def test_correcting_the_key_frees_the_value_that_it_had_closed(
    api: APIClient, dana: ConversationPartner
) -> None:
    _, newer = chain(dana, ["baker", "Hamburg"], fact_key="job")
    act(api, newer, "correct", {"fact_value": "Hamburg", "fact_key": "city"})
    assert history(dana) == {"baker": CURRENT, "Hamburg": CURRENT}


def test_a_rejected_fact_can_be_corrected_and_is_current_again(
    api: APIClient, dana: ConversationPartner
) -> None:
    _, newer = chain(dana, ["baker", "pilot"], fact_key="job")
    act(api, newer, "reject")
    act(api, newer, "correct", {"fact_value": "sailor"})
    assert history(dana) == {"baker": (False, "sailor"), "sailor": CURRENT}
    act(api, newer, "reject")
    act(api, newer, "correct", {"fact_value": "Hamburg", "fact_key": "city"})
    assert history(dana) == {"baker": CURRENT, "Hamburg": CURRENT}


def test_a_rejected_fact_is_not_current_and_not_shown_to_old_frontends(
    api: APIClient, dana: ConversationPartner
) -> None:
    fact = make_fact(dana)
    row = act(api, fact, "reject")
    assert (row["review"], row["is_current"]) == ("rejected", False)
    assert api.get(f"/api/suggestions/{dana.pk}/facts").json() == []


@pytest.mark.parametrize("action", ["", "/confirm", "/correct", "/reject"])
def test_an_unknown_fact_is_404(api: APIClient, action: str) -> None:
    path = f"{FACTS}/999999999{action}"
    answer = api.post(path, {"fact_value": "x"}) if action else api.get(path)
    assert_plain_error(answer, 404, "Fact not found")
