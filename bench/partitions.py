"""Ordinary tables beside partitioned ones, and what a conversion costs those who read meanwhile.

    python bench/partitions.py --messages 100000      # both layouts, one after the other
    python bench/partitions.py --convert              # 1,000,000 messages, with readers and writers

Makes a database of its own in the data folder DATA_DIR, or `.data-bench`, and removes it again.
"""

from __future__ import annotations

import argparse
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import project
import psycopg2

NAME = "convoai_bench_partitions"
OWNERS = 1_000
YEARS = 8
PER_TALK = 10
# Without the triggers of each row, which would take most of the time of filling.
FILL = """
INSERT INTO users (email, username, hashed_password, is_superuser)
    SELECT 'u' || n || '@example.org', 'u' || n, '!', false FROM generate_series(1, {owners}) AS n;
INSERT INTO conversation_partners (user_id, name) SELECT id, 'Partner' FROM users;
ALTER TABLE conversations DISABLE TRIGGER USER;
ALTER TABLE messages DISABLE TRIGGER USER;
INSERT INTO conversations (user_id, partner_id, title, started_at, created_at, transcript_search)
    SELECT p.user_id, p.id, 'Talk ' || n, m, m,
           to_tsvector('english', 'Talk ' || n) || convoai_owner_word(p.user_id)
    FROM (SELECT n, now() - interval '{days} days' * (1 - n::float8 / {talks}) AS m
          FROM generate_series(1, {talks}) AS n) AS talk
    JOIN (SELECT *, row_number() OVER () - 1 AS at FROM conversation_partners) AS p
        ON p.at = talk.n % {owners};
INSERT INTO messages (user_id, conversation_id, position, sender, content, timestamp, created_at,
                      search)
    SELECT user_id, id, k, CASE k % 2 WHEN 0 THEN 'user' ELSE 'partner' END, words,
           created_at, created_at, to_tsvector('english', words) || convoai_owner_word(user_id)
    FROM conversations, generate_series(0, {per_talk} - 1) AS k, LATERAL (
        SELECT 'We talked about subject' || (id * 7 + k) % 5000 || ' and thing' || id % 900
               || ' for a while, and then the garden, the weather and the long way home.' AS words
    ) AS made;
ALTER TABLE messages ENABLE TRIGGER USER;
ALTER TABLE conversations ENABLE TRIGGER USER;
"""


@contextmanager
def database() -> Iterator[Any]:
    """A fresh database with convoai's schema beside the bench's own; its Server."""
    from django.core.management import call_command
    from django.db import connection

    from convoai.operations.backup.server import configured_server

    def drop() -> None:
        with server.connect() as found, found.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")

    server = configured_server()
    drop()
    try:
        with server.connect() as found, found.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {NAME}")
        connection.close()
        connection.settings_dict["NAME"] = NAME
        call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
        connection.close()
        yield server.named(NAME)
    finally:
        drop()


def fill(server: Any, messages: int) -> None:
    began = time.monotonic()
    with server.connect() as found, found.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        script = FILL.format(
            owners=OWNERS, talks=messages // PER_TALK, per_talk=PER_TALK, days=365 * YEARS
        )
        for statement in script.strip().split(";\n"):
            cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE")
    print(f"{messages:,} messages in {time.monotonic() - began:.0f} s", flush=True)


class Crowd:
    """Readers and writers that go on all the while, and how long each question took."""

    def __init__(self, server: Any, *, readers: int = 3, writers: int = 1) -> None:
        self._server, self._stop = server, threading.Event()
        self.waits: list[tuple[float, float]] = []
        self.write_waits: list[tuple[float, float]] = []
        self.written: list[int] = []
        self.problems: list[str] = []
        self._threads = [threading.Thread(target=self._read) for _ in range(readers)]
        self._threads += [threading.Thread(target=self._write) for _ in range(writers)]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _read(self) -> None:
        asked = (
            "SELECT id, title FROM conversations WHERE user_id = %(owner)s "
            "ORDER BY started_at DESC, id DESC LIMIT 20",
            "SELECT count(*) FROM messages WHERE conversation_id = %(talk)s",
            "SELECT id FROM messages WHERE id = %(talk)s",
            "SELECT f.id FROM extracted_facts f WHERE user_id = %(owner)s LIMIT 5",
        )
        chance = random.Random(threading.get_ident())
        self._each(
            lambda cursor: cursor.execute(
                chance.choice(asked),
                {"owner": chance.randint(1, OWNERS), "talk": chance.randint(1, 1000)},
            ),
            self.waits,
        )

    def _write(self) -> None:
        def write(cursor: Any) -> None:
            cursor.execute("BEGIN")
            cursor.execute(
                "INSERT INTO conversations (user_id, partner_id, title) SELECT user_id, id, 'new' "
                "FROM conversation_partners ORDER BY random() LIMIT 1 RETURNING id, user_id"
            )
            talk, user = cursor.fetchone()
            cursor.execute(
                "INSERT INTO messages (user_id, conversation_id, position, sender, content) "
                "VALUES (%s, %s, 0, 'user', 'said meanwhile') RETURNING id",
                [user, talk],
            )
            (message,) = cursor.fetchone()
            cursor.execute("COMMIT")
            self.written.append(message)

        self._each(write, self.write_waits)

    def _each(self, work: Callable[[Any], None], waits: list[tuple[float, float]]) -> None:
        with self._server.connect() as found, found.cursor() as cursor:
            while not self._stop.is_set():
                began = time.monotonic()
                try:
                    work(cursor)
                except psycopg2.Error as error:
                    self.problems.append(repr(error)[:200])
                    cursor.execute("ROLLBACK")
                waits.append((time.monotonic() - began, began))
                self._stop.wait(0.005)


def convert(messages: int) -> None:
    """The longest wait of a reader while the layout changes, and back."""
    from convoai.operations.partitions.converting import convert as change

    with database() as server:
        fill(server, messages)
        with Crowd(server) as crowd:
            time.sleep(10)
        report("before", crowd, 10)
        ways: list[tuple[Literal["year"] | None, str]] = [
            ("year", "to partitions"),
            (None, "back to ordinary tables"),
        ]
        for by, name in ways:
            said: dict[str, float] = {}

            def progress(what: str, done: int, total: int, said: dict[str, float] = said) -> None:
                said.setdefault(what if "ed," in what else what.split()[0], time.monotonic())

            with Crowd(server) as crowd:
                began = time.monotonic()
                change(server=server, by=by, progress=progress)
                took = time.monotonic() - began
            report(name, crowd, took)
            print("   ", {what: f"from {at - began:.1f} s" for what, at in said.items()})
            with server.connect() as found, found.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM unnest(%s::bigint[]) AS written (id) WHERE NOT "
                    "EXISTS (SELECT FROM messages WHERE messages.id = written.id)",
                    [crowd.written],
                )
                print(
                    f"    lost: {cursor.fetchone()[0]} of {len(crowd.written):,} written",
                    flush=True,
                )


def report(name: str, crowd: Crowd, took: float) -> None:
    reads = sorted(wait for wait, _ in crowd.waits)
    writes = sorted(wait for wait, _ in crowd.write_waits)
    print(
        f"{name}: {took:.1f} s; readers: {len(reads):,} questions, half below "
        f"{reads[len(reads) // 2] * 1000:.1f} ms, longest {reads[-1] * 1000:.0f} ms; writers: "
        f"{len(writes):,}, half below {writes[len(writes) // 2] * 1000:.1f} ms, longest "
        f"{writes[-1] * 1000:.0f} ms; errors: {len(crowd.problems)} {crowd.problems[:2] or ''}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--convert", action="store_true", help="measure a conversion")
    options = parser.parse_args()
    project.set_up()
    if options.convert:
        convert(options.messages)
        return
    from partition_sides import compare

    with database() as server:
        fill(server, options.messages)
        compare(server)


if __name__ == "__main__":
    main()
