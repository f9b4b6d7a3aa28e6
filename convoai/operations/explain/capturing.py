"""Run a read through the whole stack without writing, and keep what it asked the database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import DatabaseError, connection, transaction

from convoai.database.folding import fold

# Whoever signs in this way needs no row for it.
SESSIONS = "django.contrib.sessions.backends.signed_cookies"
BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass
class Asked:
    """A statement that was run: with its values, which stay in here, and without them."""

    sql: str
    parameters: Any
    milliseconds: float
    rows: int
    calls: int = 1

    @property
    def folded(self) -> str:
        return fold(self.sql)


@dataclass
class Captured:
    """What one read asked, in the order of the first calls; `status` of a request's answer.

    `refused` is what it wanted to write.
    """

    statements: list[Asked] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    status: int | None = None


def capture_request(path: str, user: Any) -> Captured:
    """Request a path as this user, in a transaction that can only read and is taken back."""
    from django.test import Client
    from django.test.utils import override_settings

    captured = Captured()
    # The engine keeps the session in the cookie, so that signing in writes nothing.
    with override_settings(SESSION_ENGINE=SESSIONS):
        client = Client(raise_request_exception=False, headers={"host": _host()})
        client.cookies[settings.SESSION_COOKIE_NAME] = _session_of(user)
        with reading_only(captured):
            answer = client.get(path, secure=settings.SECURE_SSL_REDIRECT)
            if getattr(answer, "streaming", False):
                for _ in answer:
                    pass
            captured.status = answer.status_code
    return captured


def capture_rows(read: Callable[[], Any]) -> Captured:
    """Fetch the rows of a QuerySet, as above."""
    captured = Captured()
    with reading_only(captured):
        list(read())
    return captured


@contextmanager
def reading_only(captured: Captured) -> Iterator[None]:
    """Run what is inside in a transaction that can only read; take it back; keep its statements."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        with connection.execute_wrapper(_keeping(captured)):
            yield
        transaction.set_rollback(True)


def _keeping(captured: Captured) -> Any:
    known: dict[str, Asked] = {}

    def keep(execute: Any, sql: Any, parameters: Any, many: bool, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, parameters, many, context)
        except DatabaseError:
            captured.refused.append(fold(str(sql)))
            raise
        finally:
            took = (time.perf_counter() - started) * 1000
            _note(captured, known, Asked(str(sql), parameters, took, context["cursor"].rowcount))

    return keep


def _note(captured: Captured, known: dict[str, Asked], asked: Asked) -> None:
    """Add it; of several calls of one statement, the slowest stands for all."""
    before = known.get(asked.folded)
    if before is None:
        known[asked.folded] = asked
        captured.statements.append(asked)
        return
    before.calls += 1
    if asked.milliseconds > before.milliseconds:
        before.parameters, before.sql = asked.parameters, asked.sql
        before.milliseconds, before.rows = asked.milliseconds, asked.rows


def _host() -> str:
    first = str(settings.ALLOWED_HOSTS[0]) if settings.ALLOWED_HOSTS else "localhost"
    return "localhost" if first == "*" else first.lstrip(".")


def _session_of(user: Any) -> str:
    from django.contrib.sessions.backends.signed_cookies import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)
