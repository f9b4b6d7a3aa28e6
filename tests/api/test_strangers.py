"""Every route under /api, walked as the owner, as another owner, and as nobody."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from convoai.accounts.models import User
from partners.services import set_image
from tests.api.routes import ARCHIVES, BODIES, OPEN, OWNED, Call, all_calls, fill, id_for
from tests.api.shapes import photo
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
CALLS = all_calls()
CLOSED = [call for call in CALLS if call.route not in OPEN]
WITH_ID = [call for call in CALLS if call.has_id]
MISSING = 999_999_999
WRITES = ("post", "put", "patch")
# How long a search took, which no two do alike.
TOOK = re.compile(rb'"took_ms":[0-9.]+')


@pytest.fixture(autouse=True)
def own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def test_every_method_that_takes_a_body_has_an_example() -> None:
    known = {(call.method, call.route) for call in CALLS if call.method in WRITES}
    assert known == set(BODIES), "give an example body in tests/api/routes.py"


def test_every_route_with_a_number_has_a_row_of_its_owner() -> None:
    starts = {call.route.split("/<int:pk>")[0] for call in WITH_ID}
    assert starts == set(OWNED), "name the model in tests/api/routes.py"


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_the_owner_is_served(call: Call, api: APIClient, alice: User) -> None:
    if call.route in OPEN:
        alice.set_password(PASSWORD)
        alice.save()
    partner = fill(alice)
    set_image(partner=partner, data=photo().read())
    answer = call.send(api, call.path(id_for(call, alice)), partner.pk)
    # Reading it to the end closes the file of a picture.
    assert answer.status_code in (200, 201, 202, 204), answer.getvalue()
    assert answer.getvalue() or answer.status_code == 204


@pytest.mark.bad_input(64)
@pytest.mark.parametrize("call", WITH_ID, ids=str)
def test_another_owner_gets_404_as_for_a_missing_row(
    call: Call, bobs_api: APIClient, alice: User, bob: User
) -> None:
    fill(alice)
    partner = fill(bob)
    pk = id_for(call, alice)
    theirs = call.send(bobs_api, call.path(pk), partner.pk)
    missing = call.send(bobs_api, call.path(MISSING), partner.pk)
    assert (theirs.status_code, missing.status_code) == (404, 404)
    bodies = []
    for answer, number in ((theirs, pk), (missing, MISSING)):
        body = answer.json()
        assert body.pop("request_id")
        body["detail"] = body["detail"].replace(str(number), "N")
        bodies.append(body)
    assert bodies[0] == bodies[1]


@pytest.mark.bad_input(65)
@pytest.mark.parametrize(
    "call",
    [call for call in CALLS if "PARTNER" in str(BODIES.get((call.method, call.route)))],
    ids=str,
)
def test_a_body_that_names_anothers_partner_is_refused_as_for_a_missing_one(
    call: Call, bobs_api: APIClient, alice: User, bob: User
) -> None:
    partner = fill(alice)
    fill(bob)
    path = call.path(id_for(call, bob))
    theirs = call.send(bobs_api, path, partner.pk)
    missing = call.send(bobs_api, path, MISSING)
    assert theirs.status_code == missing.status_code in (404, 422)
    assert theirs.json()["detail"] == missing.json()["detail"]


@pytest.mark.bad_input(79)
@pytest.mark.parametrize("call", CLOSED, ids=str)
def test_nobody_gets_401(call: Call, nobody: APIClient, alice: User) -> None:
    partner = fill(alice)
    answer = call.send(nobody, call.path(id_for(call, alice)), partner.pk)
    assert answer.status_code == 401
    assert list(answer.json()) == ["detail", "code", "request_id"]
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.bad_input(68)
@pytest.mark.parametrize(
    "call",
    [
        call
        for call in CALLS
        if call.method == "get" and not call.has_id and call.route not in ARCHIVES
    ],
    ids=str,
)
def test_lists_show_the_own_rows_only(call: Call, api: APIClient, alice: User, bob: User) -> None:
    fill(bob)
    empty = api.get(call.path(0))
    assert (empty.status_code, bob.email in empty.content.decode()) == (200, False)
    if isinstance(empty.json(), list):
        assert empty.json() == []
        fill(alice)
        assert len(api.get(call.path(0)).json()) >= 1


@pytest.mark.bad_input(71)
@pytest.mark.parametrize(
    "call",
    [call for call in CALLS if call.method == "get" and call.route not in ARCHIVES],
    ids=str,
)
def test_user_id_in_the_query_is_ignored(
    call: Call, api: APIClient, alice: User, bob: User
) -> None:
    partner = fill(alice)
    set_image(partner=partner, data=photo().read())
    fill(bob)
    path = call.path(id_for(call, alice))
    for asked in (bob.pk, 1, "junk"):
        mark = "&" if "?" in path else "?"
        plain, with_id = api.get(path), api.get(f"{path}{mark}user_id={asked}")
        assert with_id.status_code == plain.status_code == 200
        assert TOOK.sub(b"", with_id.getvalue()) == TOOK.sub(b"", plain.getvalue())
