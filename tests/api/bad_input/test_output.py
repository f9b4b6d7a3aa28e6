"""Rows 22, 72, 89, 91 and 124: what answers, pages and logs give away, and to whom."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from conversations.models import Conversation
from partners.models import ConversationPartner
from tests.api.bad_input.answers import CANARY, ORIGIN, nothing_stored, send, stored
from tests.api.bad_input.injected import fail_on
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PARTNERS = "/api/partners/"
TALKS = "/api/conversations/"
FOREIGN = ["https://evil.example", "null", "http://localhost:3001", f"{ORIGIN}.evil.example", ""]


@pytest.mark.bad_input(124)
def test_refused_values_are_not_repeated(api: APIClient, talk: Conversation) -> None:
    """`send` looks for the marker in every refusal."""
    message = {"sender": "user", "content": "Hello.", "timestamp": CANARY}
    talk_body: dict[str, Any] = {"partner_id": talk.partner_id, "messages": []}
    fact = {"partner_id": talk.partner_id, "category": "a", "fact_key": "b", "fact_value": "c"}
    with nothing_stored():
        for path, body in (
            (PARTNERS, CANARY),
            (PARTNERS, {"name": [CANARY]}),
            (PARTNERS, {"name": CANARY * 100}),
            (PARTNERS, {"name": {"a": CANARY}}),
            (TALKS, {**talk_body, "partner_id": CANARY}),
            (TALKS, {**talk_body, "messages": CANARY}),
            (TALKS, {**talk_body, "messages": [CANARY]}),
            (TALKS, {**talk_body, "messages": [message]}),
            (TALKS, {**talk_body, "messages": [{**message, "sender": CANARY}]}),
            (TALKS, {**talk_body, "language": CANARY}),
            (TALKS, {**talk_body, "started_at": CANARY}),
            (TALKS, {**talk_body, "title": [CANARY]}),
            ("/api/facts", {**fact, "confidence": CANARY}),
            ("/api/facts", {**fact, "many_valued": CANARY}),
            ("/api/facts", {**fact, "quote": CANARY}),
            ("/api/auth/login", {"email": [CANARY], "password": CANARY}),
        ):
            assert send(api, "POST", path, body).status_code == 422, body
        broken = json.dumps({"name": CANARY})[:-1]
        assert send(api, "POST", PARTNERS, broken).status_code == 422


@pytest.mark.bad_input(124)
def test_fault_tells_nothing_but_its_number(
    api: APIClient, dana: ConversationPartner, caplog: pytest.LogCaptureFixture
) -> None:
    fail_on("messages", "XX000")
    message = {"sender": "user", "content": CANARY}
    answer = send(api, "POST", TALKS, {"partner_id": dana.pk, "messages": [message]})
    assert answer.status_code == 500
    for word in ("injected", "INSERT", "messages", "Traceback", "psycopg2", "django"):
        assert word not in answer.content.decode()
    assert CANARY not in caplog.text
    assert answer.json()["request_id"]
    assert any("Unhandled" in record.getMessage() for record in caplog.records)


@pytest.mark.bad_input(72, 124)
def test_words_of_people_are_in_no_log_line(
    api: APIClient, talk: Conversation, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    message = [{"sender": "user", "content": CANARY}]
    api.post(f"{TALKS}{talk.pk}/messages", message)
    api.post(PARTNERS, {"name": CANARY})
    api.get(f"{PARTNERS}?name={CANARY}")
    api.get(f"/api/{CANARY}")
    api.post(PARTNERS, {"name": [CANARY]})
    api.put(f"{TALKS}?q={CANARY}", {})
    assert CANARY not in caplog.text


@pytest.mark.bad_input(89)
def test_keys_of_providers_are_ignored(
    api: APIClient, dana: ConversationPartner, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="convoai")
    keys = {"gemini_api_key": CANARY, "deepgram_api_key": CANARY}
    body = {"partner_id": dana.pk, "messages": [], **keys}
    made = send(api, "POST", TALKS, body)
    assert made.status_code == 201
    assert CANARY not in made.content.decode()
    assert send(api, "GET", f"{TALKS}?gemini_api_key={CANARY}").status_code == 200
    talk = Conversation.objects.get()
    assert CANARY not in str(vars(talk))
    assert CANARY not in caplog.text


@pytest.mark.bad_input(91)
@pytest.mark.parametrize("origin", FOREIGN)
def test_foreign_origin_gets_no_permission_to_read(
    api: APIClient, dana: ConversationPartner, origin: str
) -> None:
    for method, path in (
        ("GET", PARTNERS),
        ("GET", f"{PARTNERS}77777"),
        ("POST", TALKS),
        ("GET", "/api/nothing"),
        ("TRACE", PARTNERS),
        ("GET", "/health"),
        ("OPTIONS", PARTNERS),
    ):
        answer = api.generic(
            method, path, HTTP_ORIGIN=origin, HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST"
        )
        assert "Access-Control-Allow-Origin" not in answer, (method, path)
        assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.bad_input(91)
def test_allowed_origin_may_read_every_answer(api: APIClient, dana: ConversationPartner) -> None:
    for method, path, body in (
        ("GET", PARTNERS, None),
        ("GET", f"{PARTNERS}77777", None),
        ("POST", PARTNERS, "{"),
        ("DELETE", PARTNERS, None),
        ("GET", "/api/nothing", None),
        ("GET", "/api/nothing%0a", None),
        ("POST", "/nowhere/at/all", "x"),
        ("TRACE", PARTNERS, None),
        ("PROPFIND", PARTNERS, None),
    ):
        answer = send(api, method, path, body)
        assert answer["Access-Control-Allow-Credentials"] == "true"
        exposed = answer["Access-Control-Expose-Headers"]
        assert {"ETag", "Link", "Retry-After", "X-Request-ID"} <= set(exposed.split(", "))


@pytest.mark.bad_input(124)
@pytest.mark.parametrize("sent", ["x" * 5_000, "a\nb", "<script>", "0" * 31, "../..", ""])
def test_hostile_request_id_is_replaced(api: APIClient, sent: str) -> None:
    answer = send(api, "GET", "/api/nothing", HTTP_X_REQUEST_ID=sent)
    assert answer.json()["request_id"] == answer["X-Request-ID"] != sent
    assert answer["X-Request-ID"].isalnum()


@pytest.mark.bad_input(124)
@pytest.mark.parametrize("host", ["evil.example", "localhost:x", "a b", "", "localhost@evil"])
def test_foreign_host_is_refused(api: APIClient, host: str) -> None:
    answer = api.get(PARTNERS, HTTP_HOST=host, HTTP_ORIGIN=ORIGIN)
    assert answer.status_code == 400
    body = json.loads(answer.content)
    assert body["code"] == "disallowed_host"
    assert body["request_id"] == answer["X-Request-ID"]
    assert answer["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.bad_input(22, 124)
def test_pages_load_nothing_from_elsewhere_and_escape_words() -> None:
    words = "<script>alert('words')</script>"
    staff = make_user("root", is_staff=True, is_superuser=True)
    hostile = make_user("eve")
    type(hostile).objects.filter(pk=hostile.pk).update(username=words)
    browser = Client()
    browser.force_login(staff)
    for path in ("/", f"/admin/accounts/user/{hostile.pk}/change/", "/admin/accounts/user/"):
        page = browser.get(path, HTTP_ACCEPT="text/html")
        assert page.status_code == 200
        assert "default-src 'self'" in page["Content-Security-Policy"]
        assert page["X-Frame-Options"] == "DENY"
        assert page["X-Content-Type-Options"] == "nosniff"
        assert words not in page.content.decode()
    lost = browser.get(f"/{words}", HTTP_ACCEPT="text/html")
    assert lost.status_code == 404
    assert words not in lost.content.decode()


@pytest.mark.bad_input(22)
def test_words_in_the_admin_are_escaped(talk: Conversation) -> None:
    words = "<script>alert('words')</script>"
    Conversation.objects.filter(pk=talk.pk).update(title=words, summary=words)
    ConversationPartner.objects.filter(pk=talk.partner_id).update(name=words, notes=words)
    talk.messages.update(content=words)
    browser = Client()
    browser.force_login(make_user("root", is_staff=True, is_superuser=True))
    before = stored()
    for path in (
        "conversations/conversation/",
        f"conversations/conversation/{talk.pk}/change/",
        "conversations/message/",
        "partners/conversationpartner/",
        f"partners/conversationpartner/{talk.partner_id}/change/",
        f"conversations/conversation/?q=%00{CANARY}",
        "conversations/conversation/?q=" + "word%20" * 500,
        "conversations/conversation/?o=x&p=abc&all=1",
        "conversations/message/?q=%22%27%3B--%28%26%7C%21",
        "partners/conversationpartner/?q=%F0%9F%98%80%25_",
    ):
        page = browser.get(f"/admin/{path}", follow=True)
        assert page.status_code == 200, path
        assert words not in page.content.decode(), path
        assert "default-src 'self'" in page["Content-Security-Policy"]
    assert stored() == before


@pytest.mark.bad_input(124)
def test_checks_for_deployment_find_nothing(settings: Any) -> None:
    settings.DEBUG = False
    settings.SINGLE_USER = ""
    settings.ALLOWED_HOSTS = ["talks.example.org"]
    settings.SECRET_KEY = "".join(chr(33 + number % 90) for number in range(80))
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    call_command("check", deploy=True, fail_level="WARNING")
