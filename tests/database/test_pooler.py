"""PgBouncer in transaction mode: two connections for everybody, and nothing left in them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.db import OperationalError, connection, transaction
from django_q.models import OrmQ
from rest_framework.test import APIClient

from conversations.models import Message
from convoai.accounts.models import User
from convoai.analysis.jobs import queue_analysis
from convoai.database.pooler import is_behind_pooler
from convoai.database.problems import sentence_for
from convoai.database.queue import Broker, is_worker_running
from convoai.database.transactions import statement_timeout
from convoai.operations.doctor.examination import examine_database
from convoai.operations.doctor.installation import Installation
from partners.models import ConversationPartner
from tests.analysis.jobs import show_a_worker
from tests.database.bouncer import PROGRAM, SERVER_CONNECTIONS, Bouncer, bouncer, led_through
from tests.factories import make_conversation, make_partner
from tests.transfer.archives import archive_of, load, rows

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(PROGRAM is None, reason="PgBouncer is not installed (apt-get install it)"),
]
FEW, MANY = 40, 30


@pytest.fixture(scope="module")
def pooler(django_db_setup: None, django_db_blocker: Any) -> Iterator[Bouncer]:
    data_dir = connection.settings_dict.get("BUNDLED_DATA_DIR")
    if data_dir is None:
        pytest.skip("the suite runs on a server of its own (DATABASE_URL)")
    with bouncer(Path(data_dir)) as found:
        yield found


@pytest.fixture
def through(pooler: Bouncer, transactional_db: None) -> Iterator[Bouncer]:
    """Django's own connections go through the pooler."""
    with led_through(pooler):
        yield pooler


def value(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def in_threads(work: Callable[[int], Any], times: int) -> list[Any]:
    def one(number: int) -> Any:
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, range(times)))


def test_many_clients_read_write_and_search_over_two_connections(
    through: Bouncer, alice: User, client_of: Callable[[User], APIClient]
) -> None:
    partner = make_partner(alice)

    def work(number: int) -> list[int]:
        api = client_of(alice)
        talk = {
            "partner_id": partner.pk,
            "messages": [{"sender": "partner", "content": f"I keep {number} bees."}],
        }
        answers = [
            api.post("/api/conversations/", talk),
            api.get("/api/conversations/"),
            api.get("/api/search?q=bees"),
            api.patch(f"/api/partners/{partner.pk}", {"notes": f"Note {number}"}),
        ]
        return [answer.status_code for answer in answers]

    codes = in_threads(work, MANY)
    assert all(code < 300 for one in codes for code in one), codes
    assert Message.objects.count() == MANY
    name = connection.settings_dict["NAME"]
    used = [server for server in through.ask("SHOW SERVERS") if server[2] == name]
    assert 1 <= len(used) <= SERVER_CONNECTIONS


def test_time_limits_hold_with_and_without_a_transaction(pooler: Bouncer) -> None:
    with led_through(pooler, DB_STATEMENT_TIMEOUT="0.2"):
        with pytest.raises(OperationalError, match="statement timeout"):
            value("SELECT pg_sleep(5)")
        with transaction.atomic():
            assert value("SELECT 1") == 1
            with pytest.raises(OperationalError, match="statement timeout"):
                value("SELECT pg_sleep(5)")
            transaction.set_rollback(True)
        # More time for one transaction, which is over with it.
        with statement_timeout(30):
            value("SELECT pg_sleep(0.3)")
        assert value("SHOW statement_timeout") == "200ms"
        assert value("SHOW lock_timeout") == "3s"
        with transaction.atomic():
            assert value("SHOW idle_in_transaction_session_timeout") == "30s"


def test_a_lock_is_waited_for_no_longer_than_allowed(pooler: Bouncer, alice: User) -> None:
    partner = make_partner(alice)

    def hold() -> Any:
        holding = psycopg2.connect(**connection.get_connection_params())
        with holding.cursor() as cursor:
            cursor.execute(
                "SELECT FROM conversation_partners WHERE id = %s FOR UPDATE", [partner.pk]
            )
        return holding

    with led_through(pooler, DB_LOCK_TIMEOUT="0.1"):
        holding = hold()
        try:
            with pytest.raises(OperationalError, match="lock timeout"):
                ConversationPartner.objects.filter(pk=partner.pk).update(notes="mine")
        finally:
            holding.close()


def test_no_setting_of_one_client_reaches_another(through: Bouncer, alice: User) -> None:
    def work(number: int) -> None:
        with statement_timeout(number + 1), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('hnsw.ef_search', %s, true)", [str(number + 50)])

    in_threads(work, FEW)
    list(make_partner(alice).conversations.iterator())
    somebody = psycopg2.connect(through.url(connection.settings_dict["NAME"]))
    try:
        with somebody.cursor() as cursor:
            for _ in range(SERVER_CONNECTIONS * 2):
                cursor.execute(
                    # PgBouncer itself carries these five from client to client.
                    "SELECT name, setting FROM pg_settings WHERE source = 'session' AND name NOT "
                    "IN ('application_name', 'client_encoding', 'DateStyle', 'TimeZone', "
                    "'standard_conforming_strings') AND name NOT LIKE 'transaction%'"
                )
                assert cursor.fetchall() == []
                somebody.rollback()
    finally:
        somebody.close()


def test_rows_in_pieces_are_read_inside_a_transaction_and_outside(
    through: Bouncer, alice: User
) -> None:
    talk = make_conversation(make_partner(alice))
    Message.objects.bulk_create(
        Message(user=alice, conversation=talk, position=at, sender="user", content=f"Line {at}.")
        for at in range(FEW)
    )

    def read(number: int) -> int:
        pieces = Message.objects.order_by("pk").iterator(chunk_size=7)
        if number % 2:
            return sum(1 for _ in pieces)
        with transaction.atomic():
            seen = next(pieces)
            # Only what was fetched has left the server.
            assert value("SELECT count(*) FROM pg_cursors") == 1
            return 1 + sum(1 for one in pieces if one.pk > seen.pk)

    assert in_threads(read, 12) == [FEW] * 12


def test_an_archive_goes_out_and_in_by_copy(through: Bouncer, alice: User, bob: User) -> None:
    make_conversation(make_partner(alice), "The bees came back.", "Good to hear.")
    files = archive_of(alice)
    added = load(files, bob).added
    assert (added["partners"], added["messages"]) == (1, 2)
    assert rows(archive_of(bob), "messages")[0]["content"] == "The bees came back."
    assert load(files, bob).added["messages"] == 0


def test_each_job_of_the_queue_goes_to_one_worker(through: Bouncer, alice: User) -> None:
    show_a_worker()
    assert is_worker_running()
    partner = make_partner(alice)
    for number in range(6):
        queue_analysis(conversation=make_conversation(partner, f"I keep {number} bees."))

    def take(_: int) -> list[int]:
        return [int(number) for number, _payload in Broker().dequeue() or ()]

    taken = [number for found in in_threads(take, 8) for number in found]
    # One that lost the race for a job comes back for the next.
    while rest := take(0):
        taken += rest
    waiting = OrmQ.objects.exclude(key="heartbeat").values_list("pk", flat=True)
    assert sorted(taken) == sorted(waiting)


def test_a_pooler_is_recognised(through: Bouncer) -> None:
    connection.ensure_connection()
    assert is_behind_pooler(connection.connection.driver_connection)


def test_the_doctor_looks_past_the_pooler_and_through_it(pooler: Bouncer) -> None:
    name = str(connection.settings_dict["NAME"])
    ours = {**connection.settings_dict, **pooler.entry(name)}
    ours.pop("BUNDLED_DATA_DIR")

    def found(**changed: Any) -> dict[str, str]:
        _, findings = examine_database(Installation({**ours, **changed}))
        return {one.id: one.level.word for one in findings if one.id.startswith("pooler.")}

    good = ours["POOLER"]
    assert found() == {"pooler.reachable": "ok"}
    direct_too = {**good, "direct": good["pooled"]}
    assert found(POOLER=direct_too)["pooler.direct"] == "error"
    elsewhere = {**good["pooled"], "NAME": "postgres"}
    assert found(POOLER={**good, "pooled": elsewhere}) == {"pooler.other": "error"}
    nowhere = {**good["pooled"], "PORT": "1"}
    assert found(POOLER={**good, "pooled": nowhere}) == {"pooler.reachable": "error"}
    assert found(POOLER={**good, "pooled": good["direct"]}) == {"pooler.none": "info"}


def test_a_pooler_that_nobody_told_of_is_found_and_left_clean(pooler: Bouncer) -> None:
    name = str(connection.settings_dict["NAME"])
    entry = {**connection.settings_dict, **pooler.entry(name)["POOLER"]["pooled"], "OPTIONS": {}}
    entry.pop("BUNDLED_DATA_DIR")
    _, findings = examine_database(Installation(entry))
    assert "pooler.unknown" in [one.id for one in findings]
    somebody = psycopg2.connect(pooler.url(name))
    try:
        with somebody.cursor() as cursor:
            cursor.execute("CREATE TABLE left_clean (id int)")
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("0",)
    finally:
        somebody.close()


def test_settings_sent_with_the_connection_are_refused_with_a_sentence(pooler: Bouncer) -> None:
    entry = {**connection.settings_dict, **pooler.entry("x")["POOLER"]["pooled"]}
    started = time.monotonic()
    with pytest.raises(psycopg2.OperationalError) as refused:
        psycopg2.connect(pooler.url("x"), options="-c statement_timeout=10000")
    assert "DB_POOLER=transaction" in str(sentence_for(refused.value, entry))
    assert time.monotonic() - started < 20
