"""What requests, commands and jobs do is recorded by route, without a single value."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from rest_framework.test import APIClient

from convoai.accounts.models import User
from convoai.database import statement_times
from convoai.database.statement_times import OTHER, Key, Times
from convoai.operations.models import StatementTimes
from convoai.operations.statements.recording import name_job, store
from convoai.operations.statements.storing import (
    MOST_PER_DAY,
    forget_old_times,
    store_times,
    today,
)
from partners.models import ConversationPartner
from tests.api.routes import OPEN, all_calls, fill, id_for
from tests.database.scratch import manage
from tests.factories import make_user
from tests.operations.doctor.examining import sql

pytestmark = pytest.mark.django_db
CANARY = "canarybird"


def recorded() -> dict[str, set[str]]:
    """The statements of each route since the last look."""
    found: dict[str, set[str]] = {}
    for route, statement in statement_times.record.take():
        found.setdefault(route, set()).add(statement)
    return found


def with_canaries(body: Any) -> Any:
    """The body with our word in every text and at the end of every list."""
    if isinstance(body, dict):
        return {key: with_canaries(value) for key, value in body.items()}
    if isinstance(body, list) and body and isinstance(body[0], dict):
        return [with_canaries(value) for value in body]
    return f"{body} {CANARY}" if isinstance(body, str) and body not in {"user", "pin"} else body


def test_no_word_of_anybody_comes_into_the_record(
    api: APIClient, alice: User, recording: Any, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    partner = fill(alice)
    for call in all_calls():
        if call.route in OPEN or call.method == "delete" or "logout" in call.route:
            continue
        path = call.path(id_for(call, alice))
        path += f"{'&' if '?' in path else '?'}search={CANARY}&name={CANARY}"
        with transaction.atomic():
            body = with_canaries(call.body(partner.pk))
            kind = "multipart" if _has_file(body) else "json"
            path = path.replace("q=bake", f"q={CANARY}")
            getattr(api, call.method)(path, body, format=kind).getvalue()
            if call.method != "get":
                transaction.set_rollback(True)
    store_times(taken=statement_times.record.take())
    kept = list(StatementTimes.objects.values_list("route", "statement"))
    routes = {route for route, _ in kept}
    assert {"GET /api/search", "POST /api/partners/", "GET /api/conversations/<int:pk>"} <= routes
    assert len(kept) > 100
    assert CANARY not in json.dumps(kept).lower()
    # Nor what stood in the database already, nor an address.
    assert "bake" not in json.dumps(kept)
    assert alice.email not in json.dumps(kept)


def _has_file(body: Any) -> bool:
    return isinstance(body, dict) and any(hasattr(value, "read") for value in body.values())


def test_copy_failures_and_bytes_are_recorded(recording: Any, alice: User) -> None:
    recorded()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE words (word text) ON COMMIT DROP")
        cursor.copy_expert("COPY words (word) FROM STDIN", io.StringIO(f"{CANARY}\n"))
        in_bytes: Any = f"SELECT '{CANARY}'".encode()
        cursor.execute(in_bytes)
        cursor.executemany("INSERT INTO words VALUES (%s)", [["a"], ["b"]])
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute("SELECT nothing FROM words")
    assert {
        "COPY words (word) FROM STDIN",
        "SELECT ?",
        "INSERT INTO words VALUES (?)",
        "SELECT nothing FROM words",
    } <= recorded()["test"]


def test_jobs_and_lost_paths_have_names_of_their_own(recording: Any, nobody: APIClient) -> None:
    name_job({"func": "convoai.analysis.work.run"})
    ConversationPartner.objects.count()
    statement_times.set_route(None)
    nobody.get("/no/such/page")
    assert set(recorded()) <= {"job analysis.work.run", "GET other", "(no route)"}
    assert statement_times._route.get() is None


def times(*milliseconds: int) -> Times:
    made = Times()
    for one in milliseconds:
        made.add(one * 1000)
    return made


def test_what_several_processes_store_adds_up() -> None:
    key: Key = ("GET /api/partners/", "SELECT a FROM t")
    for part in (times(1, 2), times(900), times(2)):
        store_times(taken={key: part})
    (row,) = StatementTimes.objects.all()
    whole = times(1, 2, 900, 2)
    assert (row.calls, row.total, row.longest) == (4, 905_000, 900_000)
    assert row.histogram == whole.histogram


def test_a_day_has_no_more_than_its_full_number_of_entries() -> None:
    known: Key = ("r", "SELECT known")
    store_times(taken={known: times(1), **{("r", f"SELECT c{n}"): times(1) for n in range(1_500)}})
    store_times(taken={known: times(1), **{("r", f"SELECT d{n}"): times(1) for n in range(1_500)}})
    assert StatementTimes.objects.count() <= MOST_PER_DAY
    assert StatementTimes.objects.get(statement=known[1]).calls == 2
    assert StatementTimes.objects.get(statement=OTHER[1]).calls == 1_500


def test_days_are_forgotten_after_a_week() -> None:
    for age in (0, 7, 8, 30):
        store_times(taken={("r", "SELECT a"): times(1)}, day=today() - timedelta(days=age))
    forget_old_times()
    kept = StatementTimes.objects.values_list("day", flat=True)
    assert sorted((today() - day).days for day in kept) == [0, 7]


def test_without_its_table_nothing_fails_and_nothing_is_lost(recording: list[str]) -> None:
    statement_times.record.note("r", "SELECT a", 0.001)
    sql("DROP TABLE statement_times")
    recording.clear()
    assert not store()
    assert recording == ["soon"]
    assert ("r", "SELECT a") in statement_times.record.take()


def test_storing_is_not_recorded_itself(recording: Any) -> None:
    make_user("dora")
    assert store()
    assert recorded() == {}
    assert StatementTimes.objects.filter(route="test", statement__contains='"users"').exists()


def test_switched_off_nothing_is_recorded(recording: Any) -> None:
    statement_times.switch_off()
    make_user("dora")
    assert recorded() == {}


@pytest.mark.django_db(transaction=True)
def test_a_command_stores_what_it_did_at_its_end() -> None:
    values = settings.DATABASES["default"]
    host = str(values["HOST"]).replace("/", "%2F")
    name = connection.settings_dict["NAME"]
    secret = f":{values['PASSWORD']}" if values["PASSWORD"] else ""
    url = f"postgresql://{values['USER']}{secret}@{host}:{values['PORT']}/{name}"
    answer = manage("sweep_images", DATABASE_URL=url)
    assert answer.returncode == 0, answer.stderr
    assert set(StatementTimes.objects.values_list("route", flat=True)) == {"command sweep_images"}
    before = sorted(StatementTimes.objects.values_list("statement", "calls"))
    answer = manage("sweep_images", DATABASE_URL=url, STATEMENT_TIMES="false")
    assert answer.returncode == 0, answer.stderr
    assert sorted(StatementTimes.objects.values_list("statement", "calls")) == before
