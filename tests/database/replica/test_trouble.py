"""A replica that is late, dead, in the way or the wrong one: the primary answers, with no error."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connections
from rest_framework.test import APIClient

from convoai.accounts.models import User
from convoai.database.replica.watch import watch
from convoai.database.transactions import sqlstate
from tests.database.replica.pairs import Pair, working_with
from tests.database.replica.test_reading import asked, names
from tests.database.scratch import poll
from tests.factories import make_partner

ClientOf = Callable[[User], APIClient]
LONG = "SELECT pg_sleep(9) FROM users LIMIT 1"
LOG = "convoai.database.replica"


@contextmanager
def before_each_query(act: Callable[[], None], alias: str = "replica") -> Iterator[None]:
    """`act()` before each statement about partners that a server gets."""

    def wrapper(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if "conversation_partners" in sql:
            act()
        return execute(sql, parameters, many, context)

    with connections[alias].execute_wrapper(wrapper):
        yield


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == LOG]


@pytest.fixture
def client(alice: User, client_of: ClientOf, pair: Pair) -> APIClient:
    made = client_of(alice)
    pair.catch_up()
    return made


def test_beyond_the_limit_of_lag_the_primary_is_read(
    pair: Pair,
    alice: User,
    client: APIClient,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    another_process: Callable[[], None],
) -> None:
    assert names(client) == []
    pair.pause()
    make_partner(alice, "New")
    another_process()
    assert names(client) == [], "a moment behind is allowed"
    settings.REPLICA_MAX_LAG = 0
    another_process()
    assert names(client) == ["New"]
    assert told(caplog) == [], "so far it may be a matter of milliseconds"
    for _ in range(2):
        watch.forget_look()
        assert names(client) == ["New"]
    assert len([line for line in told(caplog) if "behind" in line]) == 1
    pair.catch_up()
    watch.forget_look()
    with asked() as statements:
        assert names(client) == ["New"]
    assert statements
    assert told(caplog)[-1] == "The replica is used again."


def test_an_idle_primary_is_no_lag(
    pair: Pair, client: APIClient, settings: Any, another_process: Callable[[], None]
) -> None:
    settings.REPLICA_MAX_LAG = 0
    names(client)
    pair.pause()
    another_process()
    with asked() as statements:
        names(client)
    assert statements


def test_a_replica_that_receives_nothing_any_more_is_late_as_soon_as_the_primary_writes(
    pair: Pair, alice: User, client: APIClient, settings: Any
) -> None:
    settings.REPLICA_MAX_LAG = 0
    conninfo = pair.replica.value("SHOW primary_conninfo")
    pair.replica.value("ALTER SYSTEM SET primary_conninfo = ''")
    pair.replica.value("SELECT pg_reload_conf()")
    try:
        poll(lambda: pair.replica.value("SELECT count(*) FROM pg_stat_wal_receiver") == 0)
        make_partner(alice, "New")
        watch.forget()
        assert names(client) == ["New"]
    finally:
        pair.replica.value("ALTER SYSTEM RESET primary_conninfo")
        quoted = conninfo.replace("'", "''")
        pair.replica.value(f"ALTER SYSTEM SET primary_conninfo = '{quoted}'")
        pair.replica.value("SELECT pg_reload_conf()")
        pair.catch_up()


def test_a_query_in_the_way_of_a_change_is_answered_by_the_primary(
    pair: Pair, alice: User, client: APIClient, caplog: pytest.LogCaptureFixture
) -> None:
    make_partner(alice, "Dana")
    gone = make_partner(alice, "Gone")
    pair.catch_up()
    states = []

    def change() -> None:
        seen = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        poll(lambda: bool(pair.replica.value(seen)))
        pair.primary.value(f"DELETE FROM conversation_partners WHERE id = {gone.pk}")
        pair.primary.value("VACUUM conversation_partners")

    def look_for_long() -> None:
        with ThreadPoolExecutor(1) as other, connections["replica"].cursor() as cursor:
            done = other.submit(change)
            try:
                cursor.execute(LONG)
            except OperationalError as error:
                states.append(sqlstate(error))
                raise
            finally:
                done.result()

    with before_each_query(look_for_long):
        assert names(client) == ["Dana"]
    assert states == ["40001"]
    assert told(caplog) == [], "it is well, and goes on serving"
    with asked() as statements:
        names(client)
    assert statements


def test_a_replica_that_dies_is_not_noticed(
    pair: Pair,
    alice: User,
    client: APIClient,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_partner(alice, "Dana")
    pair.catch_up()
    monkeypatch.setattr(watch, "pause", 0.2)
    caplog.set_level(logging.INFO, LOG)
    with before_each_query(pair.replica.kill):
        assert names(client) == ["Dana"], "in the middle of a request"
    try:
        assert client.get("/api/search?q=Dana").status_code == 200
        watch.forget_look()
        connections["replica"].close()
        poll(lambda: names(client) == ["Dana"] and len(told(caplog)) == 1)
        watch.forget()
        assert names(client) == ["Dana"], "a process that never knew it"
        assert all("not used" in line for line in told(caplog))
        assert client.get("/health/ready").status_code == 200
    finally:
        pair.replica.start()
    pair.catch_up()

    def serves_again() -> bool:
        with asked() as statements:
            names(client)
        return bool(statements)

    poll(serves_again)
    assert told(caplog)[-1] == "The replica is used again."


def test_a_primary_that_dies_is_told_to_be_away(pair: Pair, alice: User, client: APIClient) -> None:
    make_partner(alice, "Dana")
    with before_each_query(pair.primary.kill, alias="default"):
        answer = client.post("/api/partners/", {"name": "Eda"})
    try:
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        connections["default"].close()
        assert client.get("/api/partners/").status_code == 503, "keys are the primary's"
    finally:
        pair.primary.start()
        connections["default"].close()
    assert "Dana" in names(client)


def test_a_server_that_is_no_replica_of_this_primary_is_never_read(
    pair: Pair, alice: User, client_of: ClientOf, caplog: pytest.LogCaptureFixture
) -> None:
    make_partner(alice, "Dana")
    pair.catch_up()
    other_database = pair.replica.url.rpartition("/")[0] + "/postgres"
    for address, why in (
        (pair.primary.url, "takes writes itself"),
        (other_database, "another database"),
        (pair.primary.url.replace("5432", "1"), "does not answer"),
    ):
        caplog.clear()
        with working_with(pair.primary.url, address):
            assert names(client_of(alice)) == ["Dana"]
        assert why in told(caplog)[0]
