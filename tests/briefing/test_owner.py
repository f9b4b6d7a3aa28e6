"""A briefing speaks to its owner, whatever an analyzer calls them."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from convoai.accounts.models import User
from convoai.briefing.wording import told_to
from tests.factories import make_conversation, make_partner

PROMISE = {"number": 1, "who": "user", "due": "2026-03-12", "state": "open", "quote": ""}


def briefing(api: APIClient, alice: User, **talk: Any) -> dict[str, Any]:
    partner = make_partner(alice, "Dana")
    make_conversation(partner, is_analyzed=True, analyzer="offline/1", **talk)
    body: dict[str, Any] = api.get(f"/api/partners/{partner.pk}/briefing").json()
    return body


def test_what_the_owner_promised_is_said_to_them(api: APIClient, alice: User) -> None:
    words = "alice is asked to lend Dana their drill on 12 March 2026"
    body = briefing(api, alice, action_items=[{**PROMISE, "text": words}])
    [line] = body["promises"]["yours"]
    assert line["text"] == "You are asked to lend Dana your drill on 12 March 2026 (overdue)"


def test_the_last_talk_is_told_to_the_owner(api: APIClient, alice: User) -> None:
    body = briefing(api, alice, summary="Dana and alice talked about tea. alice has a cat.")
    assert [line["text"] for line in body["last_talk"]] == [
        "Dana and you talked about tea.",
        "You have a cat.",
    ]


@pytest.mark.parametrize(
    "text", ["Dana will call", "They will move. Then Dana goes.", "willpower counts"]
)
def test_a_name_that_is_a_word_too_is_left_in_its_place(text: str) -> None:
    assert told_to("will", text) == text
