"""Vectors of messages: made while they are written, or afterwards for those without one."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from pgvector import HalfVector

from convoai.database.transactions import release_connection, write
from convoai.embedding.choice import embedder
from convoai.embedding.embedder import LONGEST_TEXT, Embedder, EmbeddingFailed, text_of_message

logger = logging.getLogger("convoai.embedding")

BATCH = 1_000
# Seconds of a background run; the next one goes on, and other jobs have their turn between.
BACKGROUND_RUN = 20.0

# Per owner, because the index begins with the owner; three ranges, because it knows no "differs".
WAITING = """
SELECT id, conversation_id, concat(xmin, ctid), speaker, left(content, %(longest)s) FROM messages
WHERE id IN (
    SELECT found.id FROM users, LATERAL (
        (SELECT id FROM messages WHERE user_id = users.id AND embedding_model IS NULL
         LIMIT %(batch)s)
        UNION ALL
        (SELECT id FROM messages WHERE user_id = users.id AND embedding_model < %(model)s
         LIMIT %(batch)s)
        UNION ALL
        (SELECT id FROM messages WHERE user_id = users.id AND embedding_model > %(model)s
         LIMIT %(batch)s)
    ) AS found
    WHERE %(owner)s::bigint IS NULL OR users.id = %(owner)s
    LIMIT %(batch)s
)
"""
AFTER = """
SELECT id, conversation_id, concat(xmin, ctid), speaker, left(content, %(longest)s) FROM messages
WHERE id > %(last)s AND (%(owner)s::bigint IS NULL OR user_id = %(owner)s)
ORDER BY id LIMIT %(batch)s
"""


class StoredVector(HalfVector):
    """Two bytes a number, which writes itself ten times faster and with half the digits."""

    def to_text(self) -> str:
        import numpy as np

        # Half precision keeps four digits of numbers below 1.
        rounded = self.to_numpy().astype(np.float64).round(5)
        return orjson.dumps(rounded, option=orjson.OPT_SERIALIZE_NUMPY).decode()


@dataclass(frozen=True)
class MessageVectors:
    """The model, and for each message its vector or None when the model knows no word of it."""

    model: str
    vectors: Sequence[StoredVector | None]


@dataclass(frozen=True)
class Waiting:
    """A message without a vector; `version` changes with the row."""

    id: int
    conversation_id: int
    version: str
    text: str


def vectors_of(messages: Sequence[Mapping[str, Any]]) -> MessageVectors | None:
    """The vectors of messages (content, perhaps speaker) that are about to be stored.

    None when there is no embedder on this machine, or it fails: the background run embeds them
    later, and no write waits or fails for it. Call it before the transaction begins.
    """
    try:
        local = embedder()
        if local is None or not local.is_local or not messages:
            return None
        vectors: list[StoredVector | None] = []
        for start in range(0, len(messages), BATCH):
            texts = [
                text_of_message(message.get("speaker") or "", message["content"])
                for message in messages[start : start + BATCH]
            ]
            vectors += map(_stored, local.embed(texts))
    except (EmbeddingFailed, ImproperlyConfigured) as error:
        logger.warning("Messages are stored without vectors: %s", error)
        return None
    return MessageVectors(local.name, vectors)


def embed_in_background() -> int:
    """What the worker does once a minute: embed for a while what has no vector of today's model.

    Returns how many it was. A failure is logged, and the next run tries again.
    """
    done = 0
    try:
        chosen = embedder()
        end = time.monotonic() + BACKGROUND_RUN
        while chosen and time.monotonic() < end:
            waiting = waiting_messages(chosen.name)
            if not waiting:
                break
            done += embed_messages(chosen, waiting)
    except (EmbeddingFailed, ImproperlyConfigured) as error:
        logger.warning("Messages wait for their vectors: %s", error)
    return done


def embed_messages(chosen: Embedder, waiting: Sequence[Waiting]) -> int:
    """Embed and store; returns how many. Raises EmbeddingFailed.

    No transaction and no connection is held while the embedder works. A message that was changed
    meanwhile is left for the next time.
    """
    release_connection()
    vectors = [_stored(vector) for vector in chosen.embed([one.text for one in waiting])]
    return store_vectors(waiting=waiting, found=MessageVectors(chosen.name, vectors))


@write
def store_vectors(*, waiting: Sequence[Waiting], found: MessageVectors) -> int:
    """Write the vectors of messages that are still as they were read; returns how many."""
    talks = sorted({one.conversation_id for one in waiting})
    with connection.cursor() as cursor:
        # Talks before messages, as all that change a talk: their own vectors follow.
        cursor.execute(
            "SELECT FROM conversations WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [talks]
        )
        cursor.execute(
            """
            UPDATE messages SET embedding = found.embedding, embedding_model = %s
            FROM unnest(%s::bigint[], %s::text[], %s::halfvec[]) AS found (id, version, embedding)
            WHERE messages.id = found.id AND concat(messages.xmin, messages.ctid) = found.version
            """,
            [
                found.model,
                [one.id for one in waiting],
                [one.version for one in waiting],
                [vector and vector.to_text() for vector in found.vectors],
            ],
        )
        return int(cursor.rowcount)


def waiting_messages(model: str, *, owner_id: int | None = None) -> list[Waiting]:
    """Some messages (of one owner, or anybody's) that have no vector of this model; none: done."""
    return _read(WAITING, {"model": model, "owner": owner_id})


def messages_after(last: int, *, owner_id: int | None = None) -> list[Waiting]:
    """The next messages (of one owner, or anybody's) whose number is greater, in order."""
    return _read(AFTER, {"last": last, "owner": owner_id})


def _read(statement: str, values: Mapping[str, Any]) -> list[Waiting]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {**values, "batch": BATCH, "longest": LONGEST_TEXT})
        return [
            Waiting(pk, talk, version, text_of_message(speaker, content))
            for pk, talk, version, speaker, content in cursor.fetchall()
        ]


def _stored(vector: list[float]) -> StoredVector | None:
    return StoredVector(vector) if any(vector) else None
