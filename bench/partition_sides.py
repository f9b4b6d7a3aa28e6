"""The same questions of ordinary tables and of partitioned ones, in one database, one by one."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

ROUNDS = 100
OWNER, TALK, MESSAGE = "%(owner)s", "%(talk)s", "%(message)s"
QUESTIONS = {
    "newest 20 talks of an owner": (
        f"SELECT id, title, started_at FROM conversations WHERE user_id = {OWNER} "
        "ORDER BY started_at DESC, id DESC LIMIT 20"
    ),
    "a talk by id": f"SELECT id, title FROM conversations WHERE id = {TALK} AND user_id = {OWNER}",
    "a message by id": f"SELECT id, content FROM messages WHERE id = {MESSAGE}",
    "the messages of a talk": (
        f"SELECT id, content FROM messages WHERE conversation_id = {TALK} ORDER BY position"
    ),
    "search, one owner": (
        "SELECT id FROM messages WHERE search @@ (convoai_owner_word_query("
        f"{OWNER}) && plainto_tsquery('english', 'subject' || {OWNER})) LIMIT 20"
    ),
    "messages of one month, counted": (
        "SELECT count(*) FROM messages WHERE created_at >= %(month)s "
        "AND created_at < %(month)s::timestamptz + interval '1 month'"
    ),
}
# As the search writes it: the owner is a word with a space in it.
OWNER_QUERY = """
CREATE OR REPLACE FUNCTION convoai_owner_word_query(owner bigint) RETURNS tsquery
LANGUAGE sql IMMUTABLE AS $$ SELECT ('''owner ' || owner || '''')::tsquery $$
"""
INSERT = (
    "INSERT INTO messages (user_id, conversation_id, position, sender, content) "
    f"SELECT user_id, id, %(position)s, 'user', 'said now' FROM conversations WHERE id = {TALK}"
)


def compare(server: Any) -> None:
    """Measure, change the layout, measure again; print both beside each other."""
    from convoai.operations.partitions.converting import convert
    from convoai.operations.partitions.detaching import detach
    from convoai.operations.partitions.periods import period_named

    with server.connect() as found, found.cursor() as cursor:
        cursor.execute(OWNER_QUERY)
        cursor.execute("VACUUM ANALYZE")
    plain = measure(server, first=1_000)
    convert(server=server, by="year")
    with server.connect() as found, found.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    partitioned = measure(server, first=2_000)
    print(f"{'ms, the quicker quarter of ' + str(ROUNDS):40} {'ordinary':>10} {'by year':>10}")
    for name, value in plain.items():
        print(f"{name:40} {value:10.2f} {partitioned[name]:10.2f}")
    explain(server)
    with server.connect() as found, found.cursor() as cursor:
        cursor.execute("SELECT to_char(min(created_at) + interval '1 year', 'YYYY') FROM messages")
        (year,) = cursor.fetchone()
    began = time.monotonic()
    taken = detach(server=server, period=period_named(year))
    print(f"detach {year}: {taken.messages:,} messages, {time.monotonic() - began:.2f} s")
    following = str(int(year) + 1)
    began = time.monotonic()
    with server.connect() as found, found.cursor() as cursor:
        cursor.execute(
            "DELETE FROM conversations WHERE created_at >= %s AND created_at < %s",
            [f"{following}-01-01Z", f"{int(following) + 1}-01-01Z"],
        )
        print(f"DELETE {following}: {cursor.rowcount:,} talks, {time.monotonic() - began:.2f} s")


def measure(server: Any, *, first: int) -> dict[str, float]:
    """Milliseconds within which the quicker quarter of ROUNDS was done: others are at work too."""
    chance = random.Random(7)
    with server.connect() as found, found.cursor() as cursor:
        # The work, not the waiting for the disk, which is the same for both.
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SELECT min(id), max(id) FROM conversations")
        talks = cursor.fetchone()
        cursor.execute("SELECT max(id) FROM messages")
        (messages,) = cursor.fetchone()

        def values() -> dict[str, Any]:
            return {
                "owner": chance.randint(1, 1000),
                "talk": chance.randint(*talks),
                "message": chance.randint(1, messages),
                "month": f"2023-{chance.randint(1, 12):02}-01",
            }

        def ask(query: str) -> None:
            cursor.execute(query, values())

        results = {name: timed(partial(ask, query)) for name, query in QUESTIONS.items()}
        positions = iter(range(first, first + 1_000))
        results["insert of a message"] = timed(
            lambda: cursor.execute(INSERT, {**values(), "position": next(positions)})
        )
        cursor.execute("SELECT id FROM conversations ORDER BY random() LIMIT %s", [ROUNDS + 5])
        doomed = iter([talk for (talk,) in cursor.fetchall()])
        results["delete of a talk with its messages"] = timed(
            lambda: cursor.execute("DELETE FROM conversations WHERE id = %s", [next(doomed)])
        )
        return results


def timed(work: Callable[[], object]) -> float:
    for _ in range(5):
        work()
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.quantiles(took, n=4)[0] * 1000


def explain(server: Any) -> None:
    """Which partitions a question about one month reads."""
    with server.connect() as found, found.cursor() as cursor:
        cursor.execute(
            "EXPLAIN (COSTS OFF) SELECT count(*) FROM messages "
            "WHERE created_at >= '2023-03-01Z' AND created_at < '2023-04-01Z'"
        )
        print("\n".join(line for (line,) in cursor.fetchall()))
