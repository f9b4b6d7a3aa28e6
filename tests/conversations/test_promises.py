"""Promises: stored with their words, read whatever their age, and marked by the owner."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from conversations.models import Conversation
from conversations.promises import Promise, open_lines, promises_of, renewed, stored
from convoai.accounts.models import User
from tests.api.shapes import assert_invalid, assert_plain_error
from tests.factories import make_conversation, make_partner, texts

MARCH = datetime(2026, 3, 2, 10, tzinfo=UTC)
SEND = Promise(1, "user", "send the recipe", date(2026, 3, 9), "I'll send the recipe", 4, 71)
BRING = Promise(2, "Tom", "bring the tent", None, "Tom will bring the tent", 0, 72)


def test_what_is_stored_reads_back_the_same() -> None:
    kept = Promise(3, "partner", "call", None, "I'll call", 0, 73, "kept", MARCH)
    assert promises_of(stored([SEND, BRING, kept]), "Dana") == [SEND, BRING, kept]


def test_lines_of_old_talks_are_read() -> None:
    items = ["You: send it (by 03 June 2025)", "Dana: bring the book", "Bake", "Eda: call", " ", 7]
    read = promises_of(items, "Dana", "offline/1")
    assert [(one.number, one.who, one.text) for one in read] == [
        (1, "user", "send it"),
        (2, "partner", "bring the book"),
        (3, "user", "Bake"),
        (4, "partner", "call"),
    ]
    assert read[0].due == date(2025, 6, 3)
    assert open_lines(read, "Dana")[:2] == [
        "You: send it (by 03 June 2025)",
        "Dana: bring the book",
    ]


@pytest.mark.parametrize(
    "item",
    [
        None,
        {},
        {"number": 1},
        {"number": True, "who": "user", "text": "x"},
        {"number": 1, "who": "", "text": "x"},
        {"number": 1, "who": "user", "text": ["x"]},
    ],
)
def test_what_is_no_promise_is_passed_over(item: Any) -> None:
    assert promises_of([item], "Dana") == []
    assert promises_of(item, "Dana") == []


def test_lines_among_objects_get_numbers_of_their_own() -> None:
    read = promises_of([*stored([BRING]), "You: call", "You: write"], "Dana")
    assert [(one.number, one.text) for one in read] == [
        (2, "bring the tent"),
        (1, "call"),
        (3, "write"),
    ]


def test_a_new_analysis_keeps_numbers_and_the_owners_word() -> None:
    kept = Promise(**{**as_dict(SEND), "state": "kept", "decided_at": MARCH})
    other_words = Promise(0, "user", "mail the recipe", None, "send the recipe", 9, 71)
    after = renewed(
        [kept, BRING], [Promise(0, "user", "call Eda", None, "call", 0, 80), other_words]
    )
    assert [(one.number, one.text, one.state) for one in after] == [
        (3, "call Eda", "open"),
        (1, "mail the recipe", "kept"),
    ]
    # Not found this time, yet known when it is found again.
    assert renewed([kept, BRING], []) == [kept]


def as_dict(promise: Promise) -> dict[str, Any]:
    return {name: getattr(promise, name) for name in Promise.__dataclass_fields__}


@pytest.fixture
def talk(alice: User) -> Conversation:
    """Analysed; promised are a recipe by Alice, a tent by Tom, and a picture by Dana."""
    return make_conversation(
        make_partner(alice, "Dana"),
        "My brother Tom will bring you the tent on Friday.",
        "I'll send you the recipe tomorrow. Could you send me a picture of Nutmeg?",
        started_at=MARCH,
    )


@pytest.fixture
def analysed(api: APIClient, talk: Conversation) -> Conversation:
    talk.messages.update(timestamp=MARCH)
    assert api.post(f"/api/conversations/{talk.pk}/analyze").status_code == 200
    return talk


def path(talk: Conversation) -> str:
    return f"/api/conversations/{talk.pk}/promises"


def briefed(api: APIClient, talk: Conversation, as_of: str = "") -> dict[str, Any]:
    asked = {"as_of": as_of} if as_of else {}
    body: dict[str, Any] = api.get(f"/api/partners/{talk.partner_id}/briefing", asked).json()
    promises: dict[str, Any] = body["promises"]
    return promises


def test_a_promise_says_who_what_when_and_in_which_words(
    api: APIClient, analysed: Conversation
) -> None:
    rows = api.get(path(analysed)).json()
    assert [(row["who"], row["due"]) for row in rows] == [
        ("Tom", "2026-03-06"),
        ("user", "2026-03-03"),
        ("partner", None),
    ]
    said = {message.pk: message.content for message in analysed.messages.all()}
    for row in rows:
        start = row["quote_start"]
        assert said[row["message_id"]][start : start + len(row["quote"])] == row["quote"]
    assert [row["number"] for row in rows] == [1, 2, 3]
    assert {row["state"] for row in rows} == {"open"}


def test_old_routes_answer_lines_of_text(api: APIClient, analysed: Conversation) -> None:
    answer = api.post(f"/api/conversations/{analysed.pk}/analyze?force=true").json()
    detail = api.get(f"/api/conversations/{analysed.pk}").json()
    assert answer["action_items"] == detail["action_items"]
    assert [line.split(":")[0] for line in detail["action_items"]] == ["Tom", "You", "Dana"]
    assert detail["action_items"][1].endswith("(by 03 March 2026)")
    assert detail["promises"] == api.get(path(analysed)).json()


def test_every_line_of_the_briefing_names_its_message(
    api: APIClient, analysed: Conversation
) -> None:
    promises = briefed(api, analysed)
    first, second = analysed.messages.in_order()
    found = {
        side: [(line["message_ids"], line["promise"]) for line in lines]
        for side, lines in promises.items()
    }
    assert found == {
        "yours": [([second.pk], 2)],
        "theirs": [([second.pk], 3)],
        "others": [([first.pk], 1)],
    }
    page = api.get(
        f"/api/partners/{analysed.partner_id}/briefing", headers={"Accept": "text/markdown"}
    ).content.decode()
    assert "## Others promised\n\n- Tom will bring" in page


@pytest.mark.parametrize("state", ["kept", "not_meant"])
def test_what_is_kept_or_was_not_meant_is_listed_no_more(
    api: APIClient, analysed: Conversation, state: str
) -> None:
    rows = api.patch(path(analysed), {"number": 2, "state": state}).json()
    assert texts(rows, "state") == ["open", state, "open"]
    assert rows[1]["decided_at"].endswith("Z")
    assert briefed(api, analysed)["yours"] == []
    api.post(f"/api/conversations/{analysed.pk}/analyze?force=true")
    assert api.get(path(analysed)).json() == rows
    assert briefed(api, analysed)["yours"] == []
    detail = api.get(f"/api/conversations/{analysed.pk}").json()
    assert [line.split(":")[0] for line in detail["action_items"]] == ["Tom", "Dana"]
    # Before it was kept it was open; what was not meant never was.
    assert len(briefed(api, analysed, "2026-03-05")["yours"]) == (1 if state == "kept" else 0)
    assert api.patch(path(analysed), {"number": 2, "state": "open"}).json()[1]["state"] == "open"
    assert len(briefed(api, analysed)["yours"]) == 1


def test_a_line_of_an_old_talk_can_be_marked(api: APIClient, talk: Conversation) -> None:
    Conversation.objects.filter(pk=talk.pk).update(
        action_items=["You: send it (by 03 June 2025)", "Dana: call"], is_analyzed=True
    )
    assert len(briefed(api, talk)["yours"]) == 1
    rows = api.patch(path(talk), {"number": 1, "state": "kept"}).json()
    assert [(row["who"], row["text"], row["state"]) for row in rows] == [
        ("user", "send it", "kept"),
        ("partner", "call", "open"),
    ]
    assert briefed(api, talk)["yours"] == []


def test_a_promise_goes_with_its_words(api: APIClient, analysed: Conversation) -> None:
    first, second = analysed.messages.in_order()
    api.patch(f"/api/messages/{second.pk}", {"content": "Could you send me a picture of Nutmeg?"})
    assert texts(briefed(api, analysed)["theirs"], "promise") == [3]
    assert briefed(api, analysed)["yours"] == []
    api.delete(f"/api/messages/{first.pk}")
    assert briefed(api, analysed)["others"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"number": 9, "state": "kept"}, "number"),
        ({"number": "x", "state": "kept"}, "number"),
        ({"state": "kept"}, "number"),
        ({"number": 1, "state": "lost"}, "state"),
        ({"number": 1}, "state"),
    ],
)
def test_a_wrong_mark_is_422(
    api: APIClient, analysed: Conversation, body: dict[str, Any], field: str
) -> None:
    assert_invalid(api.patch(path(analysed), body), "body", field)
    assert set(texts(api.get(path(analysed)).json(), "state")) == {"open"}


def test_a_strangers_talk_is_404(bobs_api: APIClient, analysed: Conversation) -> None:
    assert_plain_error(bobs_api.get(path(analysed)), 404, "Conversation not found")
    answer = bobs_api.patch(path(analysed), {"number": 1, "state": "kept"})
    assert_plain_error(answer, 404, "Conversation not found")
