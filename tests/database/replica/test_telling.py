"""What an operator is told of the replica, and settings that lead to it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import environ
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from rest_framework.test import APIClient

from convoai.accounts.models import User
from convoai.database.configuration import replica_settings
from convoai.database.replica.standing import wait_for_replica
from convoai.database.replica.watch import watch
from convoai.database.status import database_status
from convoai.operations.doctor.examination import examine_database
from convoai.operations.doctor.installation import Installation
from convoai.operations.findings import Finding, Level
from tests.database.replica.pairs import Pair, working_with
from tests.database.replica.test_reading import names
from tests.database.scratch import manage, poll
from tests.factories import make_partner


def examined() -> dict[str, Finding]:
    _, found = examine_database(Installation(settings.DATABASES["default"]))
    return {one.id: one for one in found if one.id.startswith(("replica.", "migrations"))}


def problems() -> list[str]:
    return [one.id for one in examined().values() if one.level >= Level.WARNING]


def status() -> str:
    _, lines = database_status(settings.DATABASES["default"])
    return "\n".join(f"{name} {value}" for name, value in lines)


def ready() -> dict[str, str]:
    answer = APIClient().get("/health/ready")
    assert answer.status_code == 200, "without a replica the service can work"
    checks: dict[str, str] = answer.json()["checks"]
    return checks


def test_a_replica_that_is_well_is_told_everywhere(pair: Pair) -> None:
    pair.catch_up()
    assert problems() == []
    assert examined()["replica.lag"].evidence["limit"] == settings.REPLICA_MAX_LAG
    assert "in use, " in status()
    assert ready()["replica"] == "ok"


def test_a_replica_that_is_late_is_told_everywhere(pair: Pair, settings: Any) -> None:
    pair.pause()
    make_partner(User.objects.create(email="late@example.org", username="late"))
    settings.REPLICA_MAX_LAG = -1
    watch.forget()
    assert problems() == ["replica.lag"]
    assert "not used now" in status()
    assert "behind" in ready()["replica"]


def test_a_wrong_address_is_told_everywhere(pair: Pair) -> None:
    for address, finding, word in (
        (pair.primary.url, "replica.identity", "takes writes itself"),
        (pair.replica.url.replace("5432", "1"), "replica.reachable", "No PostgreSQL listens"),
    ):
        with working_with(pair.primary.url, address):
            assert problems() == [finding]
            assert "DATABASE_REPLICA_URL" in examined()[finding].hint
            assert word in status()
            assert "not used" in ready()["replica"]


def test_a_replica_that_nobody_reads_from_is_pointed_out(pair: Pair) -> None:
    with working_with(pair.primary.url):
        poll(lambda: "replica.set" in examined())
        assert examined()["replica.set"].level == Level.INFO
        assert "replica" not in status()
        assert "replica" not in ready()


def test_a_command_ends_when_the_replica_shows_what_it_did(pair: Pair, settings: Any) -> None:
    pair.pause()
    user = User.objects.create(email="command@example.org", username="command")
    count = f"SELECT count(*) FROM users WHERE id = {user.pk}"
    threading.Timer(0.3, pair.resume).start()
    wait_for_replica()
    assert pair.replica.value(count) == 1
    pair.pause()
    user.delete()
    settings.REPLICA_STICKY = 0
    wait_for_replica()
    assert pair.replica.value(count) == 1, "nobody waits for one that is away"


@contextmanager
def silent_server() -> Iterator[tuple[int, list[socket.socket]]]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        taken: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    taken.append(listening.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        try:
            yield int(listening.getsockname()[1]), taken
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
            for one in taken:
                one.close()


def test_a_replica_that_never_answers_is_waited_for_once(
    pair: Pair, alice: User, client_of: Callable[[User], APIClient]
) -> None:
    with silent_server() as (port, taken):
        address = f"postgresql://convoai@127.0.0.1:{port}/conversation_ai?sslmode=disable"
        with working_with(pair.primary.url, address):
            client = client_of(alice)
            for _ in range(5):
                assert names(client) == []
            assert len(taken) == 1


def test_the_settings_of_a_process_name_the_replica(pair: Pair) -> None:
    addresses = {"DATABASE_URL": pair.primary.url, "DATABASE_REPLICA_URL": pair.replica.url}
    pair.catch_up()
    told = manage("doctor", "--json", **addresses)
    found = {one["id"]: one["level"] for one in json.loads(told.stdout)["findings"]}
    assert (found["replica.identity"], found["replica.lag"]) == ("ok", "ok")
    assert not [word for word in found if word.startswith("check.")], told.stdout


def replica_of(**variables: str) -> dict[str, object]:
    reader = type("Reader", (environ.Env,), {"ENVIRON": variables})()
    return replica_settings(reader, command=False).get("replica", {})


def test_without_the_variable_there_is_no_second_database() -> None:
    assert replica_of() == {}
    assert "replica" not in settings.DATABASES
    assert settings.DATABASE_ROUTERS == []
    assert not [name for name in settings.MIDDLEWARE if "replica" in name or "own_writes" in name]


def test_the_replica_is_given_up_sooner_and_takes_no_writes() -> None:
    found = replica_of(DATABASE_REPLICA_URL="postgresql://a:b@replica/c", DB_POOL_SIZE="3")
    options, pool = found["OPTIONS"], found["POOL_OPTIONS"]
    assert isinstance(options, dict)
    assert isinstance(pool, dict)
    assert options["connect_timeout"] == 2
    assert "default_transaction_read_only=on" in options["options"]
    assert "statement_timeout=10000" in options["options"]
    assert (pool["POOL_SIZE"], pool["TIMEOUT"]) == (3, 0.5)


@pytest.mark.parametrize("url", ["mysql://a/b", "postgresql://secret@host", "postgresql://h:x/n"])
def test_a_wrong_address_is_refused_by_the_name_of_its_variable(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_REPLICA_URL ") as refused:
        replica_of(DATABASE_REPLICA_URL=url)
    assert "secret" not in str(refused.value)
