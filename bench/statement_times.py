"""What the record of statement times costs a request, in processor time.

    python bench/statement_times.py --rounds 60

Plain list requests inside one process, without HTTP; with the record and without it in turns, so
that what else the machine does meets both. Everything made here is taken back at the end.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import project

PARTNERS, TALKS = 40, 50
TIMES = 20


def filled() -> Any:
    from conversations.models import Conversation
    from convoai.accounts.models import User
    from partners.models import ConversationPartner

    user = User.objects.create(email="times@example.org", username="times")
    partners = ConversationPartner.objects.bulk_create(
        ConversationPartner(user=user, name=f"Partner {number}") for number in range(PARTNERS)
    )
    Conversation.objects.bulk_create(
        Conversation(user=user, partner=partners[0], title=f"Talk {number}")
        for number in range(TALKS)
    )
    return user


def seconds(call: Callable[[], Any]) -> float:
    """Processor time of this process for one call, of TIMES in a row."""
    before = time.process_time()
    for _ in range(TIMES):
        call()
    return (time.process_time() - before) / TIMES


class NoDatabase:
    """Stands for connection and driver, and does nothing."""

    execute_wrappers: list[Any] = []
    wrap_database_errors = nullcontext()

    def validate_no_broken_transaction(self) -> None: ...

    def execute(self, sql: str, params: Any = None) -> None: ...


def noting() -> float:
    """Seconds that noting adds to a statement whose text is known already."""
    from django.db.backends.utils import CursorWrapper

    from convoai.database import statement_times
    from convoai.database.backend.cursors import Timed

    statement = "SELECT " + ", ".join(f'"t"."c{n}"' for n in range(60))
    nothing: Any = NoDatabase()
    plain, timed = CursorWrapper(nothing, nothing), Timed(nothing, nothing)

    def many(cursor: CursorWrapper) -> float:
        return min(seconds(lambda: cursor.execute(statement, [1])) for _ in range(500))

    statement_times.switch_on("bench", lambda: None)
    try:
        return many(timed) - many(plain)
    finally:
        statement_times.switch_off()


def naming() -> float:
    """Seconds that naming its route adds to a request."""
    from django.http import HttpRequest
    from django.urls import resolve

    from convoai.operations.statements.recording import RouteMiddleware

    request = HttpRequest()
    request.method, request.resolver_match = "GET", resolve("/api/partners/")
    nothing: Any = None

    def within(_: HttpRequest) -> Any:
        return middleware.process_view(request, None, None, None)

    middleware = RouteMiddleware(within)
    return min(seconds(lambda: middleware(request)) for _ in range(500)) - min(
        seconds(lambda: nothing) for _ in range(500)
    )


def compare(path: str, user: Any, rounds: int) -> str:
    from rest_framework.test import APIClient

    from convoai.accounts.services import create_api_key
    from convoai.database import statement_times

    key = create_api_key(user=user, name="bench")[1]
    api = APIClient(HTTP_HOST="localhost", HTTP_AUTHORIZATION=f"Bearer {key}")

    def ask() -> None:
        assert api.get(path).status_code == 200

    seconds(ask)
    times: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * rounds):
        on = number % 4 in (0, 3)
        if on:
            statement_times.switch_on("bench", lambda: None)
        times[on].append(seconds(ask))
        statement_times.switch_off()
    statement_times.switch_on("bench", lambda: None)
    ask()
    counted = sum(one.calls for one in statement_times.record.take().values())
    statement_times.switch_off()
    # The least of many: other work on the machine can only add.
    without, with_it = min(times[False]), min(times[True])
    share = counted * noting() / without
    return (
        f"{path:<34} {without * 1000:.3f} ms without, {with_it * 1000:.3f} ms with: "
        f"{with_it / without - 1:+.1%}; noting {counted} statements: {share:.2%}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the record of statement times.")
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds
    project.set_up()
    from django.db import transaction

    from partners.models import ConversationPartner

    print(f"one request: {naming() * 1e6:.1f} us, one statement: {noting() * 1e6:.1f} us")
    with transaction.atomic():
        user = filled()
        first = ConversationPartner.objects.filter(user=user).order_by("pk")[0]
        for path in ("/api/partners", f"/api/conversations?partner_id={first.pk}"):
            print(compare(path, user, rounds))
        transaction.set_rollback(True)


if __name__ == "__main__":
    main()
