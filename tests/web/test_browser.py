"""The pages in a real browser, which holds them to the content security policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from conversations.models import Message, Topic
from tests.factories import (
    PASSWORD,
    make_conversation,
    make_fact,
    make_message,
    make_partner,
    make_user,
)
from tests.web.chromium import find_chromium, open_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    # playwright's own event loop runs in this thread, and Django takes it for asynchronous code.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(playwright), args=["--no-sandbox"]
            )
            yield browser
            browser.close()


def test_staff_sign_in_and_look_around(
    transactional_db: Any, chromium: Browser, live_server: LiveServer
) -> None:
    make_user("olivia", password=PASSWORD, is_staff=True, is_superuser=True)
    partner = make_partner(make_user("alice"), "Amara Okafor")
    talk = make_conversation(partner, title="On the allotment")
    message = make_message(talk, "We planted tomatoes <b>today</b>.")
    Topic.objects.create(name="Gardening")
    make_fact(partner, "crop", "tomatoes", conversation=talk, source_message=message)

    with open_page(chromium) as (page, troubles):
        page.set_default_timeout(60_000)
        page.goto(f"{live_server.url}/admin/")
        page.get_by_label(re.compile("e-mail", re.IGNORECASE)).fill("Olivia@example.org")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name=re.compile("(sign|log) in", re.IGNORECASE)).click()
        expect(page.get_by_role("heading", name="People, talks")).to_be_visible()
        page.locator("#content").get_by_role("row", name="Partners").get_by_role(
            "link"
        ).first.click()
        page.get_by_role("link", name="Amara Okafor").click()
        page.get_by_role("link", name="On the allotment").click()
        expect(page.get_by_text("We planted tomatoes <b>today</b>.")).to_be_visible()

        page.get_by_text("Add another Topic").click()
        page.locator(".select2-selection").first.click()
        page.locator(".select2-search__field").fill("gard")
        page.locator(".select2-results__option", has_text="Gardening").click()
        page.get_by_role("button", name="Save and continue editing").click()
        expect(page.locator(".success")).to_be_visible()

        page.goto(f"{live_server.url}/admin/conversations/extractedfact/")
        page.locator("input.action-select").check()
        page.locator("select[name=action]").select_option("confirm")
        page.locator("button[name=index]").click()
        expect(page.get_by_text("Confirmed 1 fact")).to_be_visible()
        page.goto(f"{live_server.url}/admin/conversations/message/{message.pk}/delete/")
        page.get_by_role("button", name="Yes").click()
        expect(page.get_by_text("was deleted successfully")).to_be_visible()
        page.goto(live_server.url)
        expect(page.get_by_text("olivia@example.org").first).to_be_visible()
    assert troubles == []
    assert not Message.objects.exists()


def test_a_person_searches_by_keyboard(
    transactional_db: Any, chromium: Browser, live_server: LiveServer
) -> None:
    alice = make_user("alice", password=PASSWORD)
    talk = make_conversation(make_partner(alice, "Dana Weiss"), title="Lunch")
    make_message(talk, "My sister keeps bees in Porto, <b>nine</b> hives of them.")
    make_message(talk, "天気がいい。")
    with open_page(chromium) as (page, troubles):
        page.set_default_timeout(8000)
        page.goto(f"{live_server.url}/search")
        page.get_by_label(re.compile("e-mail", re.IGNORECASE)).fill("alice@example.org")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_label("Password").press("Enter")
        page.get_by_label("What are you looking for?").fill("Who keeps bees?")
        page.keyboard.press("Enter")
        expect(page.locator("mark").first).to_be_visible()
        expect(page.get_by_text("in Porto, <b>nine</b> hives").first).to_be_visible()
        page.get_by_text("Narrow it down").click()
        page.locator("select[name=partner_id]").select_option("Dana Weiss")
        page.get_by_role("button", name="Search").click()
        expect(page.locator("select[name=partner_id]")).to_have_value(str(talk.partner_id))
        expect(page.locator(".results li").first).to_be_visible()
    assert troubles == []
