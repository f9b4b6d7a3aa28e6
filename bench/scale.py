"""How fast search answers in a database of many people, over HTTP, for owners of several sizes.

    python bench/scale.py --build            # once: 1,000,000 messages of 1,000 owners
    python bench/scale.py                    # measures what is there
    python bench/scale.py --peers            # next to tantivy and SQLite FTS5 on the same messages

Works in a data folder of its own: DATA_DIR, or `.data-bench`.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import crowd
import project
from server import running_server
from traffic import measure, request

DOMAIN = "scale.example.org"
BATCH = 2_500  # talks, so 50,000 messages
QUESTIONS = 60
LIMIT = 20
MODES = ("text", "semantic", "hybrid")
TABLES = ("users", "conversation_partners", "conversations", "messages")
TALK_COLUMNS = "id, user_id, partner_id, title, started_at, source"
MESSAGE_COLUMNS = (
    "user_id, conversation_id, position, sender, content, timestamp, embedding, embedding_model"
)


def build(count: int, messages: int, *, vectors: bool) -> None:
    """Fill an empty database with the crowd by COPY, with all triggers and indexes in place."""
    from django.db import connection

    from convoai.accounts.models import User

    people = crowd.owners(count, messages)
    User.objects.filter(email__endswith=f"@{DOMAIN}").delete()
    took = dict.fromkeys(("people", "text", "vectors", "conversations", "messages", "VACUUM"), 0.0)
    with timed(took, "people"):
        ids = make_people(people)
    rest = crowd.talks(people)
    written = 0
    while True:
        with timed(took, "text"):
            batch = list(islice(rest, BATCH))
        if not batch:
            break
        write(batch, ids, took, vectors=vectors)
        written += sum(len(talk.messages) for talk in batch)
        print(f"\r{written:,} messages", end="", flush=True)
    print()
    with timed(took, "VACUUM"), connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    for name, seconds in took.items():
        print(f"{name}: {seconds:.1f} s, {written / max(seconds, 1e-9):,.0f} messages/s")


def write(
    batch: list[crowd.Talk],
    people: tuple[list[int], list[list[int]]],
    took: dict[str, float],
    *,
    vectors: bool,
) -> None:
    """Copy these talks and their messages into the tables, in one transaction."""
    from django.db import connection, transaction

    users, partners = people
    embedded: Iterator[tuple[str, str]] = cycle([("", "")])
    if vectors:
        with timed(took, "vectors"):
            embedded = embed(batch)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence('conversations', 'id'))"
                " FROM generate_series(1, %s)",
                [len(batch)],
            )
            ids = [row[0] for row in cursor.fetchall()]
        with timed(took, "conversations"):
            copy("conversations", TALK_COLUMNS, talk_rows(batch, ids, users, partners))
        with timed(took, "messages"):
            copy("messages", MESSAGE_COLUMNS, message_rows(batch, ids, users, embedded))


@contextmanager
def timed(took: dict[str, float], name: str) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    took[name] += time.perf_counter() - begin


def make_people(people: list[crowd.Owner]) -> tuple[list[int], list[list[int]]]:
    """Ids of the owners, and of the partners of each."""
    from convoai.accounts.models import User
    from partners.models import ConversationPartner

    made = User.objects.bulk_create(
        User(email=f"owner-{o.number}-{o.messages}@{DOMAIN}", username=f"scale-{o.number}")
        for o in people
    )
    rows = ConversationPartner.objects.bulk_create(
        (
            ConversationPartner(user=user, name=f"Person {number}")
            for user in made
            for number in range(crowd.PARTNERS)
        ),
        batch_size=2_000,
    )
    ids = iter([row.pk for row in rows])
    return [user.pk for user in made], [list(islice(ids, crowd.PARTNERS)) for _ in made]


def embed(batch: list[crowd.Talk]) -> Iterator[tuple[str, str]]:
    """(vector as SQL reads it, name of its model) of every message."""
    from convoai.embedding.choice import embedder

    chosen = embedder()
    if chosen is None:
        raise SystemExit("EMBEDDER is none: leave --no-vectors out only with an embedder.")
    texts = [content for talk in batch for _, content, _ in talk.messages]
    vectors = chosen.embed(texts)
    return iter([(f"[{','.join(f'{n:.5g}' for n in row)}]", chosen.name) for row in vectors])


def talk_rows(
    batch: list[crowd.Talk], ids: list[int], users: list[int], partners: list[list[int]]
) -> Iterator[tuple[Any, ...]]:
    for pk, talk in zip(ids, batch, strict=True):
        partner = partners[talk.owner][talk.partner]
        yield pk, users[talk.owner], partner, f"Talk {pk}", talk.started_at, "bench"


def message_rows(
    batch: list[crowd.Talk], ids: list[int], users: list[int], embedded: Iterator[tuple[str, str]]
) -> Iterator[tuple[Any, ...]]:
    for pk, talk in zip(ids, batch, strict=True):
        for place, (sender, content, said_at) in enumerate(talk.messages):
            vector, model = next(embedded)
            yield users[talk.owner], pk, place, sender, content, said_at, vector, model


def copy(table: str, columns: str, rows: Iterator[tuple[Any, ...]]) -> None:
    from django.db import connection

    file = io.StringIO()
    csv.writer(file).writerows(rows)
    file.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN WITH (FORMAT csv)", file)


def print_sizes() -> None:
    from django.db import connection

    print("\n| table | rows | heap MB | TOAST MB | indexes MB |\n|---|--:|--:|--:|--:|")
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                "SELECT c.reltuples::bigint, pg_relation_size(c.oid),"
                " coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0),"
                " pg_indexes_size(c.oid) FROM pg_class c WHERE c.oid = %s::regclass",
                [table],
            )
            rows, *sizes = cursor.fetchone()
            print(f"| {table} | {rows:,} | {' | '.join(f'{s / 1e6:,.0f}' for s in sizes)} |")


def questions_of(user_id: int) -> list[str]:
    """Questions about messages of the owner, picked evenly."""
    from conversations.models import Message

    dice = random.Random(user_id)
    ids = list(Message.objects.filter(user_id=user_id).values_list("pk", flat=True))
    picked = dice.sample(ids, min(QUESTIONS, len(ids)))
    said = Message.objects.filter(pk__in=picked).order_by("pk").values_list("content", flat=True)
    return [crowd.question(dice, content) for content in said]


def measured_owners() -> list[tuple[int, int]]:
    """(size, id) of one owner of each measured size, and of one of the many."""
    from convoai.accounts.models import User

    found: dict[int, int] = {}
    own = User.objects.filter(email__endswith=f"@{DOMAIN}").order_by("pk")
    for pk, email in own.values_list("pk", "email"):
        found.setdefault(int(email.split("@")[0].split("-")[2]), pk)
    if not found:
        raise SystemExit("There is no crowd yet: run bench/scale.py --build first.")
    return sorted(found.items())


def measure_search(port: int, seconds: float) -> None:
    from convoai.accounts.models import User
    from convoai.accounts.services import create_api_key

    print("\n| messages of the owner | mode | p50 ms | p95 ms | searches/s | KB |")
    print("|--:|---|--:|--:|--:|--:|", flush=True)
    for size, pk in measured_owners():
        key = create_api_key(user=User.objects.get(pk=pk), name="scale")[1]
        asked = questions_of(pk)
        for mode in MODES:
            paths = [f"/api/search?limit={LIMIT}&mode={mode}&q={quote(text)}" for text in asked]
            turn = cycle([request("GET", path, key) for path in paths]).__next__
            took = measure(port, turn, clients=1, seconds=seconds)
            print(
                f"| {size:,} | {mode} | {took.p50:.1f} | {took.p95:.1f} | {took.per_second:,.0f} |"
                f" {took.answer_bytes / 1000:.0f} |",
                flush=True,
            )


def measure_peers() -> None:
    """The text part in other engines, in this process and without HTTP."""
    from peers import Peer, SQLite, Tantivy, asked_words

    from conversations.models import Message

    print("\n| engine | filled in s | messages of the owner | p50 ms | p95 ms |")
    print("|---|--:|--:|--:|--:|", flush=True)
    kinds: list[Callable[[Path], Peer]] = [Tantivy, SQLite]
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder:
            peer = kind(Path(folder))
            begin = time.perf_counter()
            peer.fill(
                Message.objects.filter(user__email__endswith=f"@{DOMAIN}")
                .values_list("pk", "user_id", "content")
                .order_by()
                .iterator(chunk_size=20_000)
            )
            filled = time.perf_counter() - begin
            for size, pk in measured_owners():
                asked = [asked_words(text) for text in questions_of(pk)]
                took = []
                for words in asked * 5:
                    begin = time.perf_counter()
                    peer.find(pk, words, LIMIT)
                    took.append((time.perf_counter() - begin) * 1000)
                cuts = statistics.quantiles(took, n=20)
                print(
                    f"| {peer.name} | {filled:.0f} | {size:,} | {statistics.median(took):.2f} |"
                    f" {cuts[18]:.2f} |",
                    flush=True,
                )


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure search among many people's messages.")
    parser.add_argument("--build", action="store_true", help="make the crowd anew")
    parser.add_argument("--owners", type=int, default=1_000)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--no-vectors", action="store_true", help="build without embeddings")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each line of the table")
    parser.add_argument("--peers", action="store_true", help="measure tantivy and FTS5 too")
    options = parser.parse_args()
    project.set_up()
    if options.build:
        try:
            build(options.owners, options.messages, vectors=not options.no_vectors)
        except ValueError as error:
            raise SystemExit(str(error)) from None
    print_sizes()
    with running_server(SINGLE_USER="") as server:
        measure_search(server.port, options.seconds)
    if options.peers:
        measure_peers()


if __name__ == "__main__":
    main()
