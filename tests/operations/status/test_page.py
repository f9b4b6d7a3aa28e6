"""/admin/status/: what the doctor finds and the figures behind it, for staff."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import Client

from convoai.accounts.models import User
from convoai.operations.findings import error, ok
from convoai.operations.status import page
from tests.admin.conftest import browser_of
from tests.admin.pages import get
from tests.factories import make_conversation, make_partner, make_user

WHERE = "/admin/status/"


@pytest.fixture
def staff(db: None) -> Client:
    """The browser of somebody who may enter the admin and nothing in it."""
    return browser_of(make_user("stella", is_staff=True))


def test_staff_sees_findings_tables_indexes_and_statements(staff: Client) -> None:
    text = get(staff, WHERE)
    assert re.search(r'The worst finding is <span class="level (warning|error|ok|info)"', text)
    for heading in ("What wants attention", "Statements that take", "Largest tables", "Indexes"):
        assert heading in text
    assert "idx_messages_search" in text
    assert "conversation_partners" in text
    assert "This process:" in text


def test_every_page_of_the_admin_leads_there(staff: Client) -> None:
    assert f'href="{WHERE}"' in get(staff, "/admin/")


def test_others_are_sent_to_the_sign_in(alice: User, client: Client) -> None:
    for browser in (client, browser_of(alice)):
        answer = browser.get(WHERE)
        assert answer.status_code == 302
        assert "/login/" in answer["Location"]


def test_it_cannot_be_posted_to_and_is_not_kept(staff: Client) -> None:
    assert staff.post(WHERE).status_code == 405
    assert "no-store" in staff.get(WHERE)["Cache-Control"]


def test_it_holds_nobodys_words_and_no_secret(staff: Client, alice: User) -> None:
    partner = make_partner(alice, "Canary Nightingale")
    make_conversation(partner, "the canary sings", title="Canary talk")
    staff.get("/admin/", {"q": "canary"})
    text = get(staff, WHERE)
    assert "canary" not in text.lower()
    assert settings.SECRET_KEY not in text


def test_the_worst_comes_first_and_commands_are_set_as_such(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [ok("one.thing", "Well."), error("two.thing", "<b>Bad</b>.", "Run `manage.py <x>`.")]
    monkeypatch.setattr(page, "examine", lambda: found)
    text = get(staff, WHERE)
    assert "&lt;b&gt;Bad&lt;/b&gt;." in text
    assert "Run <code>manage.py &lt;x&gt;</code>." in text
    assert text.index("Bad") < text.index("Well.")


def test_a_database_that_went_away_leaves_the_findings(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "PORT", "1")
    monkeypatch.setattr(page, "examine", lambda: [error("database.refused", "Refused.", "Start.")])
    text = get(staff, WHERE)
    assert "Refused." in text
    assert "Largest tables" not in text
