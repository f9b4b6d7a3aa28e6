"""What a language model answers, over HTTP: taken when sound, refused or dropped when not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic, time

import httpx2
import pytest
from django.utils.http import http_date

from convoai.analysis.evidence import checked
from convoai.analysis.failure import AnalysisFailed
from convoai.analysis.model.analyzer import FallbackAnalyzer, ModelAnalyzer
from convoai.analysis.offline.analyzer import OfflineAnalyzer
from convoai.analysis.result import Analysis, Turn
from convoai.transport import seconds_asked
from tests.analysis.provider import (
    ProviderServer,
    completion,
    drip,
    fact,
    flood,
    notes,
    raw,
    says,
    silence,
    words,
)

MARCH = datetime(2026, 3, 2, 10, tzinfo=UTC)
TURNS = [
    Turn(71, "partner", "", "Hi! I moved to Porto in February.", MARCH),
    Turn(72, "user", "", "Lovely. I will send you the photos.", MARCH),
]

pytestmark = pytest.mark.django_db


def read(analyzer: ModelAnalyzer | FallbackAnalyzer, turns: list[Turn] = TURNS) -> Analysis:
    return analyzer.analyze(turns, "Dana", "alice", MARCH)


def test_a_good_answer_becomes_an_analysis(server: ProviderServer) -> None:
    promise = {
        "message": 2,
        "quote": "I will send you the photos",
        "who": "user",
        "text": "send Dana the photos",
        "due": "2026-03-09",
    }
    analysis = read(server.analyzer(says(action_items=[promise])))
    assert analysis.analyzer == "openai:test-model"
    assert (analysis.version, analysis.tokens_in, analysis.tokens_out) == ("1", 1200, 80)
    assert analysis.summary == "Dana moved to Porto."
    assert analysis.sentiment == "positive"
    [moved] = analysis.facts
    assert (moved.source_message_id, moved.quote, moved.quote_start) == (71, "I moved to Porto", 4)
    assert moved.valid_from == datetime(2026, 2, 1, tzinfo=UTC)
    [item] = analysis.action_items
    assert (item.who, item.source_message_id, str(item.due)) == ("user", 72, "2026-03-09")
    assert [topic.relevance for topic in analysis.topics] == [8]
    assert server.authorizations == ["Bearer a key"]
    assert len(server.bodies) == 1


def test_gemini_is_asked_in_its_own_format(server: ProviderServer) -> None:
    part = {"text": json.dumps(notes())}
    body = {
        "candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 5, "totalTokenCount": 14},
        "modelVersion": "gemini-test",
    }
    openai = server.analyzer(raw(b"{}", 503), raw(json.dumps(body).encode())).provider
    gemini = replace(openai, name="google-gla:gemini-test", kind="google", url=f"{server.url}/")
    analysis = read(ModelAnalyzer(gemini))
    assert analysis.analyzer == "google-gla:gemini-test"
    assert (analysis.tokens_in, analysis.tokens_out) == (9, 5)
    assert [one.quote for one in analysis.facts] == ["I moved to Porto"]
    assert "I moved to Porto" in server.bodies[-1]
    assert len(server.bodies) == 2


@pytest.mark.bad_input(113)
@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"candidates": 3}', b'{"candidates": []}'])
def test_an_absurd_answer_of_gemini_fails(server: ProviderServer, body: bytes) -> None:
    openai = server.analyzer(raw(body)).provider
    gemini = replace(openai, kind="google", url=f"{server.url}/")
    with pytest.raises(AnalysisFailed, match="could not be used"):
        read(ModelAnalyzer(gemini))


def test_the_log_never_holds_the_talk(
    server: ProviderServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        read(server.analyzer(words("no"), says()))
    assert "photos" not in caplog.text


def test_an_answer_in_a_code_fence_is_taken(server: ProviderServer) -> None:
    assert read(server.analyzer(words(f"```json\n{json.dumps(notes())}\n```"))).facts


@pytest.mark.bad_input(113)
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_provider_that_is_busy_is_asked_again(server: ProviderServer, status: int) -> None:
    busy = raw(b'{"error": {"message": "later"}}', status, Retry_After="0")
    assert read(server.analyzer(busy, busy, says())).facts
    assert len(server.bodies) == 3


@pytest.mark.bad_input(113)
def test_an_answer_of_the_wrong_form_is_asked_for_again(server: ProviderServer) -> None:
    cut = json.dumps(notes())[:60]
    assert read(server.analyzer(words(cut), words('{"summary": 3}'), says())).facts
    assert len(server.bodies) == 3


@pytest.mark.bad_input(113)
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (raw(b"{}", 500), "the provider answered 500"),
        (raw(b'{"error": {"message": "sk-secret is wrong"}}', 401), "the provider answered 401"),
        (raw(b"<html>Sign in</html>", type="text/html"), "the provider's answer is not JSON"),
        (raw(b"", 302, Location="http://127.0.0.1:1/v1"), "the provider answered 302"),
        (raw(b"x", Content_Encoding="gzip"), "the provider's answer is packed"),
        (raw(b"not json"), "the model's answer could not be used"),
        (raw(b"{}"), "the model's answer could not be used"),
        (raw(b"[1]"), "the model's answer could not be used"),
        (raw(b"null"), "the model's answer could not be used"),
        (raw(completion("I would rather not.")), "the model's answer could not be used"),
        (raw(completion("")), "the model's answer could not be used"),
        (raw(completion('{"facts": "none"}')), "the model's answer could not be used"),
        (raw(completion("[" * 50_000)), "the model's answer could not be used"),
        (words('{"summary": "Dana mo', "length"), "the model's answer could not be used"),
        (flood, "the provider's answer is over 1,000,000 bytes"),
    ],
)
def test_a_bad_answer_fails_with_a_reason_of_our_own(
    server: ProviderServer, answer: object, reason: str
) -> None:
    with pytest.raises(AnalysisFailed) as failure:
        read(server.analyzer(answer))  # type: ignore[arg-type]
    assert reason in str(failure.value)
    assert "secret" not in str(failure.value)
    assert len(server.bodies) <= 3


@pytest.mark.bad_input(113)
@pytest.mark.parametrize("answer", [silence, drip])
def test_a_provider_that_never_ends_is_left(server: ProviderServer, answer: object) -> None:
    began = monotonic()
    with pytest.raises(AnalysisFailed, match=r"no answer within 0\.2 seconds"):
        read(server.analyzer(answer, timeout=0.2))  # type: ignore[arg-type]
    # The silence would last for a minute.
    assert monotonic() - began < 30


@pytest.mark.bad_input(113)
def test_a_talk_has_a_limit_of_its_own(server: ProviderServer) -> None:
    provider = server.analyzer(silence).provider
    with pytest.raises(AnalysisFailed, match=r"longer than 0\.1 seconds") as failure:
        read(ModelAnalyzer(provider, seconds=0.1))
    assert not failure.value.permanent


def wait_asked(header: str) -> float:
    return seconds_asked(httpx2.Response(503, headers={"Retry-After": header}))


@pytest.mark.bad_input(113)
def test_a_wait_is_asked_for_in_seconds_or_as_a_date() -> None:
    assert wait_asked("120") == 120
    assert 30 < wait_asked(http_date(time() + 90)) <= 90
    assert wait_asked("Fri, 31 Dec 9999 23:59:59 GMT") == 99_999
    for senseless in (http_date(time() - 90), "soon", "-5", "", "9" * 30):
        assert wait_asked(senseless) == 0


def test_a_provider_that_is_not_there_fails(server: ProviderServer) -> None:
    analyzer = server.analyzer(says())
    server.server_close()
    with pytest.raises(AnalysisFailed, match="could not be reached"):
        read(analyzer)


@pytest.mark.bad_input(114)
@pytest.mark.parametrize(
    "bad",
    [
        fact(confidence=7),
        fact(confidence="high"),
        fact(confidence=None),
        fact(category="secrets"),
        fact(message=99),
        fact(message=0),
        fact(message=-1),
        fact(message=71),
        fact(message="first"),
        fact(message=10**40),
        fact(value="x" * 5_000),
        fact(value=""),
        fact(value="\x00"),
        fact(value=["Porto"]),
        fact(key="___"),
        fact(key="k" * 500),
        fact(subject="n" * 500),
        fact(quote=""),
        {"quote": "I moved to Porto"},
        "a fact",
        None,
        17,
    ],
)
def test_a_bad_fact_costs_itself_and_is_counted(
    server: ProviderServer, bad: object, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="convoai.analysis"):
        analysis = read(server.analyzer(says(facts=[bad, fact()])))
    assert [one.fact_value for one in analysis.facts] == ["Porto"]
    assert "1 items dropped" in caplog.text


@pytest.mark.bad_input(114)
def test_thousands_of_facts_are_cut(
    server: ProviderServer, caplog: pytest.LogCaptureFixture
) -> None:
    many = [{**fact(value=f"City {n}"), "since": None, "quote": "I"} for n in range(4_000)]
    with caplog.at_level("INFO", logger="convoai.analysis"):
        analysis = read(server.analyzer(says(facts=many)))
    assert len(analysis.facts) == 100
    assert "3900 items dropped" in caplog.text


@pytest.mark.bad_input(114)
def test_signs_that_cannot_be_stored_are_left_out(server: ProviderServer) -> None:
    odd = fact(value="Por\x00to\x1b", key="home\x00 City", since="0001-01-01")
    analysis = read(server.analyzer(says(facts=[odd], summary="A\x00 b.", sentiment="ecstatic")))
    [moved] = analysis.facts
    assert (moved.fact_value, moved.fact_key, moved.valid_from) == ("Porto", "home_city", None)
    assert analysis.summary == "A b."
    assert analysis.sentiment == "neutral"


def test_straight_and_curly_marks_are_the_same_words(server: ProviderServer) -> None:
    turns = [Turn(5, "partner", "", "So, I’m  allergic to nuts.", MARCH)]
    allergic = fact(quote="I'm allergic to nuts", key="allergy", value="nuts")
    [found] = read(server.analyzer(says(facts=[allergic])), turns).facts
    assert (found.quote, found.quote_start) == ("I’m  allergic to nuts", 4)
    assert found.many_valued


@pytest.mark.bad_input(121)
@pytest.mark.parametrize(
    "lie",
    [
        fact(quote="I moved to Paris", value="Paris"),
        fact(message=2, value="Porto"),
        fact(message=2, quote="I will send you the photos", subject="partner"),
        fact(quote="i MOVED to porto"),
    ],
)
def test_made_up_words_do_not_stand(server: ProviderServer, lie: dict[str, object]) -> None:
    standing, fallen = checked(read(server.analyzer(says(facts=[lie]))).facts, TURNS)
    assert not standing
    assert len(fallen) == 1


def test_the_fallback_answers_and_says_so(server: ProviderServer) -> None:
    analyzer = FallbackAnalyzer(server.analyzer(raw(b"{}", 401)), OfflineAnalyzer())
    analysis = read(analyzer)
    assert analysis.analyzer == "offline (openai:test-model failed)"
    assert analysis.facts


def test_a_long_talk_is_asked_about_in_parts_and_joined(server: ProviderServer) -> None:
    turns = [Turn(100 + n, "partner", "", f"{n:02d} " + "word " * 2_000, MARCH) for n in range(8)]
    late = fact(message=8, quote="07 word", key="pet", value="a cat", since=None)
    analysis = read(server.analyzer(says(facts=[]), says(facts=[late]), says(facts=[late])), turns)
    assert len(server.bodies) == 4
    assert [one.source_message_id for one in analysis.facts] == [107]
    assert analysis.summary.count("Dana moved to Porto.") == 4
    assert analysis.key_insights == ["Dana starts anew."]
    assert (analysis.tokens_in, analysis.tokens_out) == (4800, 320)
