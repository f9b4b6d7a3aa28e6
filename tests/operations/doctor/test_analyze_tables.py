"""`manage.py analyze_tables`: figures before and after, and a sentence where the role may not."""

from __future__ import annotations

import io
import json
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from convoai.operations.analyzing import (
    analyze_tables,
    chosen_tables,
    conditions,
    judge,
    writing_connection,
)
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.server import Server
from convoai.operations.findings import Level
from tests.database.scratch import Remote, manage

pytestmark = pytest.mark.django_db
HERE = Installation(settings.DATABASES["default"])


@pytest.mark.parametrize("vacuum", [False, True])
def test_a_table_has_fresh_figures_afterwards(vacuum: bool) -> None:
    with writing_connection() as (server, driver):
        (outcome,) = analyze_tables(server, driver, ["topics"], vacuum=vacuum)
        assert outcome.problem == ""
        assert outcome.after.analyzed_at is not None
        assert outcome.after.analyzed_at != outcome.before.analyzed_at
        assert (outcome.after.vacuumed_at != outcome.before.vacuumed_at) == vacuum
        (now,) = conditions(server, ["topics"])
        assert "analyzed" not in now.reason
        assert "changed" not in now.reason
        assert {"topics", "messages", "statement_times"} <= set(chosen_tables(server))


def test_the_command_tells_why_and_what_changed() -> None:
    output = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("analyze_tables", "--table=topics", "--json", stdout=output)
    assert ended.value.code == 0
    answer = json.loads(output.getvalue())
    assert [one["before"]["table"] for one in answer["tables"]] == ["topics"]
    call_command("analyze_tables", "--dry-run", stdout=output)
    assert "statement_times" in output.getvalue()
    told = io.StringIO()
    call_command("analyze_tables", "--dry-run", "--json", stdout=told)
    assert {"reason", "before"} == set(json.loads(told.getvalue())["tables"][0])


def test_an_unknown_table_is_one_sentence() -> None:
    with pytest.raises(CommandError, match="no table of that name"):
        call_command("analyze_tables", "--table=people")
    with pytest.raises(CommandError, match="no table of that name"):
        call_command("analyze_tables", '--table=users"; DROP TABLE users; --')


def test_who_holds_a_lock_is_not_waited_for_long() -> None:
    with writing_connection() as (server, driver), writing_connection() as (_, other):
        with driver.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        other.autocommit = False
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE topics IN SHARE UPDATE EXCLUSIVE MODE")
        (outcome,) = analyze_tables(server, driver, ["topics"], vacuum=False)
        other.rollback()
        assert "structure" in outcome.problem
        (finding,) = judge([outcome], HERE, vacuum=False)
        assert finding.level == Level.WARNING


def test_a_role_without_rights_gets_the_command_of_the_owner(remote: Remote) -> None:
    remote.execute("CREATE TABLE IF NOT EXISTS topics (id int)", name="of_another")
    driver: Any = psycopg2.connect(remote.url(name="of_another"))
    try:
        driver.autocommit = True
        (outcome,) = analyze_tables(Server(driver), driver, ["topics"], vacuum=False)
    finally:
        driver.close()
        remote.execute("DROP TABLE topics", name="of_another")
    assert outcome.problem == "the role may not"
    (finding,) = judge([outcome], HERE, vacuum=False)
    assert 'ANALYZE "topics"' in finding.hint


def test_a_server_that_cannot_be_reached_is_one_sentence() -> None:
    answer = manage("analyze_tables", DATABASE_URL="postgresql://a:b@127.0.0.1:1/c")
    assert answer.returncode == 1
    assert len(answer.stderr.strip().splitlines()) == 1
