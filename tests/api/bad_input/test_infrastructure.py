"""Rows 104 to 110: PostgreSQL or the web server is stopped, killed, held or used up."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest

from convoai.database import bundled
from convoai.database.cluster import SUPERUSER
from convoai.database.place import DATABASE, PORT, find_place
from convoai.database.postmaster import wait_until
from tests.api.bad_input.answers import ORIGIN
from tests.api.bad_input.houses import Answer, House, house

PARTNERS = "/api/partners/"
TALKS = "/api/conversations/"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def started() -> Iterator[House]:
    with house() as home:
        check_that_it_starts_without_database(home)
        yield home


@pytest.fixture
def home(started: House) -> House:
    started.wait_until_ready()
    return started


@contextmanager
def superuser(home: House) -> Iterator[Any]:
    """A cursor besides the pool of the web server, in a transaction."""
    connection = psycopg2.connect(
        host=str(find_place(home.data_dir).socket_dir),
        port=PORT,
        user=SUPERUSER,
        dbname=DATABASE,
    )
    try:
        yield connection.cursor()
    finally:
        connection.close()


def check_unavailable(answer: Answer) -> None:
    """503 as JSON, with CORS headers, an id, and when to come again; not a word of the cause."""
    assert answer.status == 503, answer.content
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert int(answer.headers["Retry-After"]) >= 1
    body = answer.json()
    assert body["code"] == "database_unavailable"
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert "socket" not in body["detail"]


def check_that_it_starts_without_database(home: House) -> None:
    live, ready = home.ask("GET", "/health/live"), home.ask("GET", "/health/ready")
    assert live.status == home.ask("GET", "/health").status == 200
    assert ready.status == 503
    assert "database" in ready.json()["detail"].lower()
    assert ready.headers["Retry-After"]
    check_unavailable(home.ask("GET", PARTNERS))
    bundled.start(home.data_dir)
    home.wait_until_ready()


@pytest.mark.bad_input(108)
def test_server_starts_without_database_and_needs_no_restart(home: House) -> None:
    """What came before is checked once, in the fixture that starts it."""
    assert home.ask("GET", PARTNERS).status == 200


@pytest.mark.bad_input(107)
def test_stopped_database_is_503_until_it_is_back(home: House) -> None:
    made = home.ask("POST", PARTNERS, {"name": "Dana"}).json()
    bundled.stop(home.data_dir)
    for method, path, body in (
        ("GET", PARTNERS, None),
        ("POST", PARTNERS, {"name": "Eve"}),
        ("GET", f"{PARTNERS}{made['id']}", None),
        ("DELETE", f"{PARTNERS}{made['id']}", None),
        ("POST", "/api/auth/login", {"email": "a@example.org", "password": "x"}),
    ):
        check_unavailable(home.ask(method, path, body))
    check_unavailable(home.ask("GET", "/admin/", Cookie=f"sessionid={'a' * 32}"))
    assert home.ask("GET", "/health/ready").status == 503
    assert home.ask("GET", "/health/live").status == 200
    assert home.ask("GET", "/api/nothing").status == 404
    bundled.start(home.data_dir)
    home.wait_until_ready()
    assert home.ask("GET", f"{PARTNERS}{made['id']}").json()["name"] == "Dana"
    assert "Eve" not in [row["name"] for row in home.ask("GET", PARTNERS).json()]


@pytest.mark.bad_input(104)
def test_kill_during_writes_loses_nothing_and_doubles_nothing(home: House) -> None:
    partner = home.ask("POST", PARTNERS, {"name": "Ida"}).json()["id"]
    end = time.monotonic() + 6

    def write(thread: int) -> dict[str, int]:
        acknowledged = {}
        number = 0
        while time.monotonic() < end or number == 0:
            key = f"{thread}-{number}"
            body = {"partner_id": partner, "title": key}
            body["messages"] = [{"sender": "user", "content": key}] * 20
            answer = insist(home, body, key)
            acknowledged[key] = answer.json()["id"]
            number += 1
        return acknowledged

    with ThreadPoolExecutor(3) as threads:
        writers = [threads.submit(write, thread) for thread in range(3)]
        for _ in range(2):
            time.sleep(1)  # so that some writes come before and some after
            home.kill_database()
            home.wait_until_ready()
        acknowledged = {key: talk for writer in writers for key, talk in writer.result().items()}
    rows = home.ask("GET", f"{TALKS}?partner_id={partner}&fields=id,title").json()
    assert {row["title"]: row["id"] for row in rows} == acknowledged
    assert len(rows) == len(acknowledged), "no talk is there twice"


def insist(home: House, body: dict[str, Any], key: str) -> Answer:
    """Send until it is acknowledged, as a client with a key may; every refusal is a 503."""
    for _ in range(200):
        answer = home.ask("POST", TALKS, body, Idempotency_Key=key)
        if answer.status == 201:
            return answer
        check_unavailable(answer)
        time.sleep(0.1)  # the client waits before it tries again
    raise AssertionError("never acknowledged")


@pytest.mark.bad_input(105)
def test_killed_web_worker_leaves_no_half_talk(home: House) -> None:
    partner = home.ask("POST", PARTNERS, {"name": "Frank"}).json()["id"]
    body = {
        "partner_id": partner,
        "messages": [{"sender": "user", "content": f"number {n}"} for n in range(15_000)],
    }
    with ThreadPoolExecutor(1) as threads:
        sending = threads.submit(home.ask, "POST", TALKS, body)
        time.sleep(0.4)  # into the middle of the request
        home.kill_worker()
        try:
            acknowledged = sending.result().status == 201
        except (OSError, http.client.HTTPException):
            acknowledged = False
    home.wait_until_ready()
    with superuser(home) as cursor:
        cursor.execute(
            "SELECT count(message.id) FROM conversations AS talk "
            "LEFT JOIN messages AS message ON message.conversation_id = talk.id "
            "WHERE talk.partner_id = %s GROUP BY talk.id",
            [partner],
        )
        counts = cursor.fetchall()
    assert counts in ([], [(15_000,)])
    assert counts or not acknowledged


@pytest.mark.bad_input(109)
def test_used_up_pool_is_503_soon_and_health_still_answers(home: House) -> None:
    partner = home.ask("POST", PARTNERS, {"name": "Gina"}).json()["id"]
    with superuser(home) as holder, ThreadPoolExecutor(6) as threads:
        holder.execute("LOCK TABLE conversations")
        waiting = [threads.submit(home.ask, "GET", f"{TALKS}?partner_id={partner}") for _ in "1234"]
        # The first three hold the pool's three connections and wait for the table.
        assert wait_until(lambda: count_waiting(holder) == 3, seconds=60)
        assert home.ask("GET", "/health/live").status == 200
        # Before any of the three has given up: after half a second, not after three.
        check_unavailable(home.ask("GET", PARTNERS))
        answers = [one.result() for one in waiting]
    statuses = sorted(answer.status for answer in answers)
    assert statuses == [409, 409, 409, 503]
    for answer in answers:
        assert answer.json()["code"] in ("locked", "database_unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
    assert home.ask("GET", PARTNERS).status == 200


def count_waiting(cursor: Any) -> int:
    """How many statements wait for a table that somebody holds."""
    cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'")
    return int(cursor.fetchone()[0])


@pytest.mark.bad_input(110)
def test_statement_that_takes_too_long_is_503_and_stops_nobody_else(home: House) -> None:
    partner = home.ask("POST", PARTNERS, {"name": "Hana"}).json()["id"]
    with superuser(home) as cursor:
        cursor.connection.autocommit = True
        cursor.execute(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_sleep(30); RETURN NEW; END $$;"
            "CREATE TRIGGER slow BEFORE INSERT ON conversations EXECUTE FUNCTION slow()"
        )
        try:
            with ThreadPoolExecutor(1) as threads:
                body = {"partner_id": partner, "messages": []}
                slow = threads.submit(home.ask, "POST", TALKS, body)
                assert home.ask("GET", PARTNERS).status == 200
                answer = slow.result()
        finally:
            cursor.execute("DROP TRIGGER slow ON conversations")
    assert (answer.status, answer.json()["code"]) == (503, "timeout")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert home.ask("GET", f"{TALKS}?partner_id={partner}").json() == []


@pytest.mark.bad_input(72, 124)
def test_log_of_the_database_holds_no_words(home: House) -> None:
    words = "kanarienvogel"
    home.ask("POST", PARTNERS, {"name": words})
    insert = "INSERT INTO conversation_partners (user_id, name, notes) VALUES (1, NULL, %s)"
    with superuser(home) as cursor, pytest.raises(psycopg2.errors.NotNullViolation):
        cursor.execute(insert, [words])
    assert words not in find_place(home.data_dir).log.read_text(errors="replace")
    assert json.loads(home.ask("GET", PARTNERS).content)
