"""The search page: what a person sees of a search."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from conversations.models import Conversation
from convoai.accounts.models import User
from tests.admin.pages import page_of
from tests.factories import make_conversation, make_fact, make_message, make_partner, make_user
from tests.web.test_pages import browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def talk(alice: User) -> Conversation:
    partner = make_partner(alice, "Dana <b>Weiss</b>")
    talk = make_conversation(partner, "My sister keeps <script>bees</script>.", title="Lunch & tea")
    make_fact(partner, "hobby", "bees", conversation=talk)
    return talk


def page(browser: Client, status: int = 200, **asked: str) -> str:
    answer = browser.get("/search", asked)
    assert answer.status_code == status
    return answer.content.decode()


def test_nobody_is_sent_to_sign_in_and_back(talk: Conversation) -> None:
    answer = browser_of().get("/search?q=bees")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/accounts/login/?next=/search%3Fq%3Dbees"


def test_the_empty_page_says_how_to_ask(alice: User) -> None:
    text = page(browser_of(alice))
    assert 'role="search"' in text
    assert "Ask in your own words" in text
    assert "Nothing was found" not in text
    assert "Ask in your own words" in page(browser_of(alice), q="  ")


@pytest.mark.bad_input(22)
def test_results_show_marks_and_nothing_else_of_what_was_said_as_html(
    alice: User, talk: Conversation
) -> None:
    text = page(browser_of(alice), q="bees")
    assert "&lt;script&gt;<mark>bees</mark>&lt;/script&gt;" in text
    assert "<script" not in text
    assert "Dana &lt;b&gt;Weiss&lt;/b&gt;" in text
    assert "Lunch &amp; tea" in text
    hostile = page(browser_of(alice), q='"><script>alert(1)</script> bees')
    assert "<script" not in hostile


def test_staff_are_led_to_records_in_the_admin_and_others_to_the_api(talk: Conversation) -> None:
    owner, message = talk.user, talk.messages.get()
    text = page(browser_of(owner), q="bees", type="message")
    assert f'href="/api/messages/{message.pk}"' in text
    assert f'href="/api/conversations/{talk.pk}"' in text
    User.objects.filter(pk=owner.pk).update(is_staff=True)
    text = page(browser_of(User.objects.get(pk=owner.pk)), q="bees", type="message")
    assert f'href="{page_of(message)}"' in text
    assert f'href="{page_of(talk)}"' in text


@pytest.mark.bad_input(68)
def test_only_own_rows_are_found_also_by_staff(talk: Conversation) -> None:
    for name in ("bob", "olivia"):
        text = page(browser_of(make_user(name, is_staff=name == "olivia")), q="bees")
        assert "Nothing was found" in text
        assert "Weiss" not in text


@pytest.mark.bad_input(32, 37, 38)
@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"q": "a " * 100}, "at most 512 characters and 64 words"),
        ({"q": "x\0"}, "NUL character"),
        ({"q": "x", "since": "yesterday"}, "ISO 8601"),
        ({"q": "x", "type": "people"}, "message, conversation"),
        ({"q": "x", "partner_id": "x"}, "valid integer"),
        ({"q": "x", "offset": "99999"}, "10000"),
    ],
)
def test_what_is_wrong_with_a_search_is_said(
    alice: User, asked: dict[str, Any], sentence: str
) -> None:
    text = page(browser_of(alice), 422, **asked)
    assert re.search(r'class="problem" role="alert">[^<]*' + sentence, text)


def test_filters_stay_chosen_and_pages_follow(alice: User, talk: Conversation) -> None:
    for number in range(25):
        make_message(talk, f"{number} bees.")
    asked: dict[str, Any] = {"q": "bees", "type": "message", "partner_id": str(talk.partner_id)}
    text = page(browser_of(alice), **asked)
    assert text.count('class="snippet"') == 20
    assert f'<option value="{talk.partner_id}" selected>' in text
    (following,) = re.findall(r'href="(\?[^"]+)" rel="next"', text)
    assert "partner_id" in following
    rest = browser_of(alice).get("/search" + following.replace("&amp;", "&")).content.decode()
    assert rest.count('class="snippet"') == 6
    assert 'rel="prev"' in rest
    assert 'rel="next"' not in rest


def test_words_that_were_not_looked_for_are_named(alice: User, talk: Conversation) -> None:
    assert re.search("Not looked for:.*mention", page(browser_of(alice), q="mention bees"))
