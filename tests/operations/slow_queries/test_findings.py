"""What is slow is said in words, from either source, with what to do; the command and its codes."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from convoai.database.statement_times import Times
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.server import Server
from convoai.operations.figures import (
    database_use,
    examine_pool,
    examine_reading,
    index_use,
    largest_tables,
)
from convoai.operations.findings import Finding, Level
from convoai.operations.statements.enabling import examine_source
from convoai.operations.statements.examination import SlowStatements, slow_statements
from convoai.operations.statements.judging import judge, shortened
from convoai.operations.statements.reading import Statement, own_statements
from convoai.operations.statements.storing import store_times
from tests.database.scratch import manage
from tests.operations.doctor.examining import findings, sql, told_statements

pytestmark = pytest.mark.django_db
HERE = Installation(settings.DATABASES["default"])
ELSEWHERE = {"HOST": "db.example.org", "PORT": "5432", "USER": "convoai", "NAME": "talks"}
# What the extension's view has and convoai reads.
VIEW = """
CREATE VIEW pg_stat_statements AS SELECT (SELECT oid FROM pg_database
    WHERE datname = current_database()) AS dbid, query, calls::bigint, total_exec_time::float8,
    (total_exec_time / calls)::float8 AS mean_exec_time, total_exec_time::float8 AS max_exec_time,
    calls::bigint AS rows, 0::bigint AS shared_blks_read, temp::bigint AS temp_blks_read,
    0::bigint AS temp_blks_written
FROM (VALUES ('SELECT a FROM t WHERE b = $1 AND c IN ($2, $3)', 10, 5000.0, 90000),
    ('<insufficient privilege>', 1, 9.0, 0), ('SELECT 1', 5, 1.0, 0))
    AS v (query, calls, total_exec_time, temp)
"""


def server() -> Server:
    connection.ensure_connection()
    return Server(connection.connection)


def times(*milliseconds: int) -> Times:
    made = Times()
    for one in milliseconds:
        made.add(one * 1000)
    return made


def found(**options: Any) -> SlowStatements:
    return slow_statements(server(), HERE, **options)


def by_id(result: SlowStatements) -> dict[str, Finding]:
    return {one.id: one for one in result.findings}


def test_a_slow_statement_of_a_route_is_a_warning_with_the_command_that_explains_it() -> None:
    store_times(
        taken={
            ("GET /api/search", 'SELECT "t"."a" FROM t WHERE b = ?'): times(200, 300, 250),
            ("GET /api/partners/", "SELECT b FROM t"): times(*[2] * 500),
            ("job analysis.work.run", "SELECT c FROM t"): times(500, 500, 500),
        }
    )
    result = found()
    assert [one.route for one in result.statements] == [
        "job analysis.work.run",
        "GET /api/partners/",
        "GET /api/search",
    ]
    slow = by_id(result)["statements.slow"]
    assert slow.level == Level.WARNING
    assert "GET /api/search waits 250 ms on average" in slow.message
    assert "`manage.py explain 'GET /api/search'`" in slow.hint
    assert sum(one.share for one in result.statements) == pytest.approx(1)


def test_one_slow_call_is_no_finding_but_one_slow_call_in_twenty_is() -> None:
    once = {("GET a", "SELECT a FROM t"): times(5_000)}
    store_times(taken=once)
    assert by_id(found())["statements.slow"].level == Level.OK
    store_times(taken={("GET b", "SELECT b FROM t"): times(*[1] * 90, *[3_000] * 2)})
    assert by_id(found())["statements.slow"].level == Level.OK
    store_times(taken={("GET b", "SELECT b FROM t"): times(*[3_000] * 3)})
    assert by_id(found())["statements.slow"].level == Level.WARNING


def test_a_command_may_take_a_while_and_is_only_a_remark() -> None:
    one = Statement("command embed", "SELECT a", 10, 90_000, 9_000, 9_000, 9_000, 1.0)
    assert [finding.level for finding in judge([one])] == [Level.INFO]


def test_the_servers_figures_come_first_and_know_the_route_from_our_record() -> None:
    sql(VIEW)
    store_times(taken={("GET /api/x", "SELECT a FROM t WHERE b = ? AND c IN (?)"): times(1)})
    result = found()
    assert result.source == "pg_stat_statements"
    first, second = result.statements
    assert (first.route, first.mean_ms, first.p95_ms) == ("GET /api/x", 500, None)
    assert first.temporary_bytes == 90_000 * 8192
    assert second.route is None
    assert {"statements.slow", "statements.temporary"} <= by_id(result).keys()
    assert found(own=True).source == "convoai"


def test_without_them_the_steps_are_told_for_this_server() -> None:
    assert "The bundled PostgreSQL comes without" in examine_source(server(), HERE).message

    class Elsewhere(Server):
        """A server that could load the library."""

        def row(self, query: str, *values: Any) -> tuple[Any, ...]:
            return (1,) if "pg_available" in query else super().row(query, *values)

        def setting(self, name: str) -> str | None:
            if name == "shared_preload_libraries":
                return 'auto_explain, "pg_cron"'
            return super().setting(name)

    connection.ensure_connection()
    there = Elsewhere(connection.connection)
    hints = {
        host: examine_source(there, Installation({**ELSEWHERE, "HOST": host})).hint
        for host in (
            "localhost",
            "talks.abc.eu-central-1.rds.amazonaws.com",
            "talks.postgres.database.azure.com",
            "db.abc.supabase.co",
            "ep-x.eu-central-1.aws.neon.tech",
            "10.1.2.3",
        )
    }
    # Each name in quotes of its own, or the server would not start.
    (change,) = told_statements(hints["localhost"])
    assert change.endswith("_libraries = 'auto_explain', 'pg_cron', 'pg_stat_statements'")
    assert "systemctl restart postgresql" in hints["localhost"]
    words = ["systemctl", "parameter group", "azure.extensions", "Supabase", "Neon", "Cloud SQL"]
    for word, hint in zip(words, hints.values(), strict=True):
        assert word in hint
        assert "CREATE EXTENSION IF NOT EXISTS pg_stat_statements" in hint


def test_a_missing_table_is_a_finding_and_no_error() -> None:
    sql("DROP TABLE statement_times")
    (finding,) = found().findings
    assert (finding.id, finding.level) == ("statements.missing", Level.ERROR)
    with pytest.raises(CommandError, match="migrate"):
        call_command("slow_queries", "--reset")


def test_the_command_prints_a_table_and_json_and_forgets() -> None:
    store_times(taken={("GET /api/search", "SELECT b FROM t"): times(300, 300, 300)})
    output = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("slow_queries", "--json", "--own", stdout=output)
    assert ended.value.code in (0, 1)
    answer = json.loads(output.getvalue())
    assert answer["source"] == "convoai"
    call_command("slow_queries", "--reset", stdout=output)
    assert own_statements(limit=9) == []


@pytest.mark.parametrize(
    "word", ["--limit=0", "--limit=-1", "--limit=x", "--since=then", "--since=0d"]
)
def test_wrong_arguments_are_one_sentence(word: str) -> None:
    with pytest.raises(CommandError, match="give a"):
        call_command("slow_queries", word)


def test_a_server_that_cannot_be_reached_is_one_sentence() -> None:
    answer = manage("slow_queries", DATABASE_URL="postgresql://a:b@127.0.0.1:1/c")
    assert answer.returncode == 1
    assert len(answer.stderr.strip().splitlines()) == 1


def test_tables_indexes_cache_and_pool_have_figures() -> None:
    tables = {one.table: one for one in largest_tables(server(), limit=100)}
    assert {"messages", "statement_times", "django_q_ormq"} <= tables.keys()
    assert all(one.total_bytes >= one.index_bytes > 0 for one in tables.values() if one.index_bytes)
    assert {"idx_conversations_search"} <= {one.name for one in index_use(server())}
    use = database_use(server())
    assert use.bytes > 0
    assert use.cache_share is None or 0 <= use.cache_share <= 1
    assert findings(examine_reading)["tables.read_whole"].level == Level.OK
    assert examine_pool().id == "pool.use"


def test_a_statement_is_shown_on_one_line() -> None:
    columns = ", ".join(f'"t"."column_{number}"' for number in range(30))
    assert shortened(f'SELECT {columns} FROM "t" WHERE a = ?') == 'SELECT … FROM "t" WHERE a = ?'
    assert len(shortened("SELECT " + "x" * 900)) == 160
