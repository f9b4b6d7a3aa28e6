"""Rows 1 to 18: bodies that are not what they claim to be, and values that cannot be stored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from conversations.models import Conversation
from partners.models import ConversationPartner
from tests.api.bad_input.answers import (
    CANARY,
    nothing_stored,
    problems,
    refusal,
    send,
    types,
)

pytestmark = pytest.mark.django_db
PARTNERS = "/api/partners/"
TALKS = "/api/conversations/"


@pytest.mark.bad_input(1)
def test_nul_in_text_is_refused_where_it_stands(api: APIClient, dana: ConversationPartner) -> None:
    with nothing_stored():
        answer = send(api, "POST", PARTNERS, {"name": f"{CANARY}\x00"})
        assert problems(answer) == [("nul_character", "body.name")]
        body = {"partner_id": dana.pk, "messages": [{"sender": "user", "content": "a\x00"}]}
        answer = send(api, "POST", TALKS, body)
        assert problems(answer) == [("nul_character", "body.messages.0.content")]
        body["messages"] = [{"sender": "user", "content": " "}]
        problem = send(api, "POST", TALKS, body).json()["detail"][0]
        assert problem["loc"] == ["body", "messages", 0, "content"]
        answer = send(api, "PATCH", f"/api/partners/{dana.pk}", {"notes": "\x00"})
        assert problems(answer) == [("nul_character", "body.notes")]


@pytest.mark.bad_input(2, 3)
@pytest.mark.parametrize(
    "body",
    [
        '{"name": "x", "extra": {"deep": ["\\u0000"]}}',
        '{"name": "x", "extra": {"\\u0000": 1}}',
        '{"name": "x", "\\u0000": 1}',
    ],
)
def test_nul_in_any_value_or_key_is_refused(api: APIClient, body: str) -> None:
    with nothing_stored():
        assert types(send(api, "POST", PARTNERS, body)) == ["nul_character"]


@pytest.mark.bad_input(4, 5)
@pytest.mark.parametrize(
    "body",
    [
        '{"name": "\\ud800"}',
        '{"name": "\\udc00\\ud800"}',
        '{"name": "x", "extra": ["\\ud83d"]}',
        '{"name": "x", "extra": {"\\udfff": 1}}',
    ],
)
def test_half_a_surrogate_pair_is_refused(api: APIClient, body: str) -> None:
    with nothing_stored():
        assert types(send(api, "POST", PARTNERS, body)) == ["lone_surrogate"]


@pytest.mark.bad_input(4)
def test_whole_surrogate_pair_is_one_character(api: APIClient) -> None:
    answer = send(api, "POST", PARTNERS, '{"name": "\\ud83d\\ude00"}')
    assert answer.status_code == 201
    assert answer.json()["name"] == "😀"


@pytest.mark.bad_input(6)
@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "\xff\xfe"}',
        b'{"name": "\xed\xa0\x80"}',
        b'{"name": "\xc0\x80"}',
        '{"name": "x"}'.encode("utf-16"),
        '{"name": "é"}'.encode("latin-1"),
    ],
    ids=["bytes", "surrogate", "overlong", "utf-16", "latin-1"],
)
def test_other_encodings_are_refused(api: APIClient, body: bytes) -> None:
    with nothing_stored():
        assert types(send(api, "POST", PARTNERS, body)) == ["invalid_encoding"]


@pytest.mark.bad_input(6)
def test_byte_order_mark_is_passed_over(api: APIClient) -> None:
    answer = send(api, "POST", PARTNERS, '\ufeff{"name": "Dana"}'.encode())
    assert answer.status_code == 201
    assert answer.json()["name"] == "Dana"


@pytest.mark.bad_input(7)
@pytest.mark.parametrize("charset", ["foo", "rot13", "utf-16", "latin-1", "utf-7", ""])
def test_charset_other_than_utf8_is_refused(api: APIClient, charset: str) -> None:
    content_type = f"application/json; charset={charset}"
    with nothing_stored():
        answer = send(api, "POST", PARTNERS, b'{"name": "x"}', content_type=content_type)
        assert refusal(answer) == (415, "unsupported_charset")


@pytest.mark.bad_input(7)
@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8"])
def test_utf8_may_be_named(api: APIClient, charset: str) -> None:
    content_type = f"application/json; charset={charset}"
    answer = send(api, "POST", PARTNERS, b'{"name": "x"}', content_type=content_type)
    assert answer.status_code == 201


@pytest.mark.bad_input(7)
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "nonsense", "", "multipart/form-data"]
)
def test_body_of_another_kind_is_refused(api: APIClient, content_type: str) -> None:
    with nothing_stored():
        answer = send(api, "POST", PARTNERS, b'{"name": "x"}', content_type=content_type)
        assert refusal(answer) == (415, "unsupported_media_type")


@pytest.mark.bad_input(8)
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e999"])
def test_number_that_json_does_not_have_is_refused(
    api: APIClient, dana: ConversationPartner, number: str
) -> None:
    body = (
        f'{{"partner_id": {dana.pk}, "category": "a", "fact_key": "b", "fact_value": "c", '
        f'"confidence": {number}}}'
    )
    with nothing_stored():
        assert types(send(api, "POST", "/api/facts", body)) == ["number_out_of_range"]


@pytest.mark.bad_input(9, 10, 11)
@pytest.mark.parametrize(
    ("confidence", "kind"),
    [
        ("NaN", "float_type"),
        ("Infinity", "float_type"),
        ("1e400", "float_type"),
        ("0.5", "float_type"),
        (True, "float_type"),
        ([0.5], "float_type"),
        ({}, "float_type"),
        (7, "less_than_equal"),
        (-0.001, "greater_than_equal"),
    ],
)
def test_confidence_is_a_number_from_0_to_1(
    api: APIClient, dana: ConversationPartner, confidence: Any, kind: str
) -> None:
    body = {"partner_id": dana.pk, "category": "a", "fact_key": "b", "fact_value": "c"}
    with nothing_stored():
        answer = send(api, "POST", "/api/facts", {**body, "confidence": confidence})
        assert problems(answer) == [(kind, "body.confidence")]


@pytest.mark.bad_input(10, 11, 12)
@pytest.mark.parametrize(
    "number", [True, "1_000", "١٢", "１", "1.0", "0x1", "+ 1", 1.5, [], {}, "9" * 5000, 2**63, None]
)
def test_id_is_ascii_digits(api: APIClient, number: Any) -> None:
    with nothing_stored():
        answer = send(api, "POST", TALKS, {"partner_id": number, "messages": []})
        assert answer.status_code == 422, answer.content
        # An integer that no column holds is refused by the parser, which knows no fields.
        assert problems(answer)[0][1] == ("body" if number == 2**63 else "body.partner_id")


@pytest.mark.bad_input(12)
@pytest.mark.parametrize("digits", [19, 20, 4_000, 5_000, 100_000])
def test_integer_of_thousands_of_digits_is_refused(api: APIClient, digits: int) -> None:
    with nothing_stored():
        for body in (
            f'{{"partner_id": {"9" * digits}, "messages": []}}',
            f'{{"partner_id": 1, "messages": [], "extra": [-{"9" * digits}]}}',
        ):
            answer = send(api, "POST", TALKS, body, HTTP_IDEMPOTENCY_KEY="same")
            assert types(answer) == ["number_out_of_range"]


@pytest.mark.bad_input(13)
@pytest.mark.parametrize(
    "body", ['{"name": "a", "name": "b"}', '{"name": "a", "extra": {"k": 1, "\\u006b": 2}}']
)
def test_key_that_stands_twice_is_refused(api: APIClient, body: str) -> None:
    with nothing_stored():
        assert types(send(api, "POST", PARTNERS, body)) == ["duplicate_key"]


@pytest.mark.bad_input(14)
@pytest.mark.parametrize(
    "nested",
    [
        "[" * 65 + "]" * 65,
        "[" * 100_000,
        "[" * 1_000 + "]" * 1_000,
        '{"a":' * 3_000 + "1" + "}" * 3_000,
        '"\\"[",' * 3 + '{"a":[' * 40 + "]}" * 40,
    ],
    ids=["65", "100000 unclosed", "1000", "dict 3000", "mixed 80"],
)
def test_deep_nesting_is_refused_before_it_is_parsed(api: APIClient, nested: str) -> None:
    with nothing_stored():
        answer = send(api, "POST", PARTNERS, f'{{"name": "x", "extra": [{nested}]}}')
        assert types(answer) == ["too_deep"]


@pytest.mark.bad_input(14)
def test_brackets_in_text_and_side_by_side_are_not_nesting(api: APIClient) -> None:
    text = '[[[{"' * 200 + "\\"
    body = {"name": "Dana", "notes": text, "extra": [[] for _ in range(1_000)]}
    answer = send(api, "POST", PARTNERS, body)
    assert answer.status_code == 201
    assert answer.json()["notes"] == text


@pytest.mark.bad_input(15)
@pytest.mark.parametrize("body", [b"", b" \r\n\t "])
@pytest.mark.parametrize("path", [PARTNERS, TALKS, "/api/facts", "/api/auth/login"])
def test_empty_body_is_refused(api: APIClient, path: str, body: bytes) -> None:
    with nothing_stored():
        assert types(send(api, "POST", path, body)) == ["empty_body"]


@pytest.mark.bad_input(15)
def test_empty_body_of_a_form_or_of_a_list_is_refused(api: APIClient, talk: Conversation) -> None:
    with nothing_stored():
        form = send(
            api,
            "POST",
            "/api/partners/create-with-image",
            b"",
            content_type="multipart/form-data; boundary=x",
        )
        assert types(form) == ["empty_body"]
        assert types(send(api, "POST", f"{TALKS}{talk.pk}/messages", b"")) == ["empty_body"]
        assert types(send(api, "PATCH", f"{TALKS}{talk.pk}", b"")) == ["empty_body"]


@pytest.mark.bad_input(16)
@pytest.mark.parametrize("body", ["null", "5", "[]", '"x"', "true", "0.5", '[{"name": "x"}]'])
@pytest.mark.parametrize("path", [PARTNERS, TALKS, "/api/facts"])
def test_body_that_is_no_object_is_refused(api: APIClient, path: str, body: str) -> None:
    with nothing_stored():
        assert len(problems(send(api, "POST", path, body))) == 1


@pytest.mark.bad_input(16)
@pytest.mark.parametrize("body", ["null", "5", "[]", "{}", "[null]", "[5]", '["x"]', "[[]]"])
def test_messages_are_an_array_of_objects(api: APIClient, talk: Conversation, body: str) -> None:
    with nothing_stored():
        assert problems(send(api, "POST", f"{TALKS}{talk.pk}/messages", body))


@pytest.mark.bad_input(17)
@pytest.mark.parametrize(
    "body", ['{"name": "x"', '{"name": ', '{"name": "x"} trailing', "{'name': 'x'}", "{name: 1}"]
)
def test_broken_json_is_refused_with_its_place(api: APIClient, body: str) -> None:
    with nothing_stored():
        answer = send(api, "POST", PARTNERS, body)
        assert types(answer) == ["json_invalid"]
        place = answer.json()["detail"][0]["loc"]
        assert place[0] == "body"
        assert type(place[1]) is int


@pytest.mark.bad_input(17)
@pytest.mark.parametrize("cut", [1, 3, 10, 40])
def test_form_that_breaks_off_is_refused(api: APIClient, cut: int) -> None:
    whole = (
        b'--edge\r\nContent-Disposition: form-data; name="name"\r\n\r\n'
        b"Dana, who is whole\r\n--edge--\r\n"
    )
    path, kind = "/api/partners/create-with-image", "multipart/form-data; boundary=edge"
    with nothing_stored():
        answer = send(api, "POST", path, whole[: -(cut + 2)], content_type=kind)
        assert refusal(answer) == (400, "malformed")
    assert send(api, "POST", path, whole, content_type=kind).status_code == 201


@pytest.mark.bad_input(18)
def test_ownership_and_rights_never_come_from_a_body(
    api: APIClient, alice: Any, bob: Any, dana: ConversationPartner
) -> None:
    extra = {"id": 77, "user": bob.pk, "user_id": bob.pk, "is_staff": True, "created_at": "x"}
    answer = send(api, "POST", PARTNERS, {"name": "Eve", **extra})
    assert answer.status_code == 201
    assert answer.json()["user_id"] == alice.pk
    assert answer.json()["id"] != 77
    answer = send(api, "PUT", f"/api/partners/{dana.pk}", {"name": "Dana B.", **extra})
    assert answer.json()["user_id"] == alice.pk
    answer = send(api, "POST", TALKS, {"partner_id": dana.pk, "messages": [], **extra})
    assert answer.json()["user_id"] == alice.pk
    alice.refresh_from_db()
    assert not alice.is_staff


@pytest.mark.bad_input(18)
def test_new_routes_name_the_field_they_do_not_know(
    api: APIClient, talk: Conversation, dana: ConversationPartner
) -> None:
    fact = {"partner_id": dana.pk, "category": "a", "fact_key": "b", "fact_value": "c"}
    with nothing_stored():
        for method, path, body in (
            ("POST", "/api/facts", {**fact, "user_id": 1}),
            ("PATCH", f"{TALKS}{talk.pk}", {"user_id": 1}),
        ):
            answer = send(api, method, path, body)
            assert problems(answer) == [("unknown_field", "body.user_id")]


@pytest.mark.bad_input(18)
def test_hostile_field_names_make_a_short_answer(api: APIClient, talk: Conversation) -> None:
    body = json.dumps({f"{'k' * 500}{number}": 1 for number in range(2_000)})
    with nothing_stored():
        answer = send(api, "PATCH", f"{TALKS}{talk.pk}", body)
        assert set(types(answer)) == {"unknown_field"}
        assert len(answer.content) < 50_000
