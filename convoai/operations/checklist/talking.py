"""What a person does with convoai, done by a user who is there for the trial alone."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from convoai.accounts.models import User
from convoai.accounts.services import create_user
from convoai.operations.checklist.trial_server import Answer

# A word that no other talk holds, so that finding it proves that the index took it.
WORD = "quillonberry"
PARTNER = {"name": "Trial partner", "notes": "Łódź, 東京, مرحبا"}
LINES = [
    {"sender": "user", "content": "What grows in your garden?"},
    {"sender": "partner", "content": f"Mostly {WORD}, and it likes the shade."},
]


class Asked(Protocol):
    """A service that answers requests, wherever it runs."""

    def ask(
        self, method: str, path: str, body: object = None, *, key: str | None = None
    ) -> Answer: ...


class Mismatch(Exception):
    """The service answered something else than it should; the message says what."""


@dataclass
class Traveller:
    """A user of the trial and what they left."""

    user: User
    password: str
    key: str = ""
    partner: int = 0
    conversation: int = 0

    def sign_in(self, server: Asked) -> None:
        """With the password, for a key; and nobody gets in without one."""
        body = {"email": self.user.email, "password": self.password}
        self.key = _expect(server.ask("POST", "/api/auth/login", body), 200)["token"]
        _expect(server.ask("GET", "/api/auth/me", key=self.key), 200)
        _expect(server.ask("GET", "/api/partners"), 401)

    def create(self, server: Asked) -> None:
        """A partner, and a talk of two messages."""
        made = _expect(server.ask("POST", "/api/partners", PARTNER, key=self.key), 201)
        self.partner = made["id"]
        talk = {"partner_id": self.partner, "title": "Trial", "messages": LINES}
        self.conversation = _expect(
            server.ask("POST", "/api/conversations", talk, key=self.key), 201
        )["id"]

    def read(self, server: Asked) -> None:
        """Everything is as it was sent, and found by a word of it."""
        partner = _expect(server.ask("GET", f"/api/partners/{self.partner}", key=self.key), 200)
        if {name: partner[name] for name in PARTNER} != PARTNER:
            raise Mismatch("the partner reads differently from what was sent")
        talk = _expect(
            server.ask("GET", f"/api/conversations/{self.conversation}", key=self.key), 200
        )
        if [one["content"] for one in talk["messages"]] != [one["content"] for one in LINES]:
            raise Mismatch("the talk reads differently from what was sent")
        found = _expect(server.ask("GET", f"/api/search?mode=text&q={WORD}", key=self.key), 200)[
            "results"
        ]
        if not found:
            raise Mismatch("the search does not find what was said")

    def leave(self, server: Asked) -> None:
        """Deleting the partner takes the talk along."""
        _expect(server.ask("DELETE", f"/api/partners/{self.partner}", key=self.key), 200, 204)
        _expect(server.ask("GET", f"/api/conversations/{self.conversation}", key=self.key), 404)


@contextmanager
def traveller() -> Iterator[Traveller]:
    """A new user, deleted with everything of theirs afterwards, whatever happened."""
    password = secrets.token_urlsafe(24)
    email = f"checklist-{secrets.token_hex(6)}@convoai.invalid"
    user = create_user(email=email, password=password)
    try:
        yield Traveller(user, password)
    finally:
        user.delete()


def _expect(answer: Answer, *statuses: int) -> Any:
    if answer.status not in statuses:
        code = answer.body.get("code", "") if isinstance(answer.body, dict) else ""
        raise Mismatch(f"it answered {answer.status} {code}".rstrip())
    return answer.body
