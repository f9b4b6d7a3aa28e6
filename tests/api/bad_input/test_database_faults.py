"""Rows 110 and 111: what each fault of the database is answered with."""

from __future__ import annotations

import pytest
from django.db import connection, connections
from rest_framework.test import APIClient

from partners.models import ConversationPartner
from tests.api.bad_input.answers import CANARY, nothing_stored, refusal, send
from tests.api.bad_input.injected import fail_on, stop_failing
from tests.factories import make_conversation

TALKS = "/api/conversations/"
one_connection = pytest.mark.django_db
many_connections = pytest.mark.django_db(transaction=True)

FAULTS = [
    ("53100", 507, "storage_full", False),
    ("53200", 503, "database_unavailable", True),
    ("53300", 503, "database_unavailable", True),
    ("57014", 503, "timeout", True),
    ("57P01", 503, "database_unavailable", True),
    ("57P03", 503, "database_unavailable", True),
    ("08006", 503, "database_unavailable", True),
    ("55P03", 409, "locked", True),
    ("54000", 422, "too_complex", False),
    ("23505", 409, "conflict", False),
    ("23503", 404, "not_found", False),
    ("23514", 422, "refused", False),
    ("23502", 422, "refused", False),
    ("XX000", 500, "internal", False),
]


@one_connection
@pytest.mark.bad_input(110, 111)
@pytest.mark.parametrize(("state", "status", "code", "again"), FAULTS)
def test_each_fault_of_the_database_has_its_answer(
    api: APIClient, dana: ConversationPartner, state: str, status: int, code: str, again: bool
) -> None:
    with nothing_stored():
        fail_on("conversation_partners", state)
        answer = send(api, "POST", "/api/partners/", {"name": CANARY})
        assert refusal(answer) == (status, code)
        assert ("Retry-After" in answer) == again
        assert "injected" not in answer.content.decode()
        assert send(api, "GET", "/api/partners/").status_code == 200, "reading goes on"
        stop_failing("conversation_partners")
    assert send(api, "POST", "/api/partners/", {"name": "Eve"}).status_code == 201


@many_connections
@pytest.mark.bad_input(110)
def test_row_that_somebody_holds_is_answered_locked(
    api: APIClient, dana: ConversationPartner
) -> None:
    talk = make_conversation(dana, "Hello.")
    other = connections.create_connection("default")
    connection.ensure_connection()
    with connection.cursor() as cursor:
        # As in production, only sooner.
        cursor.execute("SET lock_timeout = '200ms'")
    try:
        other.set_autocommit(False)
        with other.cursor() as holder:
            holder.execute("SELECT FROM conversations WHERE id = %s FOR UPDATE", [talk.pk])
            message = [{"sender": "user", "content": "Hello."}]
            for answer in (
                send(api, "POST", f"{TALKS}{talk.pk}/messages", message),
                send(api, "PATCH", f"{TALKS}{talk.pk}", {"title": "x"}),
                send(api, "DELETE", f"{TALKS}{talk.pk}"),
            ):
                assert refusal(answer) == (409, "locked")
                assert int(answer["Retry-After"]) >= 1
            assert send(api, "GET", f"{TALKS}{talk.pk}").status_code == 200
        other.rollback()
    finally:
        other.close()
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    assert send(api, "DELETE", f"{TALKS}{talk.pk}").status_code == 204
