"""The replica that is read from: whether it answers, is the right one, and keeps up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg2
from django.conf import settings

from convoai.database.problems import connection_sentence
from convoai.database.replica.positions import OF_PRIMARY, OF_REPLICA, Position, why_not
from convoai.database.replica.standing import patient, seconds_behind
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.server import Server, connected
from convoai.operations.findings import Finding, error, info, ok, warning

FOLLOWERS = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
# A replica may also be fed from an archive; then nothing streams.
FED = """
SELECT EXISTS (SELECT FROM pg_stat_wal_receiver),
       coalesce(current_setting('restore_command', true), '') <> ''
"""
APPLIED = "SELECT app, name FROM django_migrations"


def examine_replica(server: Server, here: Installation) -> Iterator[Finding]:
    entry: dict[str, Any] | None = settings.DATABASES.get("replica")
    if entry is None:
        yield from _forgotten(server)
        return
    there = Installation(entry)
    try:
        with connected(entry) as replica:
            yield from _compared(server, replica, there)
    except psycopg2.OperationalError as problem:
        what, _, fix = connection_sentence(problem, entry).partition(": ")
        hint = (fix[:1].upper() + fix[1:]).replace("DATABASE_URL", "DATABASE_REPLICA_URL")
        yield warning(
            "replica.reachable",
            f"The replica is not used: {what[:1].lower() + what[1:]}. Reads go to the primary.",
            hint,
        )


def _forgotten(server: Server) -> Iterator[Finding]:
    followers = server.row(FOLLOWERS)[0]
    if followers:
        yield info(
            "replica.set",
            f"{followers} servers follow this database, and none is read from.",
            "If one of them is a replica to read from, set DATABASE_REPLICA_URL to its address "
            "(docs/replica.md).",
            followers=followers,
        )


def _compared(server: Server, replica: Server, there: Installation) -> Iterator[Finding]:
    yield ok("replica.reachable", f"The replica answers at {there.host}.")
    primary = Position.of(server.row(OF_PRIMARY))
    followed = patient(primary, lambda: Position.of(replica.row(OF_REPLICA)))
    reason = why_not(primary, followed)
    if reason is not None:
        yield error(
            "replica.identity",
            f"The server at {there.host} is not used: {reason}.",
            "Point DATABASE_REPLICA_URL at a streaming replica of the server of DATABASE_URL, with "
            "the same database name; or remove it.",
        )
        return
    yield ok("replica.identity", "It is a replica of this database.")
    yield from _kept_up(primary, followed, replica)
    missing = sorted(set(server.rows(APPLIED)) - set(replica.rows(APPLIED)))
    if missing:
        yield warning(
            "replica.migrations",
            f"The replica lacks {len(missing)} migrations that the primary has.",
            "It has not replayed them yet: see its lag above, and its log.",
            missing=[".".join(one) for one in missing],
        )
    if replica.setting("hot_standby_feedback") == "off":
        yield info(
            "replica.feedback",
            "Queries on the replica can be cancelled by what the primary removes; the primary then "
            "answers them again.",
            "To see fewer of them, set hot_standby_feedback = on on the replica. It costs dead "
            "rows on the primary while a query runs on the replica.",
        )


def _kept_up(primary: Position, followed: Position, replica: Server) -> Iterator[Finding]:
    is_streaming, has_archive = replica.row(FED)
    if not is_streaming and not has_archive:
        yield warning(
            "replica.receiving",
            "The replica receives nothing from the primary, and will be left behind.",
            "See its log, its primary_conninfo and the way through the firewall; if the primary "
            "has removed what it still needs, make it anew with pg_basebackup (docs/replica.md).",
        )
    lag = seconds_behind(primary, followed)
    missing = max(0, (primary.at or 0) - (followed.at or 0))
    figures = {"seconds": lag, "bytes": missing, "limit": settings.REPLICA_MAX_LAG}
    behind = "some time" if lag is None else f"{lag:.1f} s"
    if lag is None or lag > settings.REPLICA_MAX_LAG:
        yield warning(
            "replica.lag",
            f"The replica is {behind} and {missing:,} bytes behind; reads go to the primary.",
            "If replay was paused, run `SELECT pg_wal_replay_resume()` there; otherwise see the "
            "load of its disk, its log, and the network. REPLICA_MAX_LAG is the limit.",
            **figures,
        )
    else:
        yield ok("replica.lag", f"The replica is {behind} and {missing:,} bytes behind.", **figures)
