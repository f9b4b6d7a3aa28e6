"""The slowest statements with what to do, for the command and for the status page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.server import Server
from convoai.operations.figures import examine_reading
from convoai.operations.findings import Finding, error, worst
from convoai.operations.statements.enabling import examine_source
from convoai.operations.statements.judging import judge
from convoai.operations.statements.reading import (
    Statement,
    has_statistics,
    own_statements,
    server_statements,
)

# Looked at for findings, however few are shown.
LOOKED_AT = 200


@dataclass(frozen=True)
class SlowStatements:
    """`source` is "pg_stat_statements" or "convoai"; `statements` begin with the most time."""

    source: str
    statements: list[Statement]
    findings: list[Finding]

    def as_json(self) -> dict[str, Any]:
        return {
            "level": worst(self.findings).word,
            "source": self.source,
            "findings": [one.as_json() for one in self.findings],
            "statements": [one.as_json() for one in self.statements],
        }


def slow_statements(
    server: Server,
    here: Installation,
    *,
    limit: int = 20,
    since: date | None = None,
    own: bool = False,
) -> SlowStatements:
    """What takes the time of the database, and findings about it. Raises psycopg2.Error.

    From pg_stat_statements where it can be read. It cannot say what it counted since a day, so
    `since` asks for convoai's own record, as `own` does.
    """
    own = own or since is not None
    if not server.row("SELECT to_regclass('statement_times') IS NOT NULL")[0]:
        missing = error(
            "statements.missing",
            "The table of statement times is missing.",
            "Run `manage.py migrate`.",
        )
        return SlowStatements("convoai", [], [missing])
    source = examine_source(server, here, own=own)
    looked_at = max(limit, LOOKED_AT)
    if not own and has_statistics(server):
        name, statements = "pg_stat_statements", server_statements(server, limit=looked_at)
    else:
        name, statements = "convoai", own_statements(limit=looked_at, since=since)
    findings = [source, *judge(statements), *examine_reading(server, here)]
    return SlowStatements(name, statements[:limit], findings)
