"""A database of its own, with convoai's tables and without rows, for tests that change tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from convoai.operations.backup.programs import find_programs, run
from convoai.operations.backup.server import Server, configured_server, major_of
from convoai.operations.doctor.tables import TABLES
from convoai.operations.partitions.direct import unpartition_at_once
from convoai.operations.partitions.layouts import is_partitioned
from convoai.operations.partitions.names import ARCHIVE, REPLACED, WORK
from convoai.operations.partitions.rules import DROP_FUNCTIONS
from convoai.operations.partitions.session import transaction
from tests.operations.backup.backups import execute, free_name


@pytest.fixture(scope="session")
def empty(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The database, in whichever layout the suite has; made once."""
    with django_db_blocker.unblock():
        suite = configured_server()
    dump: Path = tmp_path_factory.mktemp("schema") / "schema.sql"
    with free_name(suite) as name, suite.connect() as found:
        programs = find_programs(suite, server_major=major_of(found))
        execute(suite, f"CREATE DATABASE {name}")
        made = suite.named(name)
        arguments = (
            "--schema-only",
            "--no-owner",
            "--no-comments",
            "--format=custom",
            f"--file={dump}",
        )
        run(programs.folder / "pg_dump", *arguments, f"--dbname={suite.address()}", server=suite)
        # Extensions are there by the template or made by the dump.
        run(
            programs.folder / "pg_restore",
            "--no-owner",
            f"--dbname={made.address()}",
            dump,
            server=made,
        )
        yield made


@pytest.fixture
def server(empty: Server) -> Server:
    """Ordinary tables without rows."""
    with empty.connect() as found, transaction(found) as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {ARCHIVE}, {WORK}, {REPLACED} CASCADE")
        # With what is remembered of deletions: the next test gives the same numbers again.
        cursor.execute(f"TRUNCATE {', '.join(TABLES)}, erasures RESTART IDENTITY CASCADE")
        if is_partitioned(cursor):
            unpartition_at_once(cursor)
        cursor.execute(DROP_FUNCTIONS)
    return empty
