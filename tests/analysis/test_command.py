"""manage.py analyze: what it understands, reports, refuses, and how it stops."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from conversations.models import Conversation, ExtractedFact
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.analysis.processes import environment, wait_until
from tests.analysis.provider import ProviderServer, raw, says
from tests.factories import make_conversation, make_partner
from tests.guards.source import ROOT


@pytest.fixture
def dana(alice: User) -> ConversationPartner:
    return make_partner(alice, "Dana")


def run(*words: str) -> tuple[str, str]:
    """What the command writes to standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    call_command("analyze", *words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def analyzed() -> set[int]:
    return set(Conversation.objects.filter(is_analyzed=True).values_list("pk", flat=True))


def test_all_talks_are_understood_once(dana: ConversationPartner, bob: User) -> None:
    talks = [make_conversation(dana, "I live in Porto."), make_conversation(dana)]
    talks.append(make_conversation(make_partner(bob, "Eda"), "I live in Faro."))
    out, _ = run("--all")
    assert "2 analysed, 1 without words." in out
    assert analyzed() == {talks[0].pk, talks[2].pk}
    facts = ExtractedFact.objects.count()
    assert "0 analysed, 1 without words." in run("--all")[0]
    assert ExtractedFact.objects.count() == facts
    assert "2 analysed" in run("--all", "--force")[0]
    assert ExtractedFact.objects.count() == facts


def test_one_partner_or_one_owner_can_be_chosen(dana: ConversationPartner, bob: User) -> None:
    with_dana = make_conversation(dana, "I live in Porto.")
    with_eda = make_conversation(make_partner(bob, "Eda"), "I live in Faro.")
    run("--partner", str(dana.pk))
    assert analyzed() == {with_dana.pk}
    run("--all", "--owner", "BOB@example.org")
    assert analyzed() == {with_dana.pk, with_eda.pk}
    assert "Nothing to do" in run("--all")[0]


def test_the_oldest_talk_is_first_so_that_the_newest_value_stands(
    dana: ConversationPartner,
) -> None:
    make_conversation(dana, "I live in Lisbon.", started_at="2026-05-01T10:00Z")
    make_conversation(dana, "I live in Porto.", started_at="2026-03-01T10:00Z")
    run("--all")
    cities = ExtractedFact.objects.filter(fact_key="home_city").order_by("pk")
    assert list(cities.values_list("fact_value", "is_current")) == [
        ("Porto", False),
        ("Lisbon", True),
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "Give either --partner ID or --all."),
        (("--all", "--partner", "1"), "Give either --partner ID or --all."),
        (("--owner", "alice@example.org"), "Give either --partner ID or --all."),
        (("--all", "--owner", "zoe@example.org"), "There is no user zoe@example.org."),
        (("--partner", "987654321"), "There is no partner 987654321."),
        (("--partner", "9" * 30), f"There is no partner {'9' * 30}."),
    ],
)
@pytest.mark.django_db
def test_wrong_arguments_are_one_sentence(words: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError) as refused:
        run(*words)
    assert str(refused.value) == sentence
    assert refused.value.returncode == 1


def test_force_goes_on_where_it_stopped(dana: ConversationPartner) -> None:
    talks = [make_conversation(dana, "I live in Porto.") for _ in range(3)]
    run("--all")
    Conversation.objects.filter(pk=talks[0].pk).update(analyzed_at="2026-03-01T12:00Z")
    assert "1 analysed" in run("--all", "--force", "--before", "2026-03-01T12:00:01Z")[0]
    assert "Nothing to do" in run("--all", "--force", "--before", "2026-03-01 12:00:01")[0]
    for words in (("--before", "2026-03-01"), ("--force", "--before", "soon")):
        with pytest.raises(CommandError, match="--before"):
            run("--all", *words)


def test_another_owners_partner_is_not_found(dana: ConversationPartner, bob: User) -> None:
    with pytest.raises(CommandError, match="There is no partner"):
        run("--partner", str(dana.pk), "--owner", bob.email)


@pytest.mark.bad_input(97)
def test_a_talk_that_cannot_be_understood_does_not_stop_the_others(
    dana: ConversationPartner,
) -> None:
    talks = [make_conversation(dana, "I live in Porto.") for _ in range(3)]
    claim(talks[1])
    err = io.StringIO()
    with pytest.raises(CommandError, match="2 analysed, 1 failed"):
        call_command("analyze", "--all", stdout=io.StringIO(), stderr=err)
    assert f"Conversation {talks[1].pk}: " in err.getvalue()
    assert "Porto" not in err.getvalue()
    assert analyzed() == {talks[0].pk, talks[2].pk}


@pytest.mark.bad_input(113)
def test_a_model_that_fails_once_is_asked_about_the_other_talks(
    dana: ConversationPartner, by_model: ProviderServer
) -> None:
    talks = [make_conversation(dana, "I moved to Porto.") for _ in range(4)]
    refused = raw(b"{}", 401)
    by_model.answers = [refused, refused, says(), refused]
    err = io.StringIO()
    with pytest.raises(CommandError, match="1 analysed, 3 failed: run it again"):
        call_command("analyze", "--all", stdout=io.StringIO(), stderr=err)
    assert analyzed() == {talks[2].pk}
    reason = "Analysis failed: the provider answered 401"
    assert err.getvalue().count(reason) == 3
    assert f"Conversation {talks[0].pk}: {reason}" in err.getvalue()


@pytest.mark.bad_input(113)
def test_a_model_that_refuses_every_talk_ends_the_run(
    dana: ConversationPartner, by_model: ProviderServer
) -> None:
    for _ in range(5):
        make_conversation(dana, "I moved to Porto.")
    by_model.answers = [raw(b"{}", 403)]
    with pytest.raises(CommandError, match=r"3 failed, 2 left\. Stopped after 3 .*answered 403"):
        run("--all")
    assert len(by_model.bodies) == 3


def claim(talk: Conversation) -> None:
    """Another process analyses the talk."""
    Conversation.objects.filter(pk=talk.pk).update(analysis_claimed_at=talk.created_at)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_ctrl_c_says_how_far_it_came_and_the_next_run_goes_on(alice: User) -> None:
    partner = make_partner(alice, "Dana")
    words = ["I moved to Porto. I work at Harbour Radio. I adopted two cats."] * 20
    talks = [make_conversation(partner, *words) for _ in range(60)]
    options: dict[str, Any] = {"cwd": ROOT, "env": environment(), "text": True}
    command = [sys.executable, "manage.py", "analyze", "--all"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, **options) as process:
        wait_until(lambda: len(analyzed()) > 2)
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    done = len(analyzed())
    assert process.returncode == 130
    assert f"Stopped: {done} analysed, {len(talks) - done} left." in errors
    assert "Traceback" not in errors
    assert not Conversation.objects.exclude(analysis_claimed_at=None).exists()
    assert f"{len(talks) - done} analysed." in run("--all")[0]
