"""Rows 41 to 44: times that are none, that cannot be read back, or that contradict each other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from conversations.models import Conversation
from partners.models import ConversationPartner
from tests.api.bad_input.answers import nothing_stored, problems, send, types

pytestmark = pytest.mark.django_db
TALKS = "/api/conversations/"
NO_TIMES: list[Any] = [
    "",
    " ",
    "0000-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "-0044-03-15T00:00:00Z",
    "0044-03-15 BC",
    "2025-02-29T10:00:00Z",
    "2025-01-01T24:00:01Z",
    "2025-01-01T25:00:00Z",
    "2025-01-01T10:00:60Z",
    "2025-13-01T10:00:00Z",
    "2025-01-01T10:00:00+25:00",
    "infinity",
    "-infinity",
    "now",
    "tomorrow",
    "epoch",
    "2025",
    "2025-01",
    "20250101",
    "1735725600",
    1735725600,
    1735725600.5,
    True,
    [],
    {},
    "2025-01-01T10:00:00Z; DROP TABLE users",
    "2025-01-01T10:00:00Z" + "0" * 100_000,
    # Digits of other scripts, which int() takes for digits
    "２０２５-01-01T10:00:00Z",
    "٢٠٢٥-٠١-٠١T10:00:00Z",
    "2025-01-01T10:00:0१Z",
]
OUT_OF_RANGE = [
    "0001-01-01T00:00:00Z",
    "1899-12-31T23:59:59Z",
    "1900-01-01T00:00:00+14:00",
    "2201-01-01T00:00:00Z",
    "2200-12-31T23:59:59-12:00",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-12:00",
]


@pytest.mark.bad_input(42, 44)
@pytest.mark.parametrize("moment", [*NO_TIMES, *OUT_OF_RANGE], ids=lambda moment: repr(moment)[:40])
def test_what_is_no_time_is_refused_everywhere(
    api: APIClient, talk: Conversation, moment: Any
) -> None:
    message = {"sender": "user", "content": "Hello.", "timestamp": moment}
    fact = {"partner_id": talk.partner_id, "category": "a", "fact_key": "b", "fact_value": "c"}
    expected = "datetime_range" if moment in OUT_OF_RANGE[:1] else "datetime_"
    with nothing_stored():
        for method, path, body, place in (
            (
                "POST",
                TALKS,
                {"partner_id": talk.partner_id, "messages": [message]},
                "body.messages.0.timestamp",
            ),
            ("POST", f"{TALKS}{talk.pk}/messages", [message], "body.0.timestamp"),
            ("PATCH", f"{TALKS}{talk.pk}", {"started_at": moment}, "body.started_at"),
            ("POST", "/api/facts", {**fact, "valid_from": moment}, "body.valid_from"),
        ):
            ((kind, where),) = problems(send(api, method, path, body))
            assert where == place
            assert kind.startswith(expected)


@pytest.mark.bad_input(42)
def test_first_and_last_moment_can_be_written_and_read(
    api: APIClient, dana: ConversationPartner
) -> None:
    for moment in ("1900-01-01T00:00:00Z", "2200-12-31T23:59:59Z"):
        message = {"sender": "user", "content": "Hello.", "timestamp": moment}
        made = send(api, "POST", TALKS, {"partner_id": dana.pk, "messages": [message]})
        detail = send(api, "GET", f"{TALKS}{made.json()['id']}").json()
        assert detail["messages"][0]["timestamp"] == moment
    assert send(api, "GET", TALKS).status_code == 200


@pytest.mark.bad_input(42)
@pytest.mark.parametrize("moment", ["0044-03-15 BC", "infinity", "9999-12-31", "1899-12-31"])
@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("messages", "timestamp"),
        ("conversations", "started_at"),
        ("conversations", "ended_at"),
    ],
)
def test_database_keeps_out_a_time_that_breaks_lists(
    talk: Conversation, table: str, column: str, moment: str
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f'UPDATE {table} SET "{column}" = %s', [moment])


@pytest.mark.bad_input(41)
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2025-06-01T10:00:00", "2025-06-01T10:00:00Z"),
        ("2025-06-01 10:00", "2025-06-01T10:00:00Z"),
        ("2025-06-01", "2025-06-01T00:00:00Z"),
        ("2025-06-01T10:00:00.123456789+02:00", "2025-06-01T08:00:00.123456Z"),
        ("2025-06-01T10:00:00-05:30", "2025-06-01T15:30:00Z"),
    ],
)
def test_time_without_a_zone_is_taken_as_utc(
    api: APIClient, dana: ConversationPartner, sent: str, kept: str
) -> None:
    body = {"partner_id": dana.pk, "messages": [], "started_at": sent}
    made = send(api, "POST", TALKS, body)
    assert made.json()["started_at"] == kept
    assert send(api, "GET", f"{TALKS}{made.json()['id']}").json()["started_at"] == kept


@pytest.mark.bad_input(43)
def test_talk_that_ends_before_it_starts_is_refused(api: APIClient, talk: Conversation) -> None:
    times = {"started_at": "2025-06-01T10:00:00Z", "ended_at": "2025-06-01T09:59:59Z"}
    with nothing_stored():
        body = {"partner_id": talk.partner_id, "messages": [], **times}
        assert problems(send(api, "POST", TALKS, body)) == [("before_start", "body.ended_at")]
        changed = send(api, "PATCH", f"{TALKS}{talk.pk}", times)
        assert problems(changed) == [("before_start", "body.ended_at")]
        # Against what is stored, too
        early = {"ended_at": (talk.started_at - timedelta(seconds=1)).isoformat()}
        assert types(send(api, "PATCH", f"{TALKS}{talk.pk}", early)) == ["before_start"]


@pytest.mark.bad_input(43)
def test_start_that_is_moved_behind_the_end_is_refused(api: APIClient, talk: Conversation) -> None:
    ended = {"ended_at": (talk.started_at + timedelta(hours=1)).isoformat()}
    assert send(api, "PATCH", f"{TALKS}{talk.pk}", ended).status_code == 200
    with nothing_stored():
        late = {"started_at": (talk.started_at + timedelta(hours=2)).isoformat()}
        assert send(api, "PATCH", f"{TALKS}{talk.pk}", late).status_code == 422


@pytest.mark.bad_input(43)
def test_talk_in_the_future_is_refused(api: APIClient, talk: Conversation) -> None:
    soon = (timezone.now() + timedelta(hours=23)).isoformat()
    late = (timezone.now() + timedelta(days=1, hours=1)).isoformat()
    body = {"partner_id": talk.partner_id, "messages": []}
    assert send(api, "POST", TALKS, {**body, "started_at": soon}).status_code == 201
    with nothing_stored():
        answer = send(api, "POST", TALKS, {**body, "started_at": late})
        assert problems(answer) == [("in_future", "body.started_at")]
