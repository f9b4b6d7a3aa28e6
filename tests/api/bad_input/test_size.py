"""Rows 25 to 35: bodies that are too large, and large ones that are not."""

from __future__ import annotations

import hashlib
import random
import time
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.test import RequestFactory
from django.utils.datastructures import CaseInsensitiveMapping
from rest_framework.test import APIClient

from conversations.models import Conversation, Message
from convoai.accounts.models import User
from convoai.accounts.services import create_api_key
from partners.models import ConversationPartner
from tests.api.bad_input.answers import (
    ORIGIN,
    connection_kept,
    nothing_stored,
    problems,
    refusal,
    send,
)

pytestmark = pytest.mark.django_db
PARTNERS = "/api/partners/"
TALKS = "/api/conversations/"
MB = 1_000_000
WORDS = ["the", "of", "moved", "Lisbon", "spring", "garden", "work", "sister", "river", "paper"]


def transcript(size: int) -> str:
    """Ordinary prose of that many characters: words, sentences, paragraphs."""
    choose = random.Random(1)
    sentences = (" ".join(choose.choices(WORDS, k=12)) + ".\n" for _ in range(2_000))
    page = "".join(sentences)
    return (page * (size // len(page) + 1))[:size]


def create_talk(api: APIClient, partner: ConversationPartner, text: str) -> Any:
    """The answer to a talk made of this transcript."""
    return send(api, "POST", TALKS, {"partner_id": partner.pk, "full_transcript": text})


def found(talk: int, words: str) -> bool:
    """Whether full-text search finds these words in a message of the talk."""
    return bool(Message.objects.filter(conversation_id=talk).matching(words).exists())


class Unread:
    """A body that must not be read to its end: it has none."""

    def __init__(self) -> None:
        self.given = 0

    def read(self, size: int = 65_536) -> bytes:
        self.given += size
        assert self.given < 100 * MB, "the whole body was read"
        return b" " * size

    readline = read


def ask(method: str, path: str, stream: Any, **environ: Any) -> tuple[int, Any, bytes]:
    """Ask the WSGI application itself, with a body that a test client would not send."""
    variables = {
        **RequestFactory().generic(method, path).environ,
        "CONTENT_TYPE": "application/json",
        "wsgi.input": stream,
        "HTTP_ORIGIN": ORIGIN,
        **environ,
    }
    for name, value in environ.items():
        if value is None:
            del variables[name]
    received: list[Any] = []

    def start_response(status: str, headers: list[Any], *rest: Any) -> Any:
        received.extend((status, headers))

    with connection_kept():
        answer = get_wsgi_application()(variables, start_response)
        body = b"".join(answer)
        answer.close()
    return int(received[0].split()[0]), CaseInsensitiveMapping(received[1]), body


@pytest.mark.bad_input(25)
@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("POST", PARTNERS, settings.BODY_LIMIT),
        ("PATCH", "/api/facts/1", settings.BODY_LIMIT),
        ("POST", "/api/auth/login", settings.BODY_LIMIT),
        ("POST", TALKS, settings.TRANSCRIPT_BODY_LIMIT),
        ("POST", "/api/conversations/1/messages", settings.TRANSCRIPT_BODY_LIMIT),
        ("POST", "/api/partners/create-with-image", settings.IMAGE_BODY_LIMIT),
    ],
)
def test_body_over_the_limit_of_its_route_is_refused_unread(
    alice: User, method: str, path: str, limit: int
) -> None:
    token = create_api_key(user=alice, name="test")[1]
    body = Unread()
    with nothing_stored():
        status, headers, answer = ask(
            method,
            path,
            body,
            CONTENT_LENGTH=str(limit + 1),
            HTTP_AUTHORIZATION=f"Bearer {token}",
        )
    assert status == 413
    assert b'"body_too_large"' in answer
    assert headers["Content-Type"] == "application/json"
    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    assert body.given == 0


@pytest.mark.bad_input(25)
def test_body_just_under_the_limit_is_read(api: APIClient) -> None:
    text = "a" * 99_000
    assert send(api, "POST", PARTNERS, {"name": "Dana", "notes": text}).status_code == 201
    padded = b'{"name": "Dana"' + b" " * (settings.BODY_LIMIT - 16) + b"}"
    assert len(padded) == settings.BODY_LIMIT
    assert send(api, "POST", PARTNERS, padded).status_code == 201
    assert refusal(send(api, "POST", PARTNERS, padded + b" ")) == (413, "body_too_large")


@pytest.mark.bad_input(25)
def test_field_over_its_own_limit_is_refused(api: APIClient) -> None:
    with nothing_stored():
        answer = send(api, "POST", PARTNERS, {"name": "a" * 256, "notes": "b" * 100_001})
        assert sorted(problems(answer)) == [
            ("string_too_long", "body.name"),
            ("string_too_long", "body.notes"),
        ]


@pytest.mark.bad_input(30)
@pytest.mark.parametrize(
    ("environ", "status", "code"),
    [
        ({"CONTENT_LENGTH": None, "HTTP_TRANSFER_ENCODING": "chunked"}, 411, b"length_required"),
        ({"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}, 411, b"length_required"),
        ({"CONTENT_LENGTH": "abc"}, 400, b"malformed"),
        ({"CONTENT_LENGTH": "-1"}, 400, b"malformed"),
        ({"CONTENT_LENGTH": "１０"}, 400, b"malformed"),
        ({"CONTENT_LENGTH": "9" * 5_000}, 413, b"body_too_large"),
        # Says 1000 and ends after 16: the rest never comes.
        ({"CONTENT_LENGTH": "1000"}, 422, b"json_invalid"),
        # Says 5 and goes on: what is over is not read.
        ({"CONTENT_LENGTH": "5"}, 422, b"json_invalid"),
    ],
)
def test_length_that_is_missing_or_wrong_is_refused(
    alice: User, environ: dict[str, Any], status: int, code: bytes
) -> None:
    token = create_api_key(user=alice, name="test")[1]
    with nothing_stored():
        answer = ask(
            "POST",
            PARTNERS,
            BytesIO(b'{"name": "Dana",'),
            HTTP_AUTHORIZATION=f"Bearer {token}",
            **environ,
        )
    assert answer[0] == status
    assert code in answer[2]
    assert answer[1]["Content-Type"] == "application/json"


@pytest.mark.bad_input(31)
@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate", "br", "zstd", "gzip, identity"])
def test_compressed_body_is_refused(api: APIClient, encoding: str) -> None:
    with nothing_stored():
        answer = send(api, "POST", PARTNERS, b"\x1f\x8b\x08", HTTP_CONTENT_ENCODING=encoding)
        assert refusal(answer) == (415, "unsupported_encoding")


@pytest.mark.bad_input(26)
def test_transcript_of_10_mb_is_kept_to_the_byte(api: APIClient, dana: ConversationPartner) -> None:
    text = transcript(10 * MB)
    begun = time.perf_counter()
    made = create_talk(api, dana, text)
    seconds = time.perf_counter() - begun
    assert made.status_code == 201
    assert seconds < 60, "2 s on an idle machine; more while other tests run"
    read = send(api, "GET", f"{TALKS}{made.json()['id']}").json()["full_transcript"]
    assert hashlib.sha256(read.encode()).digest() == hashlib.sha256(text.encode()).digest()


@pytest.mark.bad_input(27)
def test_every_word_of_a_long_talk_is_found(api: APIClient, dana: ConversationPartner) -> None:
    count = 300_000
    text = " ".join(f"w{number}x" for number in range(count))
    made = create_talk(api, dana, text)
    assert made.status_code == 201
    probes = range(0, count, count // 49)
    missing = [number for number in probes if not found(made.json()["id"], f"w{number}x")]
    assert missing == []


@pytest.mark.bad_input(29)
def test_phrase_far_into_a_talk_is_found(api: APIClient, dana: ConversationPartner) -> None:
    words = [*(["filler"] * 20_000), "violet", "umbrella", *(["filler"] * 20_000)]
    made = create_talk(api, dana, " ".join(words))
    assert found(made.json()["id"], '"violet umbrella"')


@pytest.mark.bad_input(27, 28)
@pytest.mark.parametrize(
    "text",
    ["a" * 3 * MB, "漢字" * 200_000, "\u0301" * MB, "<" * MB, "1." * 500_000, "a-" * 500_000],
    ids=["one word", "chinese", "marks", "tags", "digits", "hyphens"],
)
def test_text_that_no_index_can_hold_is_stored_all_the_same(
    api: APIClient, dana: ConversationPartner, text: str
) -> None:
    made = create_talk(api, dana, text)
    assert made.status_code == 201
    detail = send(api, "GET", f"{TALKS}{made.json()['id']}").json()
    assert detail["full_transcript"] == text
    assert "".join(message["content"] for message in detail["messages"]) == text


@pytest.mark.bad_input(34)
def test_list_need_not_carry_whole_transcripts(api: APIClient, dana: ConversationPartner) -> None:
    for _ in range(2):
        Conversation.objects.create(user=dana.user, partner=dana, full_transcript="a" * MB)
    trimmed = send(api, "GET", f"{TALKS}?fields=id,title")
    assert len(trimmed.json()) == 2
    assert len(trimmed.content) < 1_000


@pytest.mark.bad_input(35)
def test_form_of_too_many_fields_is_refused_as_json(api: APIClient) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a%d"\r\n\r\n1\r\n'
    form = b"".join(part % number for number in range(20_001)) + b"--x--\r\n"
    path, kind = "/api/partners/create-with-image", "multipart/form-data; boundary=x"
    with nothing_stored():
        answer = send(api, "POST", path, form, content_type=kind)
        assert refusal(answer) == (400, "malformed")


@pytest.mark.bad_input(35)
def test_address_of_many_parameters_is_no_fault(api: APIClient) -> None:
    for query in (
        "&".join(f"a{number}=1" for number in range(300)),
        "&".join(["name=a"] * 300),
        "name=" + "a" * 3_900,
        "fields=" + ",".join(["id"] * 1_000),
    ):
        assert send(api, "GET", f"{PARTNERS}?{query}").status_code == 200
