"""@write retries what the database asks to retry, and nothing else."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DataError, OperationalError, connection, connections, transaction

from convoai.database.transactions import sqlstate, statement_timeout, write

pytestmark = pytest.mark.django_db(transaction=True)


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def fail(code: str) -> None:
    run(f"DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '{code}'; END $$")


@pytest.mark.bad_input(102)
@pytest.mark.parametrize("code", ["40P01", "40001"])
def test_a_deadlock_is_retried_three_times(code: str) -> None:
    tries = []

    @write
    def work(name: str) -> str:
        tries.append(name)
        if len(tries) < 4:
            fail(code)
        return name

    assert work("alice") == "alice"
    assert tries == ["alice"] * 4


def test_the_fourth_deadlock_is_told() -> None:
    tries = []

    @write
    def work() -> None:
        tries.append(1)
        fail("40P01")

    with pytest.raises(OperationalError) as caught:
        work()
    assert sqlstate(caught.value) == "40P01"
    assert len(tries) == 4


def test_other_errors_are_not_retried() -> None:
    tries = []

    @write
    def work() -> None:
        tries.append(1)
        fail("22012")

    with pytest.raises(DataError):
        work()
    assert len(tries) == 1


def test_inside_another_transaction_only_the_outer_one_begins_anew() -> None:
    tries = []

    @write
    def inner() -> None:
        tries.append("inner")
        if len(tries) < 3:
            fail("40001")

    @write
    def outer() -> None:
        tries.append("outer")
        inner()

    outer()
    assert tries == ["outer", "inner", "outer", "inner"]


@pytest.mark.bad_input(102)
def test_a_real_deadlock_is_invisible() -> None:
    run("CREATE TABLE pair (id int PRIMARY KEY, changed int)")
    run("INSERT INTO pair VALUES (1, 0), (2, 0)")
    both_hold_one = threading.Barrier(2)
    met: set[int] = set()

    @write
    def work(first: int, second: int) -> None:
        run(f"UPDATE pair SET changed = changed + 1 WHERE id = {first}")
        if first not in met:
            met.add(first)
            both_hold_one.wait(60)
        run(f"UPDATE pair SET changed = changed + 1 WHERE id = {second}")

    def in_thread(order: tuple[int, int]) -> None:
        try:
            work(*order)
        finally:
            connections.close_all()

    try:
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(in_thread, [(1, 2), (2, 1)]))
        with connection.cursor() as cursor:
            cursor.execute("SELECT changed FROM pair ORDER BY id")
            assert cursor.fetchall() == [(2,), (2,)]
    finally:
        run("DROP TABLE pair")


def test_a_statement_timeout_ends_with_its_transaction() -> None:
    with pytest.raises(OperationalError) as caught, statement_timeout(0.05):
        run("SELECT pg_sleep(5)")
    assert sqlstate(caught.value) == "57014"
    with statement_timeout(60), connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("1min",)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("10s",)
