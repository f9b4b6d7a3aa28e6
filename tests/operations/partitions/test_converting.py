"""The layout changes under readers and writers, is stopped and goes on, and changes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from convoai.operations.backup.server import Server
from convoai.operations.partitions import copying
from convoai.operations.partitions.changing import apply_change, plan_apply, plan_undo
from convoai.operations.partitions.converting import convert
from convoai.operations.partitions.session import Progress
from convoai.refusals import Refusal
from tests.operations.backup.backups import execute
from tests.operations.partitions.rows import digests, fill, only, structure

REGISTRY = "conversation_ids"


class StoppedError(Exception):
    """As if the power had gone."""


def stop_at(what: str) -> Progress:
    def progress(doing: str, done: int, total: int) -> None:
        if doing.startswith(what):
            raise StoppedError

    return progress


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(copying.BATCH, "conversations", 30)
    monkeypatch.setitem(copying.BATCH, "messages", 100)


def test_there_and_back_leaves_every_row_and_every_rule(server: Server) -> None:
    fill(server)
    rows, rules = digests(server), structure(server)
    convert(server=server, by="year")
    partitioned = digests(server)
    assert partitioned.pop(REGISTRY)["rows"] == rows["conversations"]["rows"]
    assert partitioned == rows
    assert {"conversations_2020", "messages_2025", "messages_default"} <= tables(server)
    convert(server=server, by=None)
    assert digests(server) == rows
    assert structure(server) == rules
    assert only(server, "SELECT nextval(pg_get_serial_sequence('messages', 'id'))") == 321


def tables(server: Server) -> set[str]:
    return {
        one.partition(".")[0] for one in structure(server)["column"] if not one.startswith("pg_")
    }


@pytest.mark.parametrize("by", ["year", None])
@pytest.mark.parametrize("what", ["copy messages", "index idx_messages", "compare", "check keys"])
def test_what_was_stopped_goes_on_with_what_was_written_since(
    server: Server, by: str | None, what: str
) -> None:
    fill(server)
    if by is None:
        convert(server=server, by="year")
    with pytest.raises(StoppedError):
        convert(server=server, by="year" if by else None, progress=stop_at(what))
    execute(
        server,
        "DELETE FROM conversations WHERE id IN (3, 31)",
        "UPDATE conversations SET title = 'changed' WHERE id % 4 = 0",
        "UPDATE conversations SET external_id = external_id || '!' WHERE user_id = 1",
        "UPDATE messages SET content = 'changed ' || content WHERE id % 10 = 0",
        "INSERT INTO conversations (user_id, partner_id, external_id) VALUES (1, 1, 'name 4')",
        "INSERT INTO messages (user_id, conversation_id, position, sender, content) "
        "SELECT 1, max(id), 0, 'user', 'since' FROM conversations",
        "DELETE FROM users WHERE username = 'bob'",
    )
    before = digests(server)
    convert(server=server, by="year" if by else None)
    after = digests(server)
    for table in ("conversations", "messages", "extracted_facts", "conversation_topics"):
        assert after[table] == before[table]
    assert not [name for name in after if name.startswith("convoai_")]


def test_a_conversion_that_is_not_wanted_leaves_nothing_behind(server: Server) -> None:
    fill(server)
    rows, rules = digests(server), structure(server)
    with pytest.raises(StoppedError):
        convert(server=server, by="month", progress=stop_at("compare"))
    change = plan_undo(server=server)
    apply_change(change, server=server, progress=lambda what, done, total: None)
    assert digests(server) == rows
    assert structure(server) == rules


@contextmanager
def others(server: Server) -> Iterator[dict[str, list[float]]]:
    """A reader and a writer; how long each of their statements took, in seconds."""
    stop = threading.Event()
    waits: dict[str, list[float]] = {"read": [], "write": []}

    def go_on(what: str, query: str) -> None:
        with server.connect() as found, found.cursor() as cursor:
            while not stop.is_set():
                began = time.monotonic()
                cursor.execute(query)
                waits[what].append(time.monotonic() - began)
                stop.wait(0.002)

    write = (
        "WITH talk AS (INSERT INTO conversations (user_id, partner_id) VALUES (1, 1) RETURNING id) "
        "INSERT INTO messages (user_id, conversation_id, position, sender, content) "
        "SELECT 1, id, 0, 'user', 'meanwhile' FROM talk"
    )
    read = "SELECT id FROM conversations WHERE user_id = 1 ORDER BY started_at DESC LIMIT 20"
    threads = [
        threading.Thread(target=go_on, args=pair) for pair in (("read", read), ("write", write))
    ]
    for thread in threads:
        thread.start()
    try:
        yield waits
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_readers_and_writers_hardly_notice_and_lose_nothing(server: Server) -> None:
    fill(server, 500)
    with others(server) as waits:
        convert(server=server, by="year")
        convert(server=server, by=None)
    assert len(waits["read"]) > 10
    # Below 0.1 s where nobody else is at work.
    assert max(waits["read"]) < 2
    assert only(server, "SELECT count(*) FROM messages WHERE content = 'meanwhile'") == len(
        waits["write"]
    )


def test_one_change_at_a_time(server: Server) -> None:
    from convoai.operations.partitions.session import changing

    def attempt() -> None:
        with changing(server, patience=0):
            pass

    with changing(server):
        assert refusal(attempt) == "running"
    attempt()


def test_what_cannot_be_is_said(server: Server) -> None:
    assert refusal(lambda: plan_undo(server=server)) == "plain"
    execute(server, "CREATE VIEW seen AS SELECT id FROM messages")
    try:
        with pytest.raises(Refusal, match="The view seen"):
            plan_apply(server=server, by="year")
    finally:
        execute(server, "DROP VIEW seen")
    assert refusal(lambda: convert(server=server, by=None)) == "already"
    convert(server=server, by="year")
    assert refusal(lambda: convert(server=server, by="month")) == "already"
    assert refusal(lambda: plan_apply(server=server, by="month")) == "already"
    with pytest.raises(StoppedError):
        convert(server=server, by=None, progress=stop_at("compare"))
    assert plan_apply(server=server, by="year").abandons


def refusal(work: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as found:
        work()
    return found.value.code


def test_a_migration_meanwhile_is_not_lost(server: Server) -> None:
    with pytest.raises(StoppedError):
        convert(server=server, by="year", progress=stop_at("compare"))
    execute(server, "ALTER TABLE messages ADD COLUMN mood text")
    try:
        assert refusal(lambda: convert(server=server, by="year")) == "changed"
    finally:
        execute(server, "ALTER TABLE messages DROP COLUMN mood")
    convert(server=server, by="year")
