"""One pass over everything, in the order in which one thing makes the next possible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import psycopg2
from django.conf import settings
from django.core.checks import CheckMessage, Tags, run_checks

from convoai.database.pooler import direct_entry
from convoai.database.problems import sentence_for
from convoai.operations.doctor import activity, exposure, places, services
from convoai.operations.doctor.indexes import examine_indexes
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.partitions import examine_partitions
from convoai.operations.doctor.pooler import examine_pooler
from convoai.operations.doctor.reaching import unreachable
from convoai.operations.doctor.replica import examine_replica
from convoai.operations.doctor.server import Server, connected
from convoai.operations.doctor.server_settings import examine_settings
from convoai.operations.doctor.tables import (
    examine_constraints,
    examine_rights,
    examine_sequences,
    examine_tables,
)
from convoai.operations.doctor.versions import examine_migrations, examine_versions
from convoai.operations.findings import Finding, ok, warning

Examiner = Callable[[Server, Installation], Iterator[Finding]]
OF_THE_SERVER: tuple[tuple[str, Examiner], ...] = (
    ("versions", examine_versions),
    ("pooler", examine_pooler),
    ("rights", examine_rights),
    ("migrations", examine_migrations),
    ("tables", examine_tables),
    ("constraints", examine_constraints),
    ("indexes", examine_indexes),
    ("sequences", examine_sequences),
    ("partitions", examine_partitions),
    ("settings", examine_settings),
    ("rows", activity.examine_rows),
    ("age", activity.examine_age),
    ("transactions", activity.examine_transactions),
    ("locks", activity.examine_locks),
    ("replication", activity.examine_replication),
    ("replica", examine_replica),
    ("disk", places.examine_server_disk),
    ("log", places.examine_log),
    ("vectors", services.examine_vectors),
    ("worker", services.examine_worker),
)
# What cannot be looked at before the tables are there.
NEEDS_SCHEMA = {"migrations", "tables"}
NEEDS_TABLES = {"constraints", "indexes", "sequences", "partitions", "vectors", "worker"}


def examine(*, deployment: bool | None = None) -> list[Finding]:
    """Look at everything and return what was found. Starts, changes and keeps nothing.

    What cannot be looked at is a finding too. `deployment` says whether Django's checks for servers
    that others can reach belong to it; not said, they do when DEBUG is off.
    """
    here = Installation(direct_entry(settings.DATABASES["default"]))
    reached, found = examine_database(here)
    found += places.examine_disk(here)
    found += places.examine_media(here)
    found += places.examine_backups(here)
    checks = _checks(
        of_the_database=reached,
        deployment=not settings.DEBUG if deployment is None else deployment,
    )
    found += services.examine_embedder(checks)
    found += services.examine_analyzer(checks)
    found += exposure.examine_checks(checks)
    found += exposure.examine_exposure()
    return found


def examine_database(here: Installation) -> tuple[bool, list[Finding]]:
    """Whether the tables can be worked with, and what was found."""
    try:
        with connected(here.database) as server:
            found = [ok("database.reachable", f"The database answers at {_where(here)}.")]
            for name, examiner in OF_THE_SERVER:
                if _is_vain(name, found):
                    continue
                found += _guarded(name, examiner, server, here)
            return not _lacks_tables(found), found
    except psycopg2.Error as problem:
        return False, [unreachable(problem, here)]


def _guarded(
    name: str, examiner: Examiner, server: Server, here: Installation
) -> Iterable[Finding]:
    found: list[Finding] = []
    try:
        # One by one: what was found before the problem stays.
        for finding in examiner(server, here):
            found.append(finding)
    except psycopg2.OperationalError:
        raise  # the server has gone
    except psycopg2.Error as problem:
        why = sentence_for(problem, here.database) or f"PostgreSQL says {problem.pgcode}."
        found.append(warning(f"{name}.hidden", f"Cannot look at {name}.", why))
    return found


def _lacks_tables(found: list[Finding]) -> bool:
    return any(one.id in {"tables.missing", "rights.schema"} and one.level > 1 for one in found)


def _is_vain(name: str, found: list[Finding]) -> bool:
    """Whether an examiner would find nothing but what was found before."""
    # Without a right on the schema, everything in it looks as if it were missing.
    is_shut = any(one.id == "rights.schema" for one in found)
    return (name in NEEDS_TABLES and _lacks_tables(found)) or (name in NEEDS_SCHEMA and is_shut)


def _where(here: Installation) -> str:
    if here.data_dir is not None:
        return f"{here.host} (bundled)"
    return f"{here.host}:{here.port}, database {here.name}, user {here.role}"


def _checks(*, of_the_database: bool, deployment: bool) -> list[CheckMessage]:
    arguments: dict[str, Any] = {"include_deployment_checks": deployment}
    found = run_checks(**arguments)
    if of_the_database:
        found += run_checks(tags=[Tags.database], databases=["default"])
    unique = {(message.id, message.msg): message for message in found if not message.is_silenced()}
    return sorted(unique.values(), key=lambda one: (-one.level, str(one.id)))
