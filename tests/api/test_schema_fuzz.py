"""Every operation of the OpenAPI document, with requests made from it, good and bad.

schemathesis makes the requests and holds the answers against the document: no 500, no status,
type or body that it does not describe, nothing accepted that it forbids.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, settings
from schemathesis import checks
from schemathesis.config import (
    GenerationConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)

from convoai.accounts.models import User
from convoai.accounts.services import create_api_key
from tests.api.bad_input.answers import ORIGIN, connection_kept
from tests.factories import make_conversation, make_fact, make_partner

application = get_wsgi_application()
document = schemathesis.openapi.from_wsgi(
    "/openapi.json",
    application,
    config=SchemathesisConfig(
        seed=1,
        projects=ProjectsConfig(
            default=ProjectConfig(generation=GenerationConfig(deterministic=True))
        ),
    ),
)
# Signing out would end the key that the test works with.
# An archive is a file, and is taken apart in tests/transfer.
fuzzed = document.exclude(path_regex="/auth/logout").exclude(path_regex="/export")
# What a schema cannot say is refused too: a NUL in a text, a talk that ends before it starts.
EXCLUDED = [checks.positive_data_acceptance]


@pytest.fixture
def rows(alice: User) -> dict[str, int]:
    """A row of Alice's of each kind, by the beginning of its path."""
    partner = make_partner(alice)
    talk = make_conversation(partner, "I moved to Lisbon.")
    message = talk.messages.get()
    fact = make_fact(partner, conversation=talk, source_message=message)
    return {
        "/api/partners": partner.pk,
        "/api/suggestions": partner.pk,
        "/api/profiles": partner.pk,
        "/api/conversations": talk.pk,
        "/api/messages": message.pk,
        "/api/facts": fact.pk,
        "partner_id": partner.pk,
        "conversation_id": talk.pk,
        "source_message_id": message.pk,
    }


@pytest.fixture
def key(alice: User) -> Iterator[str]:
    with connection_kept():
        yield create_api_key(user=alice, name="fuzz")[1]


def aim(case: Any, rows: dict[str, int]) -> None:
    """Let a well-formed request name rows that exist, so that it gets past 404."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    kind = "/".join(case.operation.path.split("/")[:3])
    if "id" in case.path_parameters and kind in rows:
        case.path_parameters["id"] = rows[kind]
    if isinstance(case.body, dict):
        for name in case.body.keys() & rows.keys():
            case.body[name] = rows[name]


def excluded_for(case: Any) -> Iterator[Any]:
    """The checks that do not hold for this request, with what excuses it."""
    if "fields" in (case.query or {}):
        # An answer with some of the keys lacks the others.
        yield checks.response_schema_conformance
    if case.operation.path.endswith("/create-with-image"):
        # A picture that cannot be used is left out, and the partner made all the same.
        yield checks.negative_data_rejection


@pytest.mark.django_db
@pytest.mark.bad_input(36, 37, 42)
@fuzzed.parametrize()
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
def test_answers_are_as_the_document_says(case: Any, rows: dict[str, int], key: str) -> None:
    aim(case, rows)
    answer = case.call_and_validate(
        headers={"Authorization": f"Bearer {key}", "Origin": ORIGIN},
        excluded_checks=[*EXCLUDED, *excluded_for(case)],
    )
    assert answer.headers["x-request-id"]
    assert answer.headers["access-control-allow-origin"] == [ORIGIN]
    if answer.status_code >= 400:
        assert set(json.loads(answer.content)) >= {"detail"}
