"""How hostile requests are sent, and what every answer to them must look like."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from rest_framework.test import APIClient

# An origin that is allowed by default: every answer must carry its CORS headers.
ORIGIN = "http://localhost:3000"
# Stands in values that are refused; no answer may repeat it.
CANARY = "kanarienvogel"
JSON = "application/json"
TABLES = (
    "users",
    "conversation_partners",
    "conversations",
    "messages",
    "topics",
    "conversation_topics",
    "extracted_facts",
)


def send(
    client: APIClient,
    method: str,
    path: str,
    body: Any = None,
    *,
    content_type: str = JSON,
    **headers: Any,
) -> Any:
    """Send a body as it is (bytes, text) or as JSON (anything else); check the answer's form.

    Headers are named as Django's WSGI variables (`HTTP_IF_MATCH="x"`).
    """
    if not isinstance(body, bytes | str):
        body = b"" if body is None else json.dumps(body).encode()
    headers.setdefault("HTTP_ORIGIN", ORIGIN)
    answer = client.generic(method, path, body, content_type=content_type, **headers)
    check_form(answer)
    return answer


def check_form(answer: Any) -> None:
    """JSON, CORS headers, a request id, no sniffing; errors in their one shape, echoing nothing."""
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Request-ID"]
    if answer.status_code in (204, 304):
        return
    assert answer["Content-Type"] == JSON
    if answer.status_code < 400:
        return
    body = answer.json()
    assert CANARY not in answer.content.decode(), "an answer repeats what was sent"
    if isinstance(body["detail"], list):
        assert answer.status_code == 422
        assert set(body) == {"detail"}
        for problem in body["detail"]:
            assert set(problem) == {"type", "loc", "msg"}
            assert problem["loc"][0] in ("body", "query", "path", "header")
    else:
        assert set(body) == {"detail", "code", "request_id"}
        assert body["request_id"] == answer["X-Request-ID"]


def problems(answer: Any) -> list[tuple[str, str]]:
    """The (type, dotted place) of each problem of a 422 answer."""
    assert answer.status_code == 422, (answer.status_code, answer.content[:500])
    return [
        (problem["type"], ".".join(map(str, problem["loc"]))) for problem in answer.json()["detail"]
    ]


def types(answer: Any) -> list[str]:
    """The types of the problems of a 422 answer."""
    return [kind for kind, _ in problems(answer)]


def refusal(answer: Any) -> tuple[int, str]:
    """Status and code of any other error."""
    return answer.status_code, answer.json()["code"]


def stored() -> dict[str, str]:
    """A digest of everything that is stored: each table's rows, and the files of pictures."""
    digests = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            rows = f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY id), '')) FROM {table} t"
            cursor.execute(rows)
            digests[table] = cursor.fetchone()[0]
    files = sorted(path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())
    for path in files:
        digests[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return digests


@contextmanager
def connection_kept() -> Iterator[None]:
    """Keeps the WSGI application from giving back the connection that the test works in."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


@contextmanager
def nothing_stored() -> Iterator[None]:
    """Whatever happens inside leaves rows and files as they were."""
    before = stored()
    yield
    assert stored() == before
