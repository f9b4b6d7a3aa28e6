"""Talks that give orders: a model that obeys them, and the offline analyzer, do no harm.

`hostile.jsonl` holds thirty orders in five languages, said in a talk or given as a name. EVIL in
them stands for a server that listens; nobody may ever talk to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from conversations.models import Conversation, ExtractedFact, Message
from convoai.accounts.models import User
from convoai.analysis.offline.analyzer import OfflineAnalyzer
from convoai.analysis.services import analyze_conversation
from partners.models import ConversationPartner
from tests.analysis.jobs import work
from tests.analysis.provider import (
    ProviderServer,
    fact,
    provider_server,
    raw,
    says,
)
from tests.factories import make_conversation, make_fact, make_partner

MARCH = datetime(2026, 3, 2, 10, tzinfo=UTC)
ORDERS = [
    json.loads(line)
    for line in Path(__file__).with_name("hostile.jsonl").read_text("utf-8").split("\n")
    if line
]
CANARY = "kanarienvogel-7431"


@pytest.fixture
def evil() -> Iterator[ProviderServer]:
    """What the orders want to be called."""
    with provider_server() as listening:
        listening.answers = [raw(b"{}")]
        yield listening


@pytest.fixture
def said(evil: ProviderServer) -> list[str]:
    return [
        order["text"].replace("EVIL", evil.host) for order in ORDERS if order["where"] == "said"
    ]


@pytest.fixture
def names(evil: ProviderServer) -> list[str]:
    return [
        order["text"].replace("EVIL", evil.host) for order in ORDERS if order["where"] == "name"
    ]


@pytest.fixture
def bobs(bob: User) -> ConversationPartner:
    """A partner of Bob's by the same name, with a marker in everything that is his."""
    partner = make_partner(bob, "Dana", notes=CANARY, email=f"{CANARY}@example.org")
    talk = make_conversation(partner, f"I live in {CANARY}.", title=CANARY, summary=CANARY)
    make_fact(partner, "home_city", CANARY, conversation=talk, quote=CANARY)
    return partner


def rows_of(user: User) -> list[tuple[Any, ...]]:
    """All that is known to a user, word by word."""
    facts = ExtractedFact.objects.filter(user=user).order_by("pk").values_list()
    return [*facts, *Conversation.objects.filter(user=user).order_by("pk").values_list()]


def test_the_corpus_is_what_it_says() -> None:
    assert len(ORDERS) == 30
    assert {order["language"] for order in ORDERS} == {"en", "de", "es", "fr", "zh"}
    assert {order["where"] for order in ORDERS} == {"said", "name"}


@pytest.mark.bad_input(121)
def test_what_an_obedient_model_makes_up_is_never_believed(
    api: APIClient,
    alice: User,
    bob: User,
    bobs: ConversationPartner,
    by_model: ProviderServer,
    evil: ProviderServer,
    said: list[str],
) -> None:
    dana = make_partner(alice, "Dana")
    talk = make_conversation(dana, started_at=MARCH)
    make_messages(talk, said)
    lies = []
    for number, words in enumerate(said, start=1):
        foreign = {"partner_id": bobs.pk, "user_id": bob.pk, "id": 1, "is_current": True}
        made_up = {"value": f"Hackville {number}", "quote": f"Dana lives in Hackville {number}"}
        # Her words, but said to be the user's own; and words from beyond the talk.
        lies += [
            {**fact(message=number, key="about", **made_up), **foreign},
            fact(
                message=number,
                key="about",
                quote=words[:40],
                value=made_up["value"],
                subject="user",
            ),
            fact(message=number + 1_000, key="about", quote=words[:40], value=made_up["value"]),
        ]
    by_model.answers = [says(facts=lies)]
    before = rows_of(bob)
    answer = api.post(f"/api/conversations/{talk.pk}/analyze")
    assert answer.status_code == 200
    stored = ExtractedFact.objects.filter(user=alice)
    assert stored.count() == 2 * len(said), "what names a message beyond the talk is no fact"
    assert set(stored.values_list("is_current", "review")) == {(False, "needs_review")}
    assert set(stored.values_list("partner_id", flat=True)) == {dana.pk}
    for path in ("suggestions/{}/facts", "suggestions/{}", "profiles/{}", "partners/{}/briefing"):
        shown = api.get(f"/api/{path.format(dana.pk)}")
        assert shown.status_code == 200
        assert "Hackville 1" not in json.dumps(shown.json())
    assert rows_of(bob) == before
    assert evil.connections == 0


@pytest.mark.bad_input(121)
def test_every_order_stays_in_its_fence_and_the_model_has_no_tools(
    server: ProviderServer, alice: User, evil: ProviderServer, said: list[str], names: list[str]
) -> None:
    for number, name in enumerate(names):
        talk = make_conversation(make_partner(alice, name), started_at=MARCH)
        make_messages(talk, said)
        analyze_conversation(conversation=talk, analyzer=server.analyzer(says(facts=[])))
        body = json.loads(server.bodies[number])
        assert not body.get("tools")
        system, user = (message["content"] for message in body["messages"])
        # pydantic-ai takes the sting out of tokens such as <|im_end|> by a sign without width.
        lines = user.replace("\u200d", "").splitlines()
        assert [at for at, line in enumerate(lines) if line == lines[1]] == [1, len(lines) - 2]
        inside = [json.loads(line) for line in lines[2:-2]]
        assert inside[0]["partner"] == name
        assert [line["said"] for line in inside[1:]] == said
        assert not [order for order in [*said, *names] if order in system]
    assert evil.connections == 0


@pytest.mark.bad_input(121)
def test_a_model_that_asks_for_a_tool_gets_none(
    api: APIClient, alice: User, by_model: ProviderServer, evil: ProviderServer, said: list[str]
) -> None:
    call = {"name": "fetch", "arguments": json.dumps({"url": f"{evil.url}/leak"})}
    message = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call-1", "type": "function", "function": call}],
    }
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_780_000_000,
        "model": "test-model",
        "choices": [choice],
    }
    by_model.answers = [raw(json.dumps(body).encode())]
    talk = make_conversation(make_partner(alice, "Dana"), *said[:2])
    answer = api.post(f"/api/conversations/{talk.pk}/analyze")
    assert answer.status_code == 502
    assert not ExtractedFact.objects.filter(user=alice).exists()
    assert evil.connections == 0


@pytest.mark.bad_input(121)
def test_the_offline_analyzer_quotes_orders_and_obeys_none(
    api: APIClient,
    alice: User,
    bob: User,
    bobs: ConversationPartner,
    evil: ProviderServer,
    said: list[str],
    names: list[str],
) -> None:
    before = rows_of(bob)
    for name in ["Dana", *names]:
        partner = make_partner(alice, name)
        kept = make_fact(partner, "employer", "Nordlicht", review="confirmed", origin="user")
        talk = make_conversation(partner, started_at=MARCH)
        make_messages(talk, said)
        analyze_conversation(conversation=talk, analyzer=OfflineAnalyzer())
        kept.refresh_from_db()
        assert (kept.is_current, kept.review) == (True, "confirmed")
        for found in ExtractedFact.objects.filter(conversation=talk).select_related(
            "source_message"
        ):
            assert found.partner_id == partner.pk
            assert found.quote
            assert found.source_message.content[found.quote_start :].startswith(found.quote)
            assert found.fact_key != "home_city"
    assert rows_of(bob) == before
    assert evil.connections == 0


@pytest.mark.bad_input(72, 121)
def test_another_owners_marker_is_in_no_prompt_log_or_job(
    api: APIClient,
    alice: User,
    bobs: ConversationPartner,
    by_model: ProviderServer,
    said: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    by_model.answers = [says(), raw(b"{}", 401), says(facts=[]), says()]
    dana = make_partner(alice, "Dana")
    talks = [make_conversation(dana, "I moved to Porto.", *said) for _ in range(3)]
    with caplog.at_level("DEBUG"):
        for talk in talks[:2]:
            api.post(f"/api/conversations/{talk.pk}/analyze")
        number = api.post(f"/api/conversations/{talks[2].pk}/analyze?async=1").json()["job_id"]
        work(number)
        api.post(f"/api/profiles/{dana.pk}/analyze-all")
        answers = [
            api.get(path).content.decode()
            for path in (
                f"/api/jobs/{number}",
                f"/api/profiles/{dana.pk}",
                f"/api/suggestions/{dana.pk}",
                f"/api/partners/{dana.pk}/briefing",
            )
        ]
    assert len(by_model.bodies) == 4
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t::text FROM django_q_task t UNION SELECT q::text FROM django_q_ormq q"
        )
        queue = [row for (row,) in cursor.fetchall()]
    for text in [*by_model.bodies, *answers, *queue, caplog.text]:
        assert CANARY not in text
    assert "moved to Porto" not in caplog.text


def make_messages(talk: Conversation, said: list[str]) -> None:
    """All said by the partner."""
    Message.objects.bulk_create(
        Message(
            user_id=talk.user_id,
            conversation=talk,
            position=position,
            sender="partner",
            content=words,
        )
        for position, words in enumerate(said)
    )
