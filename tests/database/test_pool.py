"""The pool: bounded, tested before use, bound to one database and one process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection, connections

from convoai.database.backend.base import DatabaseWrapper
from convoai.database.backend.pools import pool_figures
from convoai.database.problems import DatabaseProblem, PoolExhausted
from tests.database.scratch import poll, run_script

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def separate(alias: str, **changed: Any) -> Iterator[Callable[[], DatabaseWrapper]]:
    """Makes wrappers of the test database with a pool of their own, as other threads would."""
    made: list[DatabaseWrapper] = []

    def make() -> DatabaseWrapper:
        values = {**connection.settings_dict, **changed}
        values["POOL_OPTIONS"] = {
            **connection.settings_dict["POOL_OPTIONS"],
            **changed.get("POOL_OPTIONS", {}),
        }
        wrapper = DatabaseWrapper(values, alias)
        if not made:
            # Where django.contrib.postgres looks for it when it connects.
            connections[alias] = wrapper
        made.append(wrapper)
        return wrapper

    try:
        yield make
    finally:
        for wrapper in made:
            wrapper.close()
        if made:
            del connections[alias]


def value(wrapper: Any, query: str, *parameters: Any) -> Any:
    with wrapper.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchone()[0]


def test_the_tests_never_touch_the_real_database() -> None:
    name = value(connection, "SELECT current_database()")
    assert name.startswith("test_")
    assert name != settings.DATABASES["default"]["NAME"] or name.startswith("test_")


@pytest.mark.bad_input(109)
def test_sixty_threads_stay_within_thirty_connections() -> None:
    connection.close()
    others = value(connection, COUNT)
    barrier = threading.Barrier(60)

    def work(_: int) -> int:
        barrier.wait(60)
        try:
            most = 0
            for _ in range(3):
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_sleep(0.02)")
                    cursor.execute(COUNT)
                    most = max(most, cursor.fetchone()[0])
                connection.close()
            return most
        finally:
            connections.close_all()

    with ThreadPoolExecutor(60) as threads:
        most = max(threads.map(work, range(60)))
    assert 10 < most - others + 1 <= 30
    connection.close()
    figures = pool_figures("default")
    assert figures is not None
    assert (figures.in_use, figures.limit) == (0, 30)
    assert figures.idle <= 10


COUNT = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"


def test_a_connection_killed_by_the_server_is_replaced_unseen() -> None:
    with separate("killed") as make:
        wrapper = make()
        before = value(wrapper, "SELECT pg_backend_pid()")
        wrapper.close()
        value(connection, "SELECT pg_terminate_backend(%s)", before)
        alive = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
        poll(lambda: value(connection, alive, before) == 0)
        assert value(wrapper, "SELECT pg_backend_pid()") != before


def test_a_connection_lost_in_the_middle_of_work_is_thrown_away_quietly(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with separate("lost") as make:
        wrapper = make()
        wrapper.set_autocommit(False)
        value(
            connection, "SELECT pg_terminate_backend(%s)", value(wrapper, "SELECT pg_backend_pid()")
        )
        with pytest.raises(OperationalError):
            value(wrapper, "SELECT pg_sleep(10)")
        wrapper.close()
        assert value(make(), "SELECT 1") == 1
    assert not caplog.records


def test_an_idle_connection_is_used_again() -> None:
    with separate("kept") as make:
        wrapper = make()
        before = value(wrapper, "SELECT pg_backend_pid()")
        wrapper.close()
        assert value(make(), "SELECT pg_backend_pid()") == before


@pytest.mark.bad_input(109)
def test_an_exhausted_pool_says_so_as_a_database_error() -> None:
    options = {"POOL_SIZE": 1, "MAX_OVERFLOW": 1, "TIMEOUT": 0.1}
    with separate("exhausted", POOL_OPTIONS=options) as make:
        first, second, third = make(), make(), make()
        value(first, "SELECT 1")
        value(second, "SELECT 1")
        with pytest.raises(PoolExhausted, match="DB_POOL_SIZE"):
            third.ensure_connection()
        assert issubclass(PoolExhausted, OperationalError)
        first.close()
        assert value(third, "SELECT 1") == 1


def test_another_database_behind_an_alias_gets_a_pool_of_its_own() -> None:
    with separate("moved", NAME="postgres") as make:
        wrapper = make()
        assert value(wrapper, "SELECT current_database()") == "postgres"
        wrapper.close()
        wrapper.settings_dict["NAME"] = connection.settings_dict["NAME"]
        assert value(wrapper, "SELECT current_database()") == connection.settings_dict["NAME"]
        open_ones = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = 'postgres' "
            "AND usename = current_user AND application_name = "
            "current_setting('application_name') AND backend_type = 'client backend' "
            "AND query = 'SELECT current_database()'"
        )
        poll(lambda: value(connection, open_ones) == 0)


def test_a_setting_of_one_transaction_does_not_reach_the_next_user() -> None:
    with separate("clean") as make:
        wrapper = make()
        wrapper.set_autocommit(False)
        value(wrapper, "SELECT set_config('convoai.canary', 'here', true)")
        # Given back in the middle of a transaction, as by a request that failed.
        wrapper.close()
        assert not value(make(), "SELECT current_setting('convoai.canary', true)")


def test_the_web_has_time_limits_on_every_connection() -> None:
    assert value(connection, "SHOW statement_timeout") == "10s"
    assert value(connection, "SHOW lock_timeout") == "3s"
    assert value(connection, "SHOW idle_in_transaction_session_timeout") == "30s"
    assert value(connection, "SHOW TimeZone") == "UTC"


def test_a_pool_that_cannot_start_its_server_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def ensure(data_dir: object) -> None:
        raise DatabaseProblem("It was stopped on request.")

    monkeypatch.setattr("convoai.database.bundled.ensure", ensure)
    with (
        separate("down", HOST="/nowhere", BUNDLED_DATA_DIR="/nowhere") as make,
        pytest.raises(OperationalError, match="stopped on request"),
    ):
        make().ensure_connection()


FORKED = """
import gc, os, sys, django
django.setup()
from django.db import connection, transaction
from convoai.database.transactions import sqlstate

def pid():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]

with transaction.atomic():
    before = pid()
    child = os.fork()
    if not child:
        gc.collect()
        own = pid()
        connection.close()
        gc.collect()
        sys.exit(0 if own != before else 1)
    _, status = os.waitpid(child, 0)
    # The child ended in the usual way, with all tidying up, and this transaction is untouched.
    assert pid() == before
print("child", os.waitstatus_to_exitcode(status))
"""


def test_a_forked_child_leaves_the_connection_of_its_parent_alone(data_dir: str) -> None:
    assert run_script(FORKED, DATA_DIR=data_dir).strip() == "child 0"


RESTARTED = """
import os, signal, sys, django
django.setup()
from pathlib import Path
from django.db import OperationalError, connection
from convoai.database import bundled
from convoai.database.postmaster import find_postmaster, wait_until

def works():
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True
    except OperationalError as error:
        print(type(error).__name__, "stopped on request" in str(error))
        return False
    finally:
        connection.close()

data_dir = Path(os.environ["DATA_DIR"])
place = bundled.start(data_dir)
assert works()
os.kill(find_postmaster(place).pid, signal.SIGKILL)
wait_until(lambda: find_postmaster(place) is None, seconds=60)
assert works()
bundled.stop(data_dir)
assert not works()
"""


@pytest.mark.bad_input(107, 119)
def test_a_web_server_brings_a_killed_server_back_and_leaves_a_stopped_one(shared: Any) -> None:
    told = run_script(RESTARTED, DATA_DIR=str(shared))
    assert told.splitlines() == ["OperationalError True"]
