"""manage.py migrate beside other processes: one at a time, and short waits for locks."""

from __future__ import annotations

import io
from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from convoai.database.alone import MIGRATING, alone
from convoai.database.management.commands import migrate
from convoai.database.problems import DatabaseProblem
from tests.conversations.rows import sql
from tests.database.empty_database import direct, empty_database
from tests.database.scratch import poll

WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE NOT granted AND datname = current_database()
"""
LAST = ("accounts", "0001_users")


@pytest.fixture(scope="module")
def new_database(django_db_setup: Any, django_db_blocker: Any) -> Iterator[list[str]]:
    """A database that two processes prepare together; what each of them wrote to stderr."""
    with django_db_blocker.unblock(), empty_database("migrating"):
        outputs = [io.StringIO(), io.StringIO()]
        failures: list[BaseException] = []

        def run(output: io.StringIO) -> None:
            try:
                call_command("migrate", *LAST, verbosity=0, stdout=output, stderr=output)
            except BaseException as failure:  # noqa: BLE001 - told by the test below
                failures.append(failure)
            finally:
                connections.close_all()

        threads = [Thread(target=run, args=[output]) for output in outputs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        yield [*(output.getvalue() for output in outputs), *map(repr, failures)]


@pytest.fixture
def retries_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "PAUSE", 0.05)


@pytest.mark.bad_input(116)
def test_two_that_start_together_prepare_the_database_once(new_database: list[str]) -> None:
    waited = "Another process migrates this database: waiting for it.\n"
    assert sorted(new_database) in (["", waited], ["", ""])
    assert sql("SELECT app, count(*) FROM django_migrations WHERE app = 'accounts' GROUP BY 1") == [
        ("accounts", 1)
    ]


@pytest.mark.usefixtures("new_database")
def test_second_one_waits_and_gives_up_with_one_sentence() -> None:
    told: list[str] = []
    with (
        alone(MIGRATING),
        pytest.raises(DatabaseProblem, match="Another process has been preparing"),
        alone(MIGRATING, patience=0.05, waiting=lambda: told.append("waiting")),
    ):
        pytest.fail("both hold the lock")
    assert told == ["waiting"]
    with alone(MIGRATING, patience=0.05):
        pass


@pytest.mark.usefixtures("new_database")
def test_index_can_be_made_concurrently_while_the_lock_is_held_and_waited_for() -> None:
    """It waits for every transaction with a snapshot, and would wait here for ever."""
    waits = Event()

    def wait() -> None:
        try:
            with alone(MIGRATING, patience=30, waiting=waits.set):
                pass
        finally:
            connections.close_all()

    second = Thread(target=wait)
    with alone(MIGRATING):
        second.start()
        assert waits.wait(30)
        sql("SET statement_timeout = '5s'")
        try:
            sql("CREATE INDEX CONCURRENTLY made_up ON users (created_at)")
        finally:
            sql("RESET statement_timeout")
    second.join(30)
    assert not second.is_alive()
    sql("DROP INDEX made_up")


@pytest.mark.bad_input(116)
@pytest.mark.usefixtures("new_database", "retries_soon")
def test_table_in_use_is_waited_for_in_short_tries() -> None:
    """The reader's transaction goes on meanwhile, and others read past the waiting migration."""
    done = Event()

    def run() -> None:
        try:
            call_command("migrate", "accounts", "zero", verbosity=0)
            call_command("migrate", *LAST, verbosity=0)
        finally:
            connections.close_all()
            done.set()

    reader, other = direct(), direct()
    try:
        reader.autocommit = False
        reader.cursor().execute("SELECT count(*) FROM users")
        thread = Thread(target=run)
        thread.start()
        poll(lambda: sql(WAITING) == [(1,)], seconds=30)
        other.cursor().execute("SET statement_timeout = '5s'; SELECT count(*) FROM users")
        assert not done.is_set()
        reader.commit()
        thread.join(30)
        assert done.is_set()
    finally:
        reader.close()
        other.close()
    assert "users" in connection.introspection.table_names()


@pytest.mark.usefixtures("new_database", "retries_soon")
def test_table_in_use_for_too_long_is_one_sentence() -> None:
    reader = direct()
    try:
        reader.autocommit = False
        reader.cursor().execute("SELECT count(*) FROM users")
        with pytest.raises(CommandError, match="in use all the time"):
            call_command("migrate", "accounts", "zero", verbosity=0, patience=0.1)
    finally:
        reader.close()
    assert "users" in connection.introspection.table_names()


def test_negative_patience_is_refused() -> None:
    with pytest.raises(CommandError, match="--patience"):
        call_command("migrate", patience=-1.0)
