"""All routes under /api, found in the URLconf, with an example of a request for each method."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django_q.models import OrmQ

from conversations.models import Conversation, ExtractedFact, Message, Topic
from convoai.accounts.models import ApiKey, User
from convoai.accounts.services import create_api_key
from convoai.analysis.jobs import queue_analysis
from convoai.transfer.archive.background import order_archive
from partners.models import ConversationPartner
from tests.api.shapes import photo, transcript
from tests.factories import PASSWORD, make_conversation, make_fact, make_partner
from tests.guards.test_routes import api_routes, view_class

METHODS = ("get", "post", "put", "patch", "delete")
TALK = [{"sender": "user", "content": "How is work?"}]
FACE = [1.0, *[0.0] * 127]
FACT = {"category": "work", "fact_key": "role", "fact_value": "baker"}

# (method, route) -> an example of a body that the owner may send. Every route and method that
# takes a body stands here; a new one must be added before the tests pass again.
BODIES: dict[tuple[str, str], Any] = {
    ("post", "api/auth/login"): {"email": "alice@example.org", "password": PASSWORD},
    ("post", "api/auth/logout"): None,
    ("post", "api/auth/logout-all"): None,
    ("post", "api/auth/keys"): {"name": "laptop"},
    ("post", "api/partners/"): {"name": "Eda"},
    ("put", "api/partners/<int:pk>"): {"name": "Eda"},
    ("patch", "api/partners/<int:pk>"): {"notes": "changed"},
    ("post", "api/partners/create-with-image"): {"name": "Eda", "image": photo},
    ("post", "api/partners/<int:pk>/upload-image"): {"image": photo},
    ("put", "api/partners/<int:pk>/embedding"): {"embedding": FACE, "model": "face-1"},
    ("post", "api/partners/match-embedding"): {"embedding": FACE},
    ("post", "api/conversations/"): {"partner_id": "PARTNER", "messages": TALK},
    ("patch", "api/conversations/<int:pk>"): {"title": "Lunch"},
    ("post", "api/conversations/<int:pk>/messages"): TALK,
    ("patch", "api/conversations/<int:pk>/promises"): {"number": 1, "state": "kept"},
    ("patch", "api/messages/<int:pk>"): {"content": "I bake bread."},
    ("post", "api/facts"): {"partner_id": "PARTNER", **FACT},
    ("patch", "api/facts/<int:pk>"): {"fact_value": "confectioner"},
    ("post", "api/facts/<int:pk>/confirm"): None,
    ("post", "api/facts/<int:pk>/correct"): {"fact_value": "confectioner"},
    ("post", "api/facts/<int:pk>/reject"): None,
    ("post", "api/facts/<int:pk>/pin"): None,
    ("post", "api/facts/bulk"): {"action": "pin", "ids": "FACTS"},
    ("post", "api/demo"): None,
    ("post", "api/conversations/transcript"): {"partner_id": "PARTNER", "file": transcript},
    ("post", "api/conversations/<int:pk>/analyze"): None,
    ("post", "api/profiles/analyze-conversation"): {"conversation_id": "TALK"},
    ("post", "api/profiles/<int:pk>/analyze-all"): None,
}
# Route -> the query without which it answers 422.
QUERIES = {"api/search": "?q=bake"}
# What stands in <int:pk>, by the beginning of the route.
OWNED = {
    "api/auth/keys": ApiKey,
    "api/partners": ConversationPartner,
    "api/profiles": ConversationPartner,
    "api/suggestions": ConversationPartner,
    "api/conversations": Conversation,
    "api/messages": Message,
    "api/facts": ExtractedFact,
    "api/jobs": OrmQ,
    "api/export": OrmQ,
}
# Whoever calls these gets no rows of anybody by their number.
OPEN = {"api/auth/login"}
FORMS = ("create-with-image", "upload-image", "transcript")
# Answered with a file that says when it was made, or with 202 while it waits to be made.
ARCHIVES = {"api/export", "api/export/<int:pk>"}


@dataclass(frozen=True)
class Call:
    """One method of one route, e.g. get and `api/partners/<int:pk>`."""

    method: str
    route: str

    def __str__(self) -> str:
        return f"{self.method} {self.route}"

    @property
    def has_id(self) -> bool:
        return "<int:pk>" in self.route

    def path(self, pk: int) -> str:
        address = self.route.replace("<int:pk>", str(pk))
        return f"/{address}{QUERIES.get(self.route, '')}"

    def body(self, partner_id: int) -> Any:
        """The example body, with a partner and a talk where one is named, and a fresh picture."""
        example = BODIES.get((self.method, self.route))
        if not isinstance(example, dict):
            return example
        filled = {name: value() if callable(value) else value for name, value in example.items()}
        for name, value in filled.items():
            if value == "PARTNER":
                filled[name] = partner_id
            elif value == "TALK":
                talk = Conversation.objects.filter(partner_id=partner_id).order_by("pk").first()
                filled[name] = talk.pk if talk else 0
            elif value == "FACTS":
                facts = ExtractedFact.objects.filter(partner_id=partner_id)
                filled[name] = list(facts.values_list("pk", flat=True)[:1])
        return filled

    def send(self, client: Any, path: str, partner_id: int) -> Any:
        """The answer to the example request at this path."""
        kind = "multipart" if self.route.endswith(FORMS) else "json"
        body = self.body(partner_id)
        if body is None:
            return getattr(client, self.method)(path)
        return getattr(client, self.method)(path, body, format=kind)


def methods_of(pattern: Any) -> Iterator[str]:
    actions = getattr(pattern.callback, "actions", None)
    found = actions or [name for name in METHODS if hasattr(view_class(pattern), name)]
    yield from (name for name in METHODS if name in found)


def all_calls() -> list[Call]:
    """Every method of every route under /api; the order of the URLconf."""
    return [Call(method, path) for path, pattern in api_routes() for method in methods_of(pattern)]


def id_for(call: Call, user: User) -> int:
    """The number of a row of the user that fits the route (0 for routes without one)."""
    if not call.has_id:
        return 0
    start = re.sub(r"/<int:pk>.*", "", call.route)
    model: Any = OWNED[start]
    if model is OrmQ:  # names its owner inside of the package
        room = "convoai.analysis" if start == "api/jobs" else "convoai.transfer"
        jobs = (job for job in OrmQ.objects.all() if job.func().startswith(room))
        return int(next(job.pk for job in jobs if job.kwargs()["owner_id"] == user.pk))
    row = model._base_manager.filter(user=user).order_by("pk").first()
    assert row is not None, f"fill() makes no {model.__name__}"
    return int(row.pk)


def fill(user: User) -> ConversationPartner:
    """One row of everything for the user; returns the partner."""
    promised: dict[str, Any] = {"title": "Lunch", "action_items": ["You: bring bread"]}
    talk = make_conversation(make_partner(user), "I bake.", "Since when?", **promised)
    topic, _ = Topic.objects.get_or_create(name="Work")
    talk.topics.add(topic, through_defaults={"user": user})
    make_fact(talk.partner, conversation=talk, source_message=talk.messages.get(position=0))
    create_api_key(user=user, name="test")
    queue_analysis(conversation=talk)
    order_archive(user=user)
    return talk.partner
