"""`manage.py explain` shows plans of what is really run, without values and without writing."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.urls import reverse

from conversations.models import Conversation, Message, Topic
from convoai.accounts.models import User
from convoai.operations.explain.capturing import Asked, Captured, reading_only
from convoai.operations.explain.explaining import (
    Explained,
    Explanation,
    explain_read,
    find_user,
    findings_of_the_run,
    judge,
)
from convoai.operations.explain.named import NAMED
from convoai.operations.explain.plans import Plan, explain
from convoai.operations.explain.routes import reading_routes
from convoai.operations.findings import Level
from tests.api.routes import fill
from tests.factories import make_conversation, make_fact, make_partner, make_user
from tests.operations.doctor.examining import sql
from tests.plans import told_of_tables

pytestmark = pytest.mark.django_db
CANARY = "canarybird"
# Nobody has a row there in these tests, or their answer is made elsewhere.
WITHOUT_ROWS = {"/api/partners/<int:pk>/image", "/api/jobs/<int:pk>", "/api/export/<int:pk>"}


@pytest.fixture
def filled(alice: User) -> User:
    fill(alice)
    talk = make_conversation(make_partner(alice, CANARY), f"I saw a {CANARY}.", title=CANARY)
    make_fact(talk.partner, CANARY, conversation=talk)
    return alice


def tables_of(plan: Plan) -> set[str]:
    """The tables that a plan reads, whether whole or in partitions."""
    return {told_of_tables(table) for table in plan.tables}


def told(*words: str, **options: Any) -> str:
    output = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("explain", *words, stdout=output, no_color=True, **options)
    assert ended.value.code in (0, 1)
    return output.getvalue()


def test_a_route_is_run_as_its_reader_and_every_statement_has_a_plan(filled: User) -> None:
    found = explain_read("GET /api/conversations")
    assert found.status == 200
    assert [one.asked.folded for one in found.statements if '"conversations"' in one.asked.folded]
    assert all(one.plan.steps for one in found.statements)
    assert any(tables_of(one.plan) == {"conversations"} for one in found.statements)


@pytest.mark.parametrize(
    "asked",
    [
        "/api/conversations/<int:pk>",
        "GET /api/conversations/<int:pk>",
        "conversation",
        "GET /api/conversations/{pk}?fields=id",
    ],
)
def test_a_route_is_named_as_one_likes(filled: User, asked: str) -> None:
    talk = Conversation.objects.filter(user=filled).latest("pk")
    assert explain_read(asked.format(pk=talk.pk)).status == 200


def test_every_route_and_every_named_read_can_be_explained(filled: User) -> None:
    before = (Message.objects.count(), User.objects.get(pk=filled.pk).last_login)
    for route, _ in reading_routes():
        if route not in WITHOUT_ROWS:
            found = explain_read(f"GET {route}")
            assert found.status == 200, route
            assert [one.plan.why_not for one in found.statements if one.plan.why_not] == [], route
    for name in NAMED:
        found = explain_read(name)
        assert found.statements, name
        assert found.status in (None, 200)
    assert (Message.objects.count(), User.objects.get(pk=filled.pk).last_login) == before


def test_nobodys_words_are_printed(filled: User) -> None:
    outputs = [
        told(*words, *more)
        for words in (
            (f"GET /api/search?q={CANARY}",),
            (f"/api/partners?search={CANARY}",),
            ("search.facts", f"--words={CANARY}"),
            ("facts.matching", f"--words={CANARY}"),
            ("messages.matching", f"--words={CANARY}"),
            ("partners.matching", f"--words={CANARY}"),
        )
        for more in ((), ("--analyze",), ("--json", "--analyze"))
    ]
    assert all("Scan" in output for output in outputs)
    for output in outputs:
        assert CANARY not in output.lower()
        assert filled.email not in output


def test_the_page_of_search_is_explained_as_a_signed_in_person_sees_it(filled: User) -> None:
    found = explain_read(f"GET {reverse('search-page')}?q=bread")
    assert found.status == 200
    assert any("messages" in tables_of(one.plan) for one in found.statements)


def test_the_reader_with_the_most_messages_is_taken_unless_one_is_named(
    filled: User, bob: User
) -> None:
    make_user("charlie")
    make_conversation(make_partner(bob), *["Hello."] * 9)
    assert find_user() == bob
    assert find_user(filled.email.upper()) == filled


def test_what_would_be_written_is_refused_and_said(alice: User) -> None:
    captured = Captured()
    with pytest.raises(DatabaseError), reading_only(captured):
        Topic.objects.create(name=CANARY)
    assert Topic.objects.count() == 0
    (finding,) = findings_of_the_run(captured)
    assert (finding.id, finding.level) == ("explain.writes", Level.INFO)
    assert "INSERT INTO" in finding.message
    assert CANARY not in finding.message


def explained(statement: str, *values: Any, analyze: bool = True) -> list[Explained]:
    asked = Asked(statement, list(values) or None, 1.0, 1)
    return [Explained(asked, explain(asked, analyze=analyze))]


def test_a_big_table_read_as_a_whole_for_little_is_a_warning() -> None:
    sql(
        "CREATE TABLE big AS SELECT n, n % 7 AS day FROM generate_series(1, 20000) AS n",
        "ANALYZE big",
    )
    sizes = {"big": 20_000}
    (finding,) = judge(explained("SELECT * FROM big WHERE n = %s", 77), sizes)
    assert (finding.id, finding.level) == ("explain.sequential", Level.WARNING)
    assert "(n = ?)" in finding.hint
    # Reading all of it is what was asked for here.
    (finding,) = judge(explained("SELECT * FROM big"), sizes)
    assert finding.level == Level.OK
    sql("CREATE INDEX ON big (n)")
    (finding,) = judge(explained("SELECT * FROM big WHERE n = %s", 77), sizes)
    assert finding.level == Level.OK


def test_an_estimate_that_is_far_off_is_a_warning() -> None:
    sql(
        "CREATE TABLE grown (n int)",
        "ANALYZE grown",
        "ALTER TABLE grown SET (autovacuum_enabled = off)",
        "INSERT INTO grown SELECT 1 FROM generate_series(1, 30000)",
        "CREATE TABLE few AS SELECT 1 AS n",
        "ANALYZE few",
    )
    statement = "SELECT * FROM grown JOIN few ON grown.n = few.n AND grown.n + few.n < %s"
    found = list(judge(explained(statement, 3), {}))
    assert [one.id for one in found] == ["explain.estimate"]
    assert "analyze_tables" in found[0].hint


def test_only_questions_are_explained_and_nothing_is_written() -> None:
    (one,) = explained("INSERT INTO topics (name) VALUES (%s)", CANARY)
    assert one.plan.why_not
    (one,) = explained("SELECT nothing FROM nowhere")
    assert "42P01" in one.plan.why_not


WRONG = [
    ((), "Name a route"),
    (("POST /api/partners",), "Only what is read"),
    (("GET /no/such/route",), "No route is called that"),
    (("nothing.at_all",), "No route is called that"),
    (("/api/partners/<int:number>",), "No route is called that"),
    (("/api/partners", "--user=nobody@example.org"), "No active user"),
    (("/api/jobs/<int:pk>",), "Give the path with its number"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG)
def test_what_cannot_be_explained_is_one_sentence(
    alice: User, words: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("explain", *words)


def test_without_a_row_of_the_user_it_says_so(alice: User) -> None:
    with pytest.raises(CommandError, match="no row for this route"):
        call_command("explain", "partner")


def test_without_any_user_it_says_so(db: Any) -> None:
    with pytest.raises(CommandError, match="create_user"):
        call_command("explain", "/api/partners")


def test_a_database_without_tables_is_one_sentence(alice: User) -> None:
    sql("ALTER TABLE messages RENAME TO messages_elsewhere")
    with pytest.raises(CommandError, match="migrate"):
        call_command("explain", "/api/partners")


def test_a_route_that_does_not_answer_is_a_warning(alice: User) -> None:
    found: Explanation = explain_read("/api/partners/999999")
    assert found.status == 404
    assert "explain.status" in [one.id for one in found.findings]
    # To the sign-in of the admin.
    assert "explain.status" in [one.id for one in explain_read("/admin/").findings]


def test_the_list_names_routes_and_reads() -> None:
    output = io.StringIO()
    call_command("explain", "--list", stdout=output)
    assert "GET /api/search " in output.getvalue()
    assert "facts.matching" in output.getvalue()


def test_json_holds_plan_and_findings(filled: User) -> None:
    answer = json.loads(told("GET /api/partners", "--json"))
    assert answer["status"] == 200
    assert {"level", "findings", "statements"} <= answer.keys()
    assert answer["statements"][0]["plan"]["steps"]
    assert not connection.in_atomic_block or connection.needs_rollback is False
