"""What happens to the tables while their layout changes, or while a period is in the archive."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from convoai.database.cluster import SUPERUSER
from convoai.operations.backup.server import Server
from convoai.operations.partitions import steps
from convoai.operations.partitions.attaching import attach
from convoai.operations.partitions.converting import convert
from convoai.operations.partitions.detaching import detach
from convoai.operations.partitions.ensuring import ensure
from convoai.operations.partitions.periods import period_named
from convoai.operations.partitions.planning import plan_partitions
from convoai.operations.partitions.session import insist
from convoai.refusals import Refusal
from tests.operations.backup.backups import execute
from tests.operations.partitions.rows import digests, fill, only, partition
from tests.operations.partitions.test_converting import StoppedError, stop_at

# Talks that get another partner, while their copies still have the first.
MERGE = (
    "INSERT INTO conversation_partners (user_id, name) VALUES (1, 'Dana again')",
    "BEGIN; "
    "UPDATE conversations SET partner_id = (SELECT max(id) FROM conversation_partners) "
    "WHERE partner_id = 1; "
    "UPDATE extracted_facts SET partner_id = (SELECT max(id) FROM conversation_partners) "
    "WHERE partner_id = 1; "
    "DELETE FROM conversation_partners WHERE id = 1; COMMIT",
)


@pytest.mark.parametrize("by", ["year", None])
@pytest.mark.parametrize("when", ["compare conversations", "exchange"])
def test_a_partner_that_goes_takes_no_message_of_talks_it_no_longer_has(
    server: Server, by: str | None, when: str
) -> None:
    fill(server)
    if by is None:
        partition(server)
    before: dict[str, Any] = {}

    def progress(what: str, done: int, total: int) -> None:
        if what == when and not before:
            execute(server, *MERGE)
            before.update(digests(server))

    convert(server=server, by="year" if by else None, progress=progress)
    after = digests(server)
    for table in ("conversations", "messages", "extracted_facts", "conversation_topics"):
        assert after[table] == before[table]


@pytest.mark.parametrize("by", ["year", None])
def test_a_name_goes_to_another_talk_long_after_that_one_changed(
    server: Server, monkeypatch: pytest.MonkeyPatch, by: str | None
) -> None:
    fill(server)
    if by is None:
        partition(server)
    monkeypatch.setattr(steps, "FOLLOWED", 20)
    monkeypatch.setattr(steps, "insist", partial(insist, minutes=0.02))
    done: list[str] = []

    def progress(what: str, _done: int, _total: int) -> None:
        if what == "exchange" and not done:
            done.append(what)
            execute(
                server,
                "UPDATE conversations SET title = 'early' WHERE id = 9",
                "UPDATE conversations SET title = 'between' WHERE id BETWEEN 11 AND 70",
                "UPDATE conversations SET external_id = 'away' WHERE id = 1",
                "UPDATE conversations SET external_id = 'name 1' WHERE id = 9",
            )

    convert(server=server, by="year" if by else None, progress=progress)
    names = "conversation_ids" if by else "conversations"
    assert only(server, f"SELECT external_id FROM {names} WHERE id = 1") == "away"
    assert only(server, f"SELECT external_id FROM {names} WHERE id = 9") == "name 1"


@pytest.mark.parametrize(
    ("change", "back"),
    [
        ("ADD CONSTRAINT seen CHECK (id > 0)", "DROP CONSTRAINT seen"),
        ("ALTER sender SET DEFAULT 'user'", "ALTER sender DROP DEFAULT"),
        ("ADD twice text GENERATED ALWAYS AS (content || content) STORED", "DROP twice"),
    ],
)
def test_no_rule_that_came_meanwhile_is_lost(server: Server, change: str, back: str) -> None:
    with pytest.raises(StoppedError):
        convert(server=server, by="year", progress=stop_at("exchange"))
    execute(server, f"ALTER TABLE messages {change}")
    try:
        with pytest.raises(Refusal, match="changed since"):
            convert(server=server, by="year")
    finally:
        execute(server, f"ALTER TABLE messages {back}")


def test_a_period_comes_back_after_a_migration_that_added_a_column(server: Server) -> None:
    fill(server)
    partition(server)
    rows = digests(server)["messages"]["rows"]
    detach(server=server, period=period_named("2020"))
    execute(server, "ALTER TABLE messages ADD COLUMN mood text NOT NULL DEFAULT 'calm'")
    try:
        attach(server=server, period=period_named("2020"))
        assert only(server, "SELECT count(*) FROM messages WHERE mood = 'calm'") == rows
    finally:
        execute(server, "ALTER TABLE messages DROP COLUMN mood")


def test_moments_that_no_year_has_lie_in_the_default_partition(server: Server) -> None:
    fill(server)
    for id, moment in enumerate(("infinity", "-infinity", "9999-12-31", "0044-01-01 BC"), 1):
        execute(server, f"UPDATE conversations SET created_at = '{moment}' WHERE id = {id}")
    plan_partitions(server=server, by="month")
    convert(server=server, by="year")
    assert not ensure(server=server, move=True)
    assert only(server, "SELECT count(*) FROM conversations_default") == 4


def test_rights_of_others_reach_every_partition_and_sequence(server: Server) -> None:
    execute(
        server,
        "GRANT SELECT ON conversations, messages TO pg_monitor",
        "GRANT USAGE ON SEQUENCE messages_id_seq TO pg_monitor",
    )
    lacks = (
        "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = "
        "current_schema()::regnamespace AND relname ~ '^(conversations|messages|conversation_ids)' "
        "AND NOT has_table_privilege('pg_monitor', oid, 'SELECT')"
    )
    sequence = "SELECT has_sequence_privilege('pg_monitor', 'messages_id_seq', 'USAGE')"
    try:
        convert(server=server, by="year")
        fill(server, 1)
        execute(server, "UPDATE conversations SET created_at = '2001-05-05' WHERE id = 1")
        assert "conversations_2001" in ensure(server=server, move=True)
        assert only(server, lacks) == 0
        assert only(server, sequence)
        convert(server=server, by=None)
        assert only(server, lacks) == 0
        assert only(server, sequence)
    finally:
        execute(
            server,
            "REVOKE ALL ON conversations, messages FROM pg_monitor",
            "REVOKE ALL ON SEQUENCE messages_id_seq FROM pg_monitor",
        )


def test_an_administrator_does_not_become_the_owner(server: Server) -> None:
    if not server.is_bundled:
        pytest.skip("the administrator of the bundled server is known")
    chief = replace(server, parameters={**server.parameters, "user": SUPERUSER})
    before = only(
        server,
        "SELECT pg_get_userbyid(relowner)::text FROM pg_class WHERE oid = 'messages'::regclass",
    )
    convert(server=chief, by="year")
    assert only(
        server,
        "SELECT array_agg(DISTINCT pg_get_userbyid(relowner)::text) FROM pg_class WHERE "
        "relname ~ '^(conversations|messages|conversation_ids)'",
    ) == [before]
