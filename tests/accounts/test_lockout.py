"""Wrong passwords lock out for a while, over the API and on the pages alike."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.db import connection
from django.test import Client, RequestFactory, override_settings

from convoai.accounts.client_address import client_address
from convoai.accounts.known_devices import COOKIE
from convoai.accounts.models import User
from tests.accounts.clients import code_of, sign_in
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

PAGE = "/accounts/login/"
ALICE = "alice@example.org"


@pytest.fixture(autouse=True)
def limits() -> Iterator[None]:
    with override_settings(LOGIN_TRIES=3, AXES_FAILURE_LIMIT=3, LOGIN_TRIES_PER_ADDRESS=6):
        yield


@pytest.fixture
def alice(db: Any) -> User:
    return make_user(password=PASSWORD)


def page_sign_in(client: Client, email: str = ALICE, password: str = PASSWORD, **meta: Any) -> Any:
    return client.post(PAGE, {"username": email, "password": password}, **meta)


def guess(times: int, email: str = ALICE, **meta: Any) -> list[int]:
    return [sign_in(email, "wrong", **meta).status_code for _ in range(times)]


@pytest.mark.bad_input(82)
def test_a_few_wrong_passwords_lock_out(alice: User) -> None:
    assert guess(4) == [401, 401, 429, 429]
    answer = sign_in(ALICE)
    assert answer.status_code == 429, "the right password has to wait too"
    assert code_of(answer) == "locked_out"
    assert set(answer.json()) == {"detail", "code", "request_id"}
    assert 0 < int(answer.headers["Retry-After"]) <= 900


@pytest.mark.bad_input(82)
def test_waiting_ends_the_lock_out(alice: User) -> None:
    guess(5)
    pass_time(minutes=14)
    assert sign_in(ALICE).status_code == 429
    pass_time(minutes=2)
    assert sign_in(ALICE).status_code == 200


def test_trying_on_does_not_lengthen_the_wait(alice: User) -> None:
    guess(3)
    pass_time(minutes=10)
    assert set(guess(20)) == {429}
    pass_time(minutes=6)
    assert sign_in(ALICE).status_code == 200


def test_success_forgets_the_failures(alice: User) -> None:
    guess(2)
    assert sign_in(ALICE).status_code == 200
    assert guess(2) == [401, 401]


@pytest.mark.bad_input(85)
def test_an_unknown_address_locks_out_just_the_same(alice: User) -> None:
    known = [sign_in(ALICE, "wrong", REMOTE_ADDR="10.0.0.1") for _ in range(4)]
    unknown = [sign_in("nobody@example.org", "wrong", REMOTE_ADDR="10.0.0.2") for _ in range(4)]
    for one, other in zip(known, unknown, strict=True):
        assert one.status_code == other.status_code
        assert one.json()["detail"] == other.json()["detail"]
        assert one.headers.get("Retry-After") == other.headers.get("Retry-After")


@pytest.mark.bad_input(82)
def test_the_account_is_counted_whatever_the_address_and_the_case(alice: User) -> None:
    for number, email in enumerate((ALICE, "Alice@Example.org", " ALICE@EXAMPLE.ORG ")):
        sign_in(email, "wrong", REMOTE_ADDR=f"10.0.0.{number}", HTTP_USER_AGENT=f"agent {number}")
    assert sign_in(ALICE, REMOTE_ADDR="10.9.9.9").status_code == 429


@pytest.mark.bad_input(82)
def test_an_address_is_counted_whatever_the_account(alice: User) -> None:
    statuses = [
        sign_in(f"user{number}@example.org", "wrong", REMOTE_ADDR="10.0.0.1").status_code
        for number in range(6)
    ]
    assert statuses == [401] * 5 + [429]
    assert sign_in(ALICE, REMOTE_ADDR="10.0.0.1").status_code == 429
    assert sign_in(ALICE, REMOTE_ADDR="10.0.0.2").status_code == 200


def test_signing_in_to_an_own_account_does_not_reset_the_address(alice: User) -> None:
    for number in range(5):
        sign_in(f"user{number}@example.org", "wrong", REMOTE_ADDR="10.0.0.1")
    assert sign_in(ALICE, REMOTE_ADDR="10.0.0.1").status_code == 200
    assert sign_in("user9@example.org", "wrong", REMOTE_ADDR="10.0.0.1").status_code == 429


@pytest.mark.bad_input(82)
def test_another_account_is_not_held_up(alice: User) -> None:
    make_user("bob", password=PASSWORD)
    guess(4)
    assert sign_in("bob@example.org").status_code == 200


@pytest.mark.bad_input(83)
def test_a_made_up_forwarding_header_changes_nothing(alice: User) -> None:
    for number in range(6):
        sign_in(f"u{number}@example.org", "wrong", HTTP_X_FORWARDED_FOR=f"10.1.1.{number}")
    assert sign_in(ALICE, HTTP_X_FORWARDED_FOR="10.1.1.99").status_code == 429


@pytest.mark.bad_input(83)
@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "counted"),
    [
        (0, "203.0.113.9", "10.1.1.1", "203.0.113.9"),
        (1, "10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "10.0.0.1", "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        (1, "10.0.0.1", "[2001:db8:1:2::7]:4711", "2001:db8:1:2::"),
        (1, "10.0.0.1", "not an address", "10.0.0.1"),
        (1, "10.0.0.1", "", "10.0.0.1"),
        (0, "2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::"),
        (0, "2001:db8:1:2:ffff::1", "", "2001:db8:1:2::"),
        (0, "::ffff:203.0.113.9", "", "203.0.113.9"),
        (0, "fe80::1%eth0", "", "fe80::"),
        (0, "", "", "0.0.0.0"),
        (0, "nul\x00", "", "0.0.0.0"),
    ],
)
def test_the_address_that_counts(
    settings: Any, proxies: int, remote: str, forwarded: str, counted: str
) -> None:
    settings.NUM_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == counted


# Pages


def test_pages_and_api_share_the_count(alice: User) -> None:
    browser = Client()
    assert page_sign_in(browser, password="wrong").status_code == 200
    assert page_sign_in(browser, password="wrong").status_code == 200
    assert sign_in(ALICE, "wrong").status_code == 429
    page = page_sign_in(browser)
    assert page.status_code == 429
    assert 0 < int(page.headers["Retry-After"]) <= 900
    assert "text/html" in page.headers["Content-Type"]
    assert "15 minutes" in page.content.decode()


def test_the_admin_shares_the_count(alice: User) -> None:
    alice.is_staff = True
    alice.save()
    guess(2)
    fields = {"username": ALICE, "password": "wrong"}
    assert Client().post("/admin/login/", fields).status_code == 429
    assert sign_in(ALICE).status_code == 429


# Known devices


@pytest.mark.bad_input(82)
def test_a_known_browser_gets_in_while_strangers_are_locked_out(alice: User) -> None:
    browser = Client()
    assert page_sign_in(browser).status_code == 302
    browser.post("/accounts/logout/")
    assert guess(4, REMOTE_ADDR="10.6.6.6")[-1] == 429
    assert page_sign_in(Client()).status_code == 429
    assert page_sign_in(browser).status_code == 302


def test_the_admin_page_makes_a_browser_known_too(alice: User) -> None:
    alice.is_staff = True
    alice.save()
    browser = Client()
    browser.post("/admin/login/", {"username": ALICE, "password": PASSWORD})
    assert browser.cookies[COOKIE]["httponly"]


def test_a_known_browser_has_limited_tries_of_its_own(alice: User) -> None:
    browser = Client()
    page_sign_in(browser)
    statuses = [page_sign_in(browser, password="wrong").status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]
    assert sign_in(ALICE).status_code == 200, "which do not hold up anybody else"


def test_a_browser_is_known_to_its_own_account_only(alice: User) -> None:
    make_user("bob", password=PASSWORD)
    browser = Client()
    page_sign_in(browser, "bob@example.org")
    guess(4)
    assert page_sign_in(browser).status_code == 429


@pytest.mark.parametrize("cookie", ["", "junk", "W10:1abc:def", "a" * 5000])
def test_a_forged_device_is_not_known(alice: User, cookie: str) -> None:
    guess(4)
    browser = Client()
    browser.cookies[COOKIE] = cookie
    assert page_sign_in(browser).status_code == 429


# What is kept


@pytest.mark.bad_input(88)
def test_no_typed_password_is_stored_or_logged(
    alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "hunter2-secret"
    sign_in(ALICE, secret)
    page_sign_in(Client(), password=secret)
    # The password typed into the wrong box.
    Client().post("/admin/login/", {"username": secret, "password": secret})
    Client().post("/admin/login/", {"username": f"{secret}@", "password": secret})
    assert AccessAttempt.objects.exists()
    assert secret not in everything_stored()
    assert secret not in caplog.text


def test_nothing_is_kept_about_who_signed_in_from_where(alice: User) -> None:
    sign_in(ALICE)
    page_sign_in(Client())
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM axes_accesslog")
        assert cursor.fetchone() == (0,)


@pytest.mark.bad_input(84)
@pytest.mark.django_db(transaction=True)
def test_tries_at_the_same_moment_are_all_counted() -> None:
    make_user(password=PASSWORD)

    def attempt(_: int) -> int:
        try:
            status: int = sign_in(ALICE, "wrong").status_code
            return status
        finally:
            connection.close()

    with override_settings(LOGIN_TRIES=8, AXES_FAILURE_LIMIT=8, LOGIN_TRIES_PER_ADDRESS=100):
        with ThreadPoolExecutor(4) as pool:
            statuses = list(pool.map(attempt, range(24)))
        # At most those already on their way when the limit is reached slip through.
        assert statuses.count(401) <= 8 + 3
        assert sum(AccessAttempt.objects.values_list("failures_since_start", flat=True)) >= 8
        assert sign_in(ALICE).status_code == 429


def pass_time(*, minutes: int) -> None:
    for attempt in AccessAttempt.objects.all():
        earlier = attempt.attempt_time - timedelta(minutes=minutes)
        AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=earlier)


def everything_stored() -> str:
    """All that the lock-out keeps, as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(a::text, ' ') FROM axes_accessattempt a"
            " UNION ALL SELECT string_agg(l::text, ' ') FROM axes_accessfailurelog l"
            " UNION ALL SELECT string_agg(g::text, ' ') FROM axes_accesslog g"
        )
        return " ".join(row[0] or "" for row in cursor.fetchall())
