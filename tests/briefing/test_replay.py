"""From talks to the page: analysed over the API, read, and read again after more was learned."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.factories import make_partner, texts

MARCH = [
    ("partner", "I live in Ghent and I work at Northwind as a nurse."),
    ("user", "I'll send you the recipe for the soup."),
    ("partner", "I'm allergic to walnuts, so leave them out."),
    ("partner", "I'm going to run a marathon in May."),
]
JUNE = [
    ("partner", "I moved to Porto last month."),
    ("partner", "I adopted a guinea pig in April."),
    ("partner", "I will bring you the book on Sunday."),
]


def analyse(
    api: APIClient, partner: ConversationPartner, started_at: str, words: list[tuple[str, str]]
) -> int:
    body = {
        "partner_id": partner.pk,
        "started_at": started_at,
        "messages": [{"sender": sender, "content": content} for sender, content in words],
    }
    pk: int = api.post("/api/conversations/", body).json()["id"]
    assert api.post(f"/api/conversations/{pk}/analyze").status_code == 200
    return pk


def read(api: APIClient, path: str) -> dict[str, Any]:
    answer = api.get(path)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


@pytest.fixture
def dana(alice: User) -> ConversationPartner:
    return make_partner(alice, "Dana")


@pytest.mark.parametrize("path", ["/api/partners/{}/briefing", "/api/profiles/{}"])
def test_a_past_day_reads_the_same_after_more_was_learned(
    api: APIClient, dana: ConversationPartner, path: str
) -> None:
    asked = f"{path.format(dana.pk)}?as_of=2025-05-20"
    analyse(api, dana, "2025-03-01T12:00:00Z", MARCH)
    before = read(api, asked)
    analyse(api, dana, "2025-06-04T12:00:00Z", JUNE)
    assert read(api, asked) == before
    assert "Ghent" in str(before)
    assert "Porto" in str(read(api, path.format(dana.pk)))


def test_two_talks_make_a_page(api: APIClient, dana: ConversationPartner) -> None:
    analyse(api, dana, "2025-03-01T12:00:00Z", MARCH)
    late = analyse(api, dana, "2025-06-04T12:00:00Z", JUNE)
    body = read(api, f"/api/partners/{dana.pk}/briefing?as_of=2025-06-05")
    assert "Dana lives in Porto" in texts(body["who"], "text")
    assert "Dana lives in Porto (before: Ghent)" in texts(body["changes"], "text")
    assert texts(body["avoid"], "text") == ["Dana is allergic to walnuts"]
    assert any("recipe" in text for text in texts(body["promises"]["yours"], "text"))
    [theirs] = body["promises"]["theirs"]
    assert (theirs["date"], theirs["conversation_ids"]) == ("2025-06-08", [late])
    assert any("marathon" in text for text in texts(body["ask"], "text"))
    assert len(body["last_talk"]) in (1, 2)
    assert not any("Ghent" in line["text"] for line in body["remember"] + body["ask"])
