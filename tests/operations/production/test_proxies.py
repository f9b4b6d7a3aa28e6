"""docs/nginx.conf and docs/Caddyfile in front of the real web server, where these are installed."""

from __future__ import annotations

import http.client
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.db.models import Q

from convoai.accounts.models import User
from convoai.accounts.services import create_api_key
from convoai.operations import probe
from tests.factories import make_user
from tests.operations.production.proxies import (
    CADDY,
    NAME,
    NGINX,
    Proxy,
    caddy,
    make_certificate,
    nginx,
)
from tests.operations.servers import free_port, running, wait_until_served

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed"),
]
NEEDED = {
    nginx: pytest.mark.skipif(NGINX is None, reason="nginx is not installed"),
    caddy: pytest.mark.skipif(CADDY is None, reason="caddy is not installed"),
}
THREADS = 2


def database_url() -> str:
    """The suite's database, for a process of its own."""
    values = connection.get_connection_params()
    secret = f":{quote(values['password'], safe='')}" if values.get("password") else ""
    host = quote(str(values.get("host") or ""), safe="")
    port = f":{values['port']}" if values.get("port") else ""
    user = quote(str(values.get("user") or ""), safe="")
    return f"postgresql://{user}{secret}@{host}{port}/{values['dbname']}"


@pytest.fixture(scope="module")
def key(django_db_setup: Any, django_db_blocker: Any) -> Iterator[str]:
    with django_db_blocker.unblock():
        user = make_user("proxied")
        yield create_api_key(user=user, name="test")[1]
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM axes_accessattempt WHERE username LIKE '%@proxied.example'")
        User.objects.filter(Q(pk=user.pk)).delete()


@pytest.fixture(scope="module")
def server(key: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Popen[str], int]]:
    """What `manage.py serve` becomes, as for others: DEBUG off, HTTPS, one proxy."""
    port = free_port()
    environment = {
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(tmp_path_factory.mktemp("proxied")),
        "SECRET_KEY": "only-for-a-test-" * 5,
        "DEBUG": "false",
        "HTTPS": "true",
        "NUM_PROXIES": "1",
        "ALLOWED_HOSTS": NAME,
        "SINGLE_USER": "",
        "WEB_CONCURRENCY": "1",
        "WEB_THREADS": str(THREADS),
        "LOGIN_TRIES_PER_ADDRESS": "2",
    }
    with running(["-m", "gunicorn", "--bind", f"127.0.0.1:{port}"], environment) as process:
        wait_until_served(process, port)
        yield process, port


@pytest.fixture(
    scope="module",
    params=[pytest.param(one, marks=mark, id=one.__name__) for one, mark in NEEDED.items()],
)
def proxy(
    request: pytest.FixtureRequest,
    server: tuple[Popen[str], int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp(request.param.__name__)
    with request.param(folder, server[1], make_certificate(folder)) as started:
        yield started


@pytest.fixture
def client(proxy: Proxy) -> Iterator[http.client.HTTPSConnection]:
    connected = proxy.connect()
    yield connected
    connected.close()


def answer(client: http.client.HTTPSConnection) -> tuple[int, Any, http.client.HTTPMessage]:
    response = client.getresponse()
    body = response.read()
    is_json = response.headers.get_content_type() == "application/json"
    return response.status, json.loads(body) if is_json else body, response.headers


def post(
    client: http.client.HTTPSConnection, path: str, body: bytes, key: str = "", **headers: str
) -> tuple[int, Any, http.client.HTTPMessage]:
    signed = {"Authorization": f"Bearer {key}"} if key else {}
    client.request(
        "POST", path, body, {"Content-Type": "application/json", "Host": NAME, **signed, **headers}
    )
    return answer(client)


def test_pages_probes_and_files_come_over_one_kept_connection(
    client: http.client.HTTPSConnection,
) -> None:
    client.request("GET", "/health/ready", headers={"Host": NAME})
    kept = client.sock
    status, body, headers = answer(client)
    assert (status, body.get("status")) == (200, "ready"), body
    assert "max-age" in headers["Strict-Transport-Security"]
    client.request("GET", "/static/admin/css/base.css", headers={"Host": NAME})
    status, body, headers = answer(client)
    assert (status, headers.get_content_type()) == (200, "text/css")
    client.request("GET", "/accounts/login/", headers={"Host": NAME})
    status, body, headers = answer(client)
    assert status == 200
    assert b"<form" in body
    assert "Secure" in headers["Set-Cookie"]
    assert client.sock is kept


def test_large_upload_arrives_and_larger_ones_are_refused_as_json(
    proxy: Proxy, client: http.client.HTTPSConnection, key: str
) -> None:
    talk = json.dumps({"partner_id": 0, "full_transcript": "Dana: Hello."}).encode()
    status, body, _ = post(client, "/api/conversations", talk.ljust(31_999_999), key)
    # Read as a whole: there is no such partner.
    assert (status, body["code"]) == (404, "not_found"), body
    for size in (32_000_001, 34_000_000):
        # The first is refused by convoai, the second by what is in front.
        larger = proxy.connect()
        larger.putrequest("POST", "/api/conversations", skip_host=True)
        larger.putheader("Host", NAME)
        larger.putheader("Authorization", f"Bearer {key}")
        larger.putheader("Content-Length", str(size))
        all_of_it = proxy.reads_first and size < 32 << 20
        larger.endheaders(b" " * (size if all_of_it else 100_000))
        status, body, _ = answer(larger)
        larger.close()
        assert (status, body["code"]) == (413, "body_too_large")


def test_probe_of_a_container_is_answered(
    server: tuple[Popen[str], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", str(server[1]))
    monkeypatch.setenv("ALLOWED_HOSTS", f"{NAME},www.example.org")
    assert probe.problem() == ""
    monkeypatch.setenv("ALLOWED_HOSTS", "other.example.org")
    assert "Answered 400" in probe.problem()
    monkeypatch.setenv("PORT", str(free_port()))
    assert "No answer at port" in probe.problem()


def test_wrong_passwords_count_against_the_client_and_not_what_it_claims(
    client: http.client.HTTPSConnection,
) -> None:
    statuses = [
        post(
            client,
            "/api/auth/login",
            json.dumps({"email": f"u{number}@proxied.example", "password": "wrong"}).encode(),
            **{"X-Forwarded-For": f"203.0.113.{number}"},
        )[0]
        for number in range(4)
    ]
    assert statuses[-1] == 429


def test_slow_clients_hold_no_thread_behind_nginx(
    proxy: Proxy, client: http.client.HTTPSConnection, key: str
) -> None:
    if not proxy.reads_first:
        pytest.skip("Caddy passes bodies on while they come")
    slow = [proxy.connect() for _ in range(THREADS + 2)]
    try:
        for one in slow:
            one.putrequest("POST", "/api/conversations", skip_host=True)
            one.putheader("Host", NAME)
            one.putheader("Authorization", f"Bearer {key}")
            one.putheader("Content-Length", "1000")
            one.endheaders(b"{")
        client.request("GET", "/health/ready", headers={"Host": NAME})
        client.sock.settimeout(10)
        assert answer(client)[0] == 200
    finally:
        for one in slow:
            one.close()


def test_plain_http_leads_to_https_at_nginx(
    proxy: Proxy,
) -> None:
    if not proxy.plain_port:
        pytest.skip("Caddy does so by itself, on port 80")
    plain = http.client.HTTPConnection("127.0.0.1", proxy.plain_port, timeout=10)
    plain.request("GET", "/api/partners", headers={"Host": NAME})
    response = plain.getresponse()
    assert (response.status, response.headers["Location"]) == (301, f"https://{NAME}/api/partners")
    plain.close()


def test_long_address_is_refused_as_json(client: http.client.HTTPSConnection) -> None:
    client.request("GET", f"/api/partners?q={'x' * 9000}", headers={"Host": NAME})
    status, body, _ = answer(client)
    assert (status, body["code"]) == (414, "uri_too_long")


@pytest.mark.parametrize(
    "start", [pytest.param(one, marks=mark, id=one.__name__) for one, mark in NEEDED.items()]
)
def test_server_that_is_away_is_503_as_json(start: Any, tmp_path: Path) -> None:
    with start(tmp_path, free_port(), make_certificate(tmp_path)) as proxy:
        client = proxy.connect()
        client.request("GET", "/api/partners", headers={"Host": NAME})
        status, body, headers = answer(client)
        client.close()
    assert (status, body["code"]) == (503, "unavailable")
    assert headers["Retry-After"] == "5"
