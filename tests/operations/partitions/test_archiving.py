"""A year leaves the tables as whole talks, loses nothing, and comes back as it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from convoai.operations.backup.server import Server
from convoai.operations.partitions.archive import count_period
from convoai.operations.partitions.attaching import attach
from convoai.operations.partitions.detaching import detach
from convoai.operations.partitions.direct import unpartition_at_once
from convoai.operations.partitions.names import REGISTRY
from convoai.operations.partitions.periods import period_named
from convoai.operations.partitions.session import transaction
from convoai.refusals import Refusal
from tests.operations.backup.backups import execute
from tests.operations.partitions.rows import digests, fill, only, partition, structure

YEAR = period_named("2021")
# Of 40 talks of each of two owners, a fifth.
TALKS = 16


@pytest.fixture
def filled(server: Server) -> Server:
    fill(server)
    partition(server)
    return server


def test_a_year_goes_as_whole_talks_and_comes_back_as_it_was(filled: Server) -> None:
    before = digests(filled)
    planned = count_period(server=filled, period=YEAR)
    taken = detach(server=filled, period=YEAR)
    assert taken == planned
    assert (taken.talks, taken.messages, taken.facts) == (TALKS, 4 * TALKS, TALKS)
    gone = "created_at >= '2021-01-01Z' AND created_at < '2022-01-01Z'"
    assert only(filled, f"SELECT count(*) FROM conversations WHERE {gone}") == 0
    # What was said in 2021 in a talk of 2020 stays, and what was said later in one of 2021 goes.
    talks_of_messages = "SELECT count(*) FROM messages WHERE conversation_id NOT IN "
    assert only(filled, f"{talks_of_messages} (SELECT id FROM conversations)") == 0
    assert only(filled, f"SELECT count(*) FROM messages WHERE {gone}") > 0
    assert only(filled, "SELECT count(*) FROM conversation_ids") == 80 - TALKS
    assert only(filled, "SELECT count(*) FROM extracted_facts") == 80
    unlinked = "SELECT count(*) FROM extracted_facts WHERE conversation_id IS NULL"
    assert only(filled, f"{unlinked} AND source_message_id IS NULL AND quote <> ''") == TALKS
    attach(server=filled, period=YEAR)
    assert digests(filled) == before
    assert structure(filled)


def test_what_was_dumped_and_restored_comes_back_too(filled: Server) -> None:
    before = digests(filled)
    detach(server=filled, period=YEAR)
    # A restore reads conditions as they were written out, and writes them differently then.
    table, rule = "convoai_archive.conversations_2021", "conversations_readable_times"
    definition = only(
        filled,
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
        f"WHERE conname = '{rule}' AND conrelid = to_regclass('{table}')",
    )
    execute(
        filled,
        f"ALTER TABLE {table} DROP CONSTRAINT {rule}",
        f"ALTER TABLE {table} ADD CONSTRAINT {rule} {definition}",
    )
    attach(server=filled, period=YEAR)
    assert digests(filled) == before
    assert structure(filled)


def test_detached_talks_of_a_deleted_user_are_deleted(filled: Server) -> None:
    detach(server=filled, period=YEAR)
    execute(filled, "DELETE FROM users WHERE username = 'bob'")
    kept = "convoai_archive.conversations_2021"
    assert only(filled, f"SELECT count(*) FROM {kept}") == TALKS / 2
    everything = "SELECT count(*) FROM convoai_archive.messages_2021"
    assert only(filled, f"{everything} WHERE conversation_id NOT IN (SELECT id FROM {kept})") == 0
    attach(server=filled, period=YEAR)
    assert only(filled, "SELECT count(*) FROM conversations") == 40
    assert only(filled, "SELECT count(*) FROM messages") == 160


def test_what_was_deleted_since_a_restored_backup_stays_deleted(filled: Server) -> None:
    talk = only(filled, "SELECT min(id) FROM conversations WHERE created_at >= '2021-01-02'")
    ledger = f"SELECT 'conversations', id, created_at, now() FROM conversations WHERE id = {talk}"
    columns = "table_name, row_id, made_at, erased_at"
    execute(filled, f"INSERT INTO erasures ({columns}) {ledger}")
    detach(server=filled, period=YEAR)
    attach(server=filled, period=YEAR)
    assert only(filled, "SELECT count(*) FROM conversations") == 79
    assert only(filled, f"SELECT count(*) FROM messages WHERE conversation_id = {talk}") == 0


def test_a_name_that_was_taken_meanwhile_is_told_before_anything_is_done(filled: Server) -> None:
    name = only(
        filled,
        "SELECT external_id FROM conversations WHERE user_id = 1 "
        "AND created_at < '2022-01-01Z' AND created_at > '2021-01-01Z' LIMIT 1",
    )
    detach(server=filled, period=YEAR)
    add = "INSERT INTO conversations (user_id, partner_id, external_id) VALUES (1, 1, '{}')"
    execute(filled, add.format(name))
    with pytest.raises(Refusal, match="1 newer conversations"):
        attach(server=filled, period=YEAR)
    execute(filled, f"DELETE FROM conversations WHERE external_id = '{name}'")
    attach(server=filled, period=YEAR)


@pytest.mark.parametrize("again", [False, True])
def test_the_archive_outlives_a_change_of_the_layout(filled: Server, again: bool) -> None:
    before = digests(filled)
    detach(server=filled, period=YEAR)
    with filled.connect() as found, transaction(found) as cursor:
        unpartition_at_once(cursor)
    if again:
        # The year has a partition then, for what stayed of it.
        partition(filled)
    attach(server=filled, period=YEAR)
    after = digests(filled)
    assert after.pop(REGISTRY, None) == (before[REGISTRY] if again else None)
    assert after == {name: kept for name, kept in before.items() if name != REGISTRY}


def test_what_is_not_there_is_said(filled: Server) -> None:
    with pytest.raises(Refusal, match="no partition 1999 of conversations: there are 2020, 2021"):
        count_period(server=filled, period=period_named("1999"))
    with pytest.raises(Refusal, match="2021 is not in the archive: there are none"):
        attach(server=filled, period=YEAR)
    detach(server=filled, period=YEAR)
    with pytest.raises(Refusal, match="in the archive already"):
        count_period(server=filled, period=YEAR)
    with pytest.raises(Refusal, match="not over"):
        detach(server=filled, period=period_named(str(datetime.now(UTC).year)))


@pytest.mark.parametrize("on", [detach, attach])
def test_detaching_that_was_stopped_half_way_goes_on_or_back(
    filled: Server, on: Callable[..., object]
) -> None:
    before = digests(filled)

    def stop(what: str, done: int, total: int) -> None:
        if what == "tidy up":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        detach(server=filled, period=YEAR, progress=stop)
    assert count_period(server=filled, period=YEAR).talks == TALKS
    on(server=filled, period=YEAR)
    if on is detach:
        attach(server=filled, period=YEAR)
    assert digests(filled) == before
