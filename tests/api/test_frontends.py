"""The two existing frontends from end to end: without credentials, from their own origins."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from convoai.accounts.models import User
from tests.api.shapes import photo
from tests.factories import make_fact

pytestmark = pytest.mark.django_db
R, M = "http://localhost:3000", "http://localhost:5173"
LINES = [
    {"sender": "user", "content": "Sarah! How is the new flat?"},
    {"sender": "partner", "content": "Small, but the kitchen gets the morning sun."},
    {"sender": "user", "content": "And Biscuit?"},
    {"sender": "partner", "content": "He has claimed the window seat."},
    {"sender": "user", "content": "Of course he has."},
    {"sender": "partner", "content": "He eats my left socks."},
    {"sender": "user", "content": "Only the left ones?"},
    {"sender": "partner", "content": "Only those. See you on Sunday!"},
]


class Browser:
    """A page of a frontend: sends its Origin, no credentials, and must be allowed to read."""

    def __init__(self, origin: str) -> None:
        self.client = APIClient(headers={"Origin": origin})
        self.origin = origin

    def send(self, method: str, path: str, body: Any = None, kind: str = "json") -> Any:
        """What the frontend gets out of an answer that is no failure; follows no redirect."""
        answer = getattr(self.client, method)(path, body, **({"format": kind} if body else {}))
        assert 200 <= answer.status_code < 300, (path, answer.content)
        assert answer["Access-Control-Allow-Origin"] == self.origin
        return answer.json() if answer.content else None


@pytest.fixture(autouse=True)
def single_user(settings: Any, alice: User, tmp_path: Any) -> User:
    settings.SINGLE_USER = alice.email
    settings.DEBUG = True
    settings.MEDIA_ROOT = tmp_path
    return alice


def test_r_makes_a_partner_with_a_picture_and_saves_a_talk() -> None:
    page = Browser(R)
    form = {
        "name": "Dana",
        "relationship": "friend",
        "notes": "Met at work",
        "email": "dana@example.org",
        "image": photo(),
    }
    dana = page.send("post", "/api/partners/create-with-image", form, "multipart")
    assert [partner["name"] for partner in page.send("get", "/api/partners")] == ["Dana"]
    # Choosing a partner asks for both at once; if either fails, neither is shown.
    suggestions = page.send("get", f"/api/suggestions/{dana['id']}")
    assert isinstance(suggestions["conversation_starters"], list)
    assert page.send("get", f"/api/suggestions/{dana['id']}/facts") == []
    created = page.send(
        "post",
        "/api/conversations",
        {"partner_id": dana["id"], "title": "Lunch", "messages": LINES[:2]},
    )
    listed = page.send("get", f"/api/conversations?partner_id={dana['id']}")
    assert [talk["id"] for talk in listed] == [created["id"]]
    opened = page.send("get", f"/api/conversations/{listed[0]['id']}")
    assert opened["is_analyzed"] is False
    lines = opened["full_transcript"].split("\n")
    assert [line.split("[", 1)[1] for line in lines] == [
        f"{line['sender']}]: {line['content']}" for line in LINES[:2]
    ]


def test_m_plays_its_demo_and_cleans_up(alice: User) -> None:
    page = Browser(M)
    assert page.send("get", "/api/partners/?user_id=1") == []
    sarah = page.send("post", "/api/partners/?user_id=1", {"name": "Sarah Johnson"})
    assert sarah["user_id"] == alice.pk
    talk = page.send(
        "post", "/api/conversations/?user_id=1", {"partner_id": sarah["id"], "messages": LINES}
    )
    detail = page.send("get", f"/api/conversations/{talk['id']}?user_id=1")
    assert [message["content"] for message in detail["messages"]] == [
        line["content"] for line in LINES
    ]
    made = {"partner_id": sarah["id"], "conversation_id": talk["id"]}
    assert all(isinstance(number, int) for number in made.values())
    partner = alice.partners.get()
    source = detail["messages"][1]["id"]
    make_fact(partner, conversation_id=talk["id"], source_message_id=source)
    page.send(
        "post",
        f"/api/partners/{sarah['id']}/upload-image",
        {"image": photo()},
        "multipart",
    )
    page.send("delete", f"/api/conversations/{talk['id']}?user_id=1")
    assert page.send("get", f"/api/conversations/?partner_id={sarah['id']}&user_id=1") == []
    second = {"partner_id": sarah["id"], "messages": LINES[:1]}
    page.send("post", "/api/conversations", second)
    page.send("delete", f"/api/partners/{sarah['id']}?user_id=1")
    assert page.send("get", "/api/partners/?user_id=1") == []
    assert page.send("get", "/api/conversations/?user_id=1") == []


def test_a_foreign_page_cannot_act_as_the_single_user() -> None:
    stranger = APIClient(headers={"Origin": "http://evil.example"})
    answer = stranger.get("/api/partners")
    assert answer.status_code == 401
    assert "Access-Control-Allow-Origin" not in answer
