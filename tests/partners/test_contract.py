"""Partners as existing frontends know them (section 2 of their contract)."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.api.shapes import PARTNER_KEYS, Z_TIME, assert_invalid, assert_plain_error, photo
from tests.factories import make_conversation, make_fact, make_partner

pytestmark = pytest.mark.django_db
FORM = "/api/partners/create-with-image"


def test_a_user_without_partners_gets_an_empty_array(api: APIClient) -> None:
    assert api.get("/api/partners/").json() == []


def test_the_list_is_a_bare_array_of_own_partners(api: APIClient, alice: User, bob: User) -> None:
    names = ["Dana", "Alba", "Eda"]
    for name in names:
        make_partner(alice, name)
    make_partner(bob, "Not mine")
    rows = api.get("/api/partners").json()
    assert [row["name"] for row in rows] == names
    assert [list(row) for row in rows] == [PARTNER_KEYS] * 3


def test_a_partner_needs_only_a_name(api: APIClient, alice: User) -> None:
    answer = api.post("/api/partners", {"name": "Dana"})
    assert answer.status_code == 201
    row = answer.json()
    assert list(row) == PARTNER_KEYS
    assert isinstance(row["id"], int)
    assert row["user_id"] == alice.pk
    assert Z_TIME.fullmatch(row["created_at"])
    nothing = ("email", "phone", "notes", "relationship", "image_url", "image_path", "updated_at")
    assert [row[key] for key in nothing] == [None] * 7
    assert api.get(f"/api/partners/{row['id']}").json() == row


def test_everything_sent_comes_back_as_it_was(api: APIClient) -> None:
    sent = {
        "name": "  Dana  ",
        "email": "not an address",
        "phone": "+49 (0)421 / 555-0",
        "notes": "Zeile 1\r\nЗаметка 2 🦉",
        "relationship": "friend",
    }
    row = api.post("/api/partners", sent).json()
    assert {key: row[key] for key in sent} == sent


@pytest.mark.parametrize("name", ["", "D" * 255])
def test_an_empty_and_a_long_name_are_taken(api: APIClient, name: str) -> None:
    assert api.post("/api/partners", {"name": name}).json()["name"] == name


def test_unknown_keys_are_ignored_and_cannot_move_a_partner(
    api: APIClient, alice: User, bob: User
) -> None:
    body = {"name": "Dana", "user_id": bob.pk, "id": 1, "is_staff": True, "image_path": "/etc"}
    row = api.post("/api/partners", body).json()
    assert (row["user_id"], row["image_path"]) == (alice.pk, None)


@pytest.mark.parametrize(
    ("body", "loc", "kind"),
    [
        ({}, ["body", "name"], "missing"),
        ({"email": "a@b"}, ["body", "name"], "missing"),
        ({"name": None}, ["body", "name"], "none_not_allowed"),
        ({"name": 5}, ["body", "name"], "string_type"),
        ({"name": ["Dana"]}, ["body", "name"], "string_type"),
        ({"name": "D" * 256}, ["body", "name"], "string_too_long"),
        ({"name": "Dana", "phone": 12}, ["body", "phone"], "string_type"),
    ],
)
def test_a_wrong_body_is_422_with_its_place(
    api: APIClient, body: dict[str, Any], loc: list[str], kind: str
) -> None:
    assert_invalid(api.post("/api/partners", body), *loc, kind=kind)
    assert not ConversationPartner.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_change_writes_only_what_was_sent(api: APIClient, alice: User, method: str) -> None:
    partner = make_partner(alice, phone="1", notes="keep")
    change = getattr(api, method)
    answer = change(f"/api/partners/{partner.pk}", {"phone": None, "email": "d@example.org"})
    assert answer.status_code == 200
    row = answer.json()
    assert list(row) == PARTNER_KEYS
    assert (row["name"], row["email"], row["phone"], row["notes"]) == (
        "Dana",
        "d@example.org",
        None,
        "keep",
    )
    assert Z_TIME.fullmatch(row["updated_at"])
    assert api.get(f"/api/partners/{partner.pk}").json() == row


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_name_cannot_be_taken_away(api: APIClient, alice: User, method: str) -> None:
    partner = make_partner(alice)
    answer = getattr(api, method)(f"/api/partners/{partner.pk}", {"name": None})
    assert_invalid(answer, "body", "name", kind="none_not_allowed")


def test_deleting_a_partner_with_talks_and_facts_works(api: APIClient, alice: User) -> None:
    talk = make_conversation(make_partner(alice), "Hello.")
    make_fact(talk.partner, conversation=talk, source_message=talk.messages.get())
    answer = api.delete(f"/api/partners/{talk.partner_id}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get("/api/partners").json() == []
    assert api.get("/api/conversations").json() == []


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_an_unknown_partner_is_404(api: APIClient, method: str) -> None:
    answer = getattr(api, method)("/api/partners/999999999", {"name": "Dana"})
    assert_plain_error(answer, 404, "Partner not found")


def test_a_form_without_a_picture_makes_a_partner(api: APIClient) -> None:
    sent = {"name": "Dana", "relationship": "friend", "notes": "Met at work", "email": "d@e"}
    answer = api.post(FORM, sent, format="multipart")
    assert answer.status_code == 201
    row = answer.json()
    assert list(row) == PARTNER_KEYS
    assert {key: row[key] for key in sent} == sent
    assert row["image_url"] is None


def test_a_form_with_a_picture_makes_a_partner_who_has_it(
    api: APIClient, bobs_api: APIClient, nobody: APIClient
) -> None:
    row = api.post(FORM, {"name": "Dana", "image": photo()}, format="multipart").json()
    assert row["image_path"]
    path = f"/api/partners/{row['id']}/image"
    assert row["image_url"] == f"http://testserver{path}"
    picture = api.get(path)
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/jpeg")
    assert picture.getvalue()[:2] == b"\xff\xd8"
    assert bobs_api.get(path).status_code == 404
    assert nobody.get(path).status_code == 401


def test_a_form_with_something_else_makes_a_partner_without_a_picture(api: APIClient) -> None:
    for name, data in (("cv.pdf", b"%PDF-1.4"), ("empty.jpg", b"")):
        file = photo()
        file.name = name
        file.seek(0)
        file.truncate()
        file.write(data)
        file.seek(0)
        answer = api.post(FORM, {"name": "Dana", "image": file}, format="multipart")
        assert (answer.status_code, answer.json()["image_url"]) == (201, None)


def test_a_form_without_a_name_is_422(api: APIClient) -> None:
    answer = api.post(FORM, {"relationship": "friend"}, format="multipart")
    assert_invalid(answer, "body", "name", kind="missing")


def test_a_picture_can_be_uploaded_later_and_replaced(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    path = f"/api/partners/{partner.pk}/upload-image"
    first = api.post(path, {"image": photo()}, format="multipart")
    assert first.status_code == 200
    assert list(first.json()) == PARTNER_KEYS
    second = api.post(path, {"image": photo(kind="PNG")}, format="multipart").json()
    assert second["image_path"] != first.json()["image_path"]
    picture = api.get(f"/api/partners/{partner.pk}/image")
    assert picture["Content-Type"] == "image/jpeg"
    assert picture.getvalue()


def test_an_upload_says_what_is_wrong_with_it(api: APIClient, alice: User) -> None:
    path = f"/api/partners/{make_partner(alice).pk}/upload-image"
    assert_invalid(api.post(path, {}, format="multipart"), "body", "image", kind="missing")
    text = photo()
    text.name = "me.txt"
    assert_plain_error(
        api.post(path, {"image": text}, format="multipart"), 400, "File must be an image"
    )
    missing = api.post(
        "/api/partners/999999999/upload-image", {"image": photo()}, format="multipart"
    )
    assert_plain_error(missing, 404, "Partner not found")


def test_a_partner_without_a_picture_has_none_to_fetch(api: APIClient, alice: User) -> None:
    answer = api.get(f"/api/partners/{make_partner(alice).pk}/image")
    assert answer.status_code == 404


def test_partners_are_filtered_and_ordered(api: APIClient, alice: User) -> None:
    for name, relationship in (("Dana", "friend"), ("alba", "Friend"), ("Eda", None)):
        make_partner(alice, name, relationship=relationship)

    def names(query: str) -> list[str]:
        return [row["name"] for row in api.get(f"/api/partners?{query}").json()]

    assert names("relationship=friend") == ["Dana", "alba"]
    assert names("name=DA") == ["Dana", "Eda"]
    assert names("name=%25") == []
    assert names("ordering=-id") == ["Eda", "alba", "Dana"]
    assert names("created_since=2199-01-01T00:00:00Z") == []
    assert_invalid(api.get("/api/partners?created_since=soon"), "query", "created_since")
