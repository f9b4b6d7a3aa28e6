"""Examining for tests: inside the test's transaction, or of somebody else's server."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.db import connection

from convoai.database.addresses import parse_url
from convoai.operations.doctor.examination import examine_database
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.server import Server
from convoai.operations.findings import Finding, Level

Examiner = Callable[[Server, Installation], Iterator[Finding]]


def sql(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def findings(examiner: Examiner) -> dict[str, Finding]:
    """What one examiner finds in the suite's database, as this test's transaction sees it."""
    connection.ensure_connection()
    here = Installation(settings.DATABASES["default"])
    return {one.id: one for one in examiner(Server(connection.connection), here)}


def problems(examiner: Examiner) -> list[str]:
    return [one.id for one in findings(examiner).values() if one.level >= Level.WARNING]


def told_statements(hint: str) -> list[str]:
    """The SQL of the command that a hint gives, taken apart as a shell does it."""
    found = re.search(r"`((?:manage\.py database shell|psql) .*?)`", hint)
    assert found, hint
    words = shlex.split(found[1])
    return [words[at + 1] for at, word in enumerate(words) if word == "-c"]


def follow(hint: str) -> None:
    """Do what a hint says, inside the test's transaction."""
    sql(*told_statements(hint))


def examined(url: str) -> dict[str, Finding]:
    """What the doctor finds with this DATABASE_URL."""
    values: dict[str, Any] = {**settings.DATABASES["default"], **parse_url(url)}
    values.pop("BUNDLED_DATA_DIR", None)
    _, found = examine_database(Installation(values))
    return {one.id: one for one in found}
