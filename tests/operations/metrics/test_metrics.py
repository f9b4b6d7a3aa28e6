"""GET /metrics: off, protected, and counted over all processes of a web server."""

from __future__ import annotations

import http.client
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import MiddlewareNotUsed
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from rest_framework.test import APIClient

from convoai.operations.metrics.folder import own_folder, share_counts
from convoai.operations.metrics.middleware import MetricsMiddleware
from tests.factories import make_partner
from tests.operations.servers import free_port, running, wait_until_served

TOKEN = "a-token-for-tests-of-metrics"
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(text: str) -> Samples:
    """Every figure of a scrape, by its name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def figure(found: Samples, name: str, **labels: str) -> float:
    return found[(name, tuple(sorted(labels.items())))]


@pytest.fixture
def switched_on(settings: Any) -> Client:
    """A client of a server whose metrics are on, with the token."""
    settings.METRICS_TOKEN = TOKEN
    return Client(headers={"Authorization": f"Bearer {TOKEN}"})


def test_without_a_token_there_is_no_such_page_and_nothing_is_counted(
    nobody: APIClient, settings: Any
) -> None:
    settings.METRICS_TOKEN = ""
    answer = nobody.get("/metrics")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    with pytest.raises(MiddlewareNotUsed):
        MetricsMiddleware(lambda request: answer)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer wrong", f"Token {TOKEN}", f"Bearer {TOKEN} {TOKEN}", "Bearer é"],
)
def test_only_the_token_opens_it(settings: Any, header: str) -> None:
    settings.METRICS_TOKEN = TOKEN
    answer = Client(headers={"Authorization": header} if header else {}).get("/metrics")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert b"convoai_requests" not in answer.content


def test_the_token_opens_nothing_else(switched_on: Client, db: Any) -> None:
    assert switched_on.get("/api/partners").status_code == 401


def test_people_cannot_read_it(api: APIClient, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert api.get("/metrics").status_code in (401, 403)


def test_requests_are_counted_by_route_and_hold_nobodys_words(
    switched_on: Client, alice: Any
) -> None:
    partner = make_partner(alice, name="Canary Nightingale")
    switched_on.get(f"/api/partners/{partner.pk}?q=canary")
    switched_on.get("/canary/nightingale")
    switched_on.generic("CANARY", "/health")
    text = switched_on.get("/metrics").content.decode()
    found = samples(text)
    labels = {"method": "GET", "route": "/api/partners/<int:pk>"}
    assert figure(found, "convoai_requests_total", **labels, status="401") >= 1
    assert figure(found, "convoai_request_seconds_count", **labels) >= 1
    assert figure(found, "convoai_requests_total", method="GET", route="other", status="404") >= 1
    assert figure(found, "convoai_requests_total", method="other", route="/health", status="405")
    assert "canary" not in text.lower()
    assert "nightingale" not in text.lower()


def test_the_database_tells_its_figures(switched_on: Client, alice: Any) -> None:
    make_partner(alice)
    found = samples(switched_on.get("/metrics").content.decode())
    assert figure(found, "convoai_database_up") == 1
    assert figure(found, "convoai_database_bytes") > 1_000_000
    assert figure(found, "convoai_jobs", state="waiting") >= 0
    assert figure(found, "convoai_worker_up") == 0
    assert figure(found, "convoai_database_connections_limit") > 1
    assert figure(found, "convoai_table_bytes", table="messages") > 8192
    tables = [dict(labels)["table"] for name, labels in found if name == "convoai_table_rows"]
    assert len(tables) == 7


@pytest.mark.parametrize("token", ["short", "with a space in its middle, and long"])
def test_a_token_that_can_be_guessed_or_not_be_sent_is_refused(settings: Any, token: str) -> None:
    settings.METRICS_TOKEN = token
    assert "operations.E001" in {message.id for message in run_checks()}


@pytest.fixture(scope="module")
def port(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[int]:
    """A web server of two processes with metrics on; afterwards its folder must be gone."""
    data_dir = tmp_path_factory.mktemp("metrics")
    found = free_port()
    environment = {
        "DATA_DIR": str(data_dir),
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "METRICS_TOKEN": TOKEN,
        "WEB_CONCURRENCY": "2",
        "SECRET_KEY": "metrics-" * 10,
        "DEBUG": "true",
        # That of this process, when metrics are on here.
        "PROMETHEUS_MULTIPROC_DIR": "",
    }
    arguments = ["-m", "gunicorn", "--bind", f"127.0.0.1:{found}"]
    with running(arguments, environment) as process:
        wait_until_served(process, found)
        yield found
        os.kill(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)
    assert not list(Path(data_dir, "metrics").iterdir())


def get(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
    body = connection.getresponse().read().decode()
    connection.close()
    return body


def test_all_processes_of_a_server_are_added_up(port: int) -> None:
    askers = [threading.Thread(target=get, args=(port, "/health")) for _ in range(40)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    labels = {"method": "GET", "route": "/health", "status": "200"}
    counts = {
        figure(samples(get(port, "/metrics")), "convoai_requests_total", **labels) for _ in range(8)
    }
    assert counts == {40.0}
    assert figure(samples(get(port, "/metrics")), "convoai_database_up") == 0


def test_the_folder_of_counts_is_for_its_owner_only(settings: Any, switched_on: Client) -> None:
    switched_on.get("/health")
    folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    assert folder.stat().st_mode & 0o077 == 0
    assert folder.name.endswith(f"-{os.getpid()}")
    assert own_folder().name == folder.name


def test_a_server_does_not_count_on_where_one_of_the_same_number_was_killed(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container the number is the same after each start."""
    settings.DATA_DIR = tmp_path
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    own_folder().mkdir(parents=True)
    left = own_folder() / "gauge_livesum_7.db"
    left.touch()
    try:
        assert share_counts() == own_folder()
    finally:
        monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    assert not left.exists()
