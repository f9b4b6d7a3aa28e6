"""Three ways to load the same dialogues: the public API, the ORM in bulk, and COPY alone."""

from __future__ import annotations

import csv
import http.client
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from locomo import Dialogue, Said, Session

from conversations.models import Conversation, Message
from convoai.accounts.models import User
from partners.models import ConversationPartner

CONVERSATION_COLUMNS = ("user_id", "partner_id", "title", "started_at", "source", "external_id")
MESSAGE_COLUMNS = (
    *("user_id", "conversation_id", "position", "sender", "speaker", "content", "timestamp"),
    "created_at",
)


def through_api(dialogues: Sequence[Dialogue], port: int, key: str) -> None:
    """One request for each partner and one for each talk with its messages, one after another."""
    http_connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        http_connection.request("POST", path, json.dumps(body), headers)
        response = http_connection.getresponse()
        answer = response.read()
        if response.status != 201:
            raise SystemExit(f"POST {path} was answered {response.status}: {answer[:500]!r}")
        made: dict[str, Any] = json.loads(answer)
        return made

    for dialogue in dialogues:
        partner = post("/api/partners/", {"name": dialogue.partner})
        for session in dialogue.sessions:
            post("/api/conversations/", _talk(session, partner["id"]))
    http_connection.close()


def _talk(session: Session, partner_id: int) -> dict[str, Any]:
    return {
        "partner_id": partner_id,
        "title": session.title,
        "started_at": session.started_at.isoformat(),
        "source": "bench",
        "external_id": session.external_id,
        "messages": [
            {
                "sender": said.sender,
                "speaker": said.speaker,
                "content": said.content,
                "timestamp": said.timestamp.isoformat(),
            }
            for said in session.messages
        ],
    }


def through_orm(dialogues: Sequence[Dialogue], user: User) -> None:
    """Three bulk_create calls in one transaction."""
    with transaction.atomic():
        partners = _partners(dialogues, user)
        talks = Conversation.objects.bulk_create(
            Conversation(
                user=user,
                partner=partner,
                title=session.title,
                started_at=session.started_at,
                source="bench",
                external_id=session.external_id,
            )
            for dialogue, partner in zip(dialogues, partners, strict=True)
            for session in dialogue.sessions
        )
        sessions = (session for dialogue in dialogues for session in dialogue.sessions)
        Message.objects.bulk_create(
            (
                Message(
                    user=user,
                    conversation=talk,
                    position=place,
                    sender=said.sender,
                    speaker=said.speaker,
                    content=said.content,
                    timestamp=said.timestamp,
                )
                for talk, session in zip(talks, sessions, strict=True)
                for place, said in enumerate(session.messages)
            ),
            batch_size=1000,
        )


def through_copy(dialogues: Sequence[Dialogue], user: User) -> None:
    """COPY of the same rows into the same tables, with their triggers and indexes in place."""
    with transaction.atomic():
        partners = _partners(dialogues, user)
        _copy(
            "conversations",
            CONVERSATION_COLUMNS,
            (
                (user.pk, partner.pk, talk.title, talk.started_at, "bench", talk.external_id)
                for dialogue, partner in zip(dialogues, partners, strict=True)
                for talk in dialogue.sessions
            ),
        )
        own = Conversation.objects.owned_by(user).values_list("external_id", "pk")
        ids: dict[str | None, int] = dict(own)
        now = timezone.now()
        _copy(
            "messages",
            MESSAGE_COLUMNS,
            (
                (user.pk, ids[talk.external_id], place, *_columns(said), now)
                for dialogue in dialogues
                for talk in dialogue.sessions
                for place, said in enumerate(talk.messages)
            ),
        )


def _columns(said: Said) -> tuple[Any, ...]:
    return said.sender, said.speaker, said.content, said.timestamp


def _partners(dialogues: Sequence[Dialogue], user: User) -> list[ConversationPartner]:
    made: list[ConversationPartner] = ConversationPartner.objects.bulk_create(
        ConversationPartner(user=user, name=dialogue.partner) for dialogue in dialogues
    )
    return made


def _copy(table: str, columns: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
    file = io.StringIO()
    # Quoted text keeps an empty speaker apart from NULL.
    csv.writer(file, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    file.seek(0)
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN WITH (FORMAT csv)", file)
