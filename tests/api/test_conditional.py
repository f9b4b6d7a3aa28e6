"""ETags: the newest version is not sent again, and a stale change is refused."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from convoai.accounts.models import User
from tests.api.routes import fill
from tests.factories import make_message, make_partner

pytestmark = pytest.mark.django_db
CHANGES = {
    "partners": {"notes": "changed"},
    "conversations": {"title": "changed"},
    "messages": {"content": "changed"},
    "facts": {"fact_value": "changed"},
}


@pytest.fixture(params=CHANGES)
def path(request: pytest.FixtureRequest, alice: User) -> str:
    """The address of one row of each kind."""
    partner = fill(alice)
    talk = partner.conversations.get()
    rows: dict[str, Any] = {
        "partners": partner,
        "conversations": talk,
        "messages": talk.messages.get(position=0),
        "facts": partner.facts.get(),
    }
    return f"/api/{request.param}/{rows[request.param].pk}"


def change(path: str) -> dict[str, str]:
    return CHANGES[path.split("/")[2]]


def test_the_newest_version_is_not_sent_again(api: APIClient, path: str) -> None:
    first = api.get(path)
    etag = first["ETag"]
    assert etag.startswith('"')
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = api.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    other = api.get(path, headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.content) == (200, first.content)


def test_a_change_gives_a_new_etag(api: APIClient, path: str) -> None:
    etag = api.get(path)["ETag"]
    api.patch(path, change(path))
    again = api.get(path, headers={"If-None-Match": etag})
    assert again.status_code == 200
    assert again["ETag"] != etag


@pytest.mark.bad_input(98)
def test_a_stale_change_is_refused_and_changes_nothing(api: APIClient, path: str) -> None:
    stale = api.get(path)["ETag"]
    assert api.patch(path, change(path), headers={"If-Match": stale}).status_code == 200
    before = api.get(path).content
    for tag in (stale, '"other"', "junk"):
        answer = api.patch(path, change(path), headers={"If-Match": tag})
        assert (answer.status_code, answer.json()["code"]) == (412, "stale")
    assert api.get(path).content == before
    newest = api.get(path)["ETag"]
    assert api.patch(path, change(path), headers={"If-Match": newest}).status_code == 200
    assert api.patch(path, change(path), headers={"If-Match": "*"}).status_code == 200
    assert api.patch(path, change(path)).status_code == 200


@pytest.mark.bad_input(98)
def test_if_match_can_be_made_a_duty(api: APIClient, path: str, settings: Any) -> None:
    settings.REQUIRE_IF_MATCH = True
    answer = api.patch(path, change(path))
    assert (answer.status_code, answer.json()["code"]) == (428, "if_match_required")
    etag = api.get(path)["ETag"]
    assert api.patch(path, change(path), headers={"If-Match": etag}).status_code == 200


def test_the_etag_of_a_talk_changes_with_its_messages(api: APIClient, alice: User) -> None:
    talk = fill(alice).conversations.get()
    address = f"/api/conversations/{talk.pk}"
    etag = api.get(address)["ETag"]
    make_message(talk, "One more thing.")
    assert api.get(address)["ETag"] != etag
    answer = api.patch(address, {"title": "x"}, headers={"If-Match": etag})
    assert answer.status_code == 412


@pytest.mark.bad_input(69)
def test_an_etag_of_another_owner_opens_nothing(
    api: APIClient, bobs_api: APIClient, path: str
) -> None:
    etag = api.get(path)["ETag"]
    assert bobs_api.get(path, headers={"If-None-Match": etag}).status_code == 404
    assert bobs_api.patch(path, change(path), headers={"If-Match": etag}).status_code == 404


def test_put_on_a_partner_heeds_if_match_too(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    answer = api.put(f"/api/partners/{partner.pk}", {"name": "x"}, headers={"If-Match": '"other"'})
    assert answer.status_code == 412
