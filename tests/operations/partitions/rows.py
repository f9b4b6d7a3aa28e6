"""Talks of several years, and looking at all there is."""

from __future__ import annotations

from typing import Any

from convoai.operations.backup.digests import SESSION, digest_tables
from convoai.operations.backup.server import Server
from convoai.operations.backup.structure import Structure, faults, read_structure
from convoai.operations.partitions.direct import partition_at_once
from convoai.operations.partitions.session import transaction
from tests.operations.backup.backups import execute

# Two owners with a partner each; talks of 2020 to 2024, every seventh with its last message in
# the year after; topics; facts that rest on messages, some with a newer value.
FILL = (
    "INSERT INTO users (email, username, hashed_password, is_superuser) "
    "SELECT name || '@example.org', name, '!', false FROM unnest(ARRAY['alice', 'bob']) AS name",
    "INSERT INTO conversation_partners (user_id, name) SELECT id, 'Dana' FROM users ORDER BY id",
    "INSERT INTO conversations (user_id, partner_id, title, external_id, started_at, created_at) "
    "SELECT p.user_id, p.id, 'Talk ' || n, 'name ' || n, m, m FROM conversation_partners AS p, "
    "generate_series(1, {talks}) AS n, "
    "LATERAL (SELECT timestamptz '2020-06-01 12:00Z' + (n % 5) * interval '1 year' AS m) AS made",
    "INSERT INTO messages (user_id, conversation_id, position, sender, content, created_at, "
    "embedding, embedding_model) SELECT user_id, id, k, 'user', 'word' || id || ' is ' || k, "
    "created_at + CASE WHEN id % 7 = 0 AND k = 3 THEN interval '1 year' ELSE interval '0' END, "
    "CASE WHEN k = 0 THEN '[1,2,3]'::halfvec END, CASE WHEN k = 0 THEN 'tiny' END "
    "FROM conversations, generate_series(0, 3) AS k ORDER BY id, k",
    "INSERT INTO topics (name, name_key) VALUES ('Sailing', 'sailing')",
    "INSERT INTO conversation_topics (user_id, conversation_id, topic_id) "
    "SELECT user_id, id, (SELECT max(id) FROM topics) FROM conversations WHERE id % 3 = 0",
    "INSERT INTO extracted_facts (user_id, partner_id, conversation_id, source_message_id, "
    "category, fact_key, fact_value, quote, quote_start, many_valued) SELECT m.user_id, "
    "c.partner_id, c.id, m.id, 'work', 'job', content, content, 0, true FROM messages AS m "
    "JOIN conversations AS c ON c.id = m.conversation_id WHERE position = 3",
)


def fill(server: Server, talks: int = 40) -> None:
    execute(server, *(statement.format(talks=talks) for statement in FILL))


def partition(server: Server) -> None:
    """At once, for tests of what holds afterwards."""
    with server.connect() as found, transaction(found) as cursor:
        partition_at_once(cursor)


def digests(server: Server) -> dict[str, Any]:
    with server.connect() as found:
        with found.cursor() as cursor:
            cursor.execute(SESSION)
        return dict(digest_tables(found))


def structure(server: Server) -> Structure:
    with server.connect() as found:
        assert not list(faults(found))
        return read_structure(found)


def ask(server: Server, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with server.connect() as found, found.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
        cursor.execute(query, values or None)
        return list(cursor.fetchall())


def only(server: Server, query: str, *values: Any) -> Any:
    return ask(server, query, *values)[0][0]
