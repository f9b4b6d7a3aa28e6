"""Who reads from the replica, and who does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_q.signals import post_execute_in_worker
from rest_framework.test import APIClient

from conversations.models import Conversation
from convoai.accounts.models import ApiKey, User
from convoai.accounts.own_writes import note_job
from convoai.api.renderers import to_json
from convoai.database.replica import base
from convoai.search.folding import STEMS_KNOWN
from partners.models import ConversationPartner
from partners.services import set_image
from tests.api.routes import all_calls, fill, id_for
from tests.api.shapes import photo
from tests.database.replica.pairs import Pair
from tests.factories import make_conversation, make_partner, make_user

ClientOf = Callable[[User], APIClient]
READS = [call for call in all_calls() if call.method == "get"]
# What tells of something other than stored people: keys, jobs, archives, the service itself.
NOT_OF_PEOPLE = ("api/auth", "api/jobs", "api/export", "api/search/health", "api/calls", "api/demo")


@contextmanager
def asked(alias: str = "replica") -> Iterator[list[str]]:
    """The statements about people's data that a server is asked."""
    found: list[str] = []
    with CaptureQueriesContext(connections[alias]) as captured:
        yield found
    found += [
        query["sql"]
        for query in captured.captured_queries
        if "pg_is_in_recovery" not in query["sql"]
    ]


def names(client: Any) -> list[str]:
    answer = client.get("/api/partners/")
    assert answer.status_code == 200, answer.content
    return [partner["name"] for partner in answer.json()]


def test_every_route_that_reads_people_reads_them_from_the_replica_and_none_writes_there(
    pair: Pair, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = make_user("alice-who-reads")
    set_image(partner=fill(alice), data=photo().read())
    client = client_of(alice)
    pair.catch_up()
    troubles = []
    monkeypatch.setattr(base, "trouble_of", lambda error: troubles.append(error))
    from_primary = set()
    for call in READS:
        STEMS_KNOWN.forget()
        path = call.path(id_for(call, alice))
        with asked() as statements:
            answer = call.send(client, path, 0)
        assert answer.status_code in (200, 202), (call, answer.getvalue())
        answer.close()
        if not statements:
            from_primary.add(call.route)
    assert troubles == []
    assert not [route for route in from_primary if not route.startswith(NOT_OF_PEOPLE)]


def test_the_admin_and_the_search_page_read_from_the_replica(pair: Pair) -> None:
    staff = make_user("staff", is_staff=True, is_superuser=True)
    make_conversation(make_partner(staff, "Dana"), "I bake.")
    pair.catch_up()
    client = Client()
    client.force_login(staff)
    talk = Conversation.objects.get(user=staff)
    for path in (
        "/admin/partners/conversationpartner/",
        "/admin/conversations/conversation/",
        f"/admin/conversations/conversation/{talk.pk}/change/",
        "/search?q=bake",
    ):
        with asked() as statements:
            answer = client.get(path)
        assert answer.status_code == 200
        assert statements, path
    with asked() as statements:
        assert client.get("/admin/accounts/user/").status_code == 200
    assert not [one for one in statements if '"users"' in one]


def test_a_reader_sees_the_replica_and_the_writer_sees_what_they_wrote(
    pair: Pair,
    alice: User,
    bob: User,
    client_of: ClientOf,
    another_process: Callable[[], None],
) -> None:
    alices, bobs = client_of(alice), client_of(bob)
    pair.pause()
    make_partner(bob, "Not replayed")
    assert names(bobs) == []
    made = alices.post("/api/partners/", {"name": "Eda"})
    assert made.status_code == 201
    another_process()
    assert names(alices) == ["Eda"]
    assert alices.get(f"/api/partners/{made.json()['id']}").status_code == 200
    assert alices.get("/api/search?q=Eda&type=partner").json()["results"]
    assert alices.delete(f"/api/partners/{made.json()['id']}").status_code in (200, 204)
    another_process()
    assert names(alices) == []


def test_staff_see_what_they_changed_in_the_admin(pair: Pair, bob: User) -> None:
    staff = make_user("staff-who-writes", is_staff=True, is_superuser=True)
    partner = make_partner(bob, "Dana")
    client = Client()
    client.force_login(staff)
    pair.pause()
    page = f"/admin/partners/conversationpartner/{partner.pk}/delete/"
    assert client.get(page).status_code == 200, "what the replica lacks is on the primary"
    with asked() as statements:
        assert client.post(page, {"post": "yes"}).status_code == 302
        answer = client.get("/admin/partners/conversationpartner/")
    assert statements == []
    assert f"/conversationpartner/{partner.pk}/" not in answer.content.decode()


def test_a_writer_goes_back_to_the_replica_when_it_has_what_they_wrote(
    pair: Pair, alice: User, client_of: ClientOf, settings: Any, another_process: Any
) -> None:
    settings.REPLICA_STICKY = 0
    client = client_of(alice)
    pair.pause()
    client.post("/api/partners/", {"name": "Eda"})
    with asked() as statements:
        assert names(client) == ["Eda"]
    assert not statements
    pair.catch_up()
    another_process()
    with asked() as statements:
        assert names(client) == ["Eda"]
    assert statements
    settings.REPLICA_STICKY = 3600
    with asked() as statements:
        names(client)
    assert not statements


def test_pages_that_begin_on_the_primary_go_on_at_the_replica(
    pair: Pair, alice: User, client_of: ClientOf, settings: Any, another_process: Any
) -> None:
    settings.REPLICA_STICKY = 0
    client = client_of(alice)
    pair.pause()
    written = [f"Partner {number}" for number in range(5)]
    for name in written:
        assert client.post("/api/partners/", {"name": name}).status_code == 201
    seen, path = [], "/api/partners/?limit=2"
    for place in range(3):
        with asked() as statements:
            answer = client.get(path)
        assert bool(statements) == (place > 0)
        seen += [partner["name"] for partner in answer.json()]
        found = re.search(r'<([^>]*)>; rel="next"', answer["Link"])
        path = found[1] if found else ""
        pair.catch_up()
        another_process()
    assert seen == written


def test_what_the_replica_does_not_have_yet_is_asked_of_the_primary(
    pair: Pair, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    pair.pause()
    partner = make_partner(alice, "Made by somebody else")
    assert names(client) == []
    assert client.get(f"/api/partners/{partner.pk}").status_code == 200
    assert client.get("/api/partners/999999999").status_code == 404


def test_a_change_that_comes_too_late_is_followed_by_a_look_at_the_newest_version(
    pair: Pair, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    partner = make_partner(alice, "Dana")
    pair.pause()
    path = f"/api/partners/{partner.pk}"
    ConversationPartner.objects.filter(pk=partner.pk).update(name="Daniela")
    stale = client.get(path)
    assert stale.json()["name"] == "Dana"
    changed = {"notes": "met at work"}
    assert client.patch(path, changed, HTTP_IF_MATCH=stale["ETag"]).status_code == 412
    fresh = client.get(path)
    assert fresh.json()["name"] == "Daniela"
    assert client.patch(path, changed, HTTP_IF_MATCH=fresh["ETag"]).status_code == 200


def test_both_servers_give_one_answer_the_same_etag(
    pair: Pair, alice: User, client_of: ClientOf, settings: Any
) -> None:
    partner = fill(alice)
    client = client_of(alice)
    pair.catch_up()
    for path in (f"/api/partners/{partner.pk}", f"/api/suggestions/{partner.pk}"):
        with asked() as statements:
            there = client.get(path)
        assert statements
        User.objects.filter(pk=alice.pk).update(wrote_at="2199-01-01T00:00Z")
        here = client.get(path, HTTP_IF_NONE_MATCH=there["ETag"])
        assert here.status_code == 304
        User.objects.filter(pk=alice.pk).update(wrote_at=None)


def test_a_revoked_key_is_refused_at_once(pair: Pair, alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    assert names(client) == []
    pair.pause()
    ApiKey.objects.filter(user=alice).delete()
    assert client.get("/api/partners/").status_code == 401
    again = client_of(alice)
    assert names(again) == []
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert again.get("/api/partners/").status_code == 401


def test_whose_job_is_done_reads_its_result(pair: Pair, alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    talk = make_conversation(make_partner(alice), "I bake.")
    pair.pause()
    Conversation.objects.filter(pk=talk.pk).update(title="Baking")
    assert client.get(f"/api/conversations/{talk.pk}").json()["title"] is None
    post_execute_in_worker.connect(note_job)
    try:
        task = {"func": "some.work", "kwargs": {"owner_id": alice.pk}, "success": True}
        post_execute_in_worker.send(sender="django_q", task=task)
    finally:
        post_execute_in_worker.disconnect(note_job)
    assert client.get(f"/api/conversations/{talk.pk}").json()["title"] == "Baking"


def test_writes_are_noted_about_once_a_second(pair: Pair, alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    client.get("/api/partners/")
    alice.refresh_from_db()
    assert alice.wrote_at is None
    noted: set[Any] = set()
    with asked("default") as statements:
        for number in range(5):
            client.post("/api/partners/", {"name": f"Partner {number}"})
            alice.refresh_from_db()
            noted.add(alice.wrote_at)
    assert None not in noted
    assert len([one for one in statements if "SET wrote_at" in one]) == 5
    # Of five writes in a row, not each makes a new version of the row.
    assert len(noted) < 5
    assert to_json(sorted(noted))
