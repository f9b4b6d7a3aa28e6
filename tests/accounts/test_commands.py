"""manage.py create_user and create_api_key."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from convoai.accounts.models import ApiKey, User
from tests.accounts.clients import ME, bearer, sign_in
from tests.factories import PASSWORD, make_user

ROOT = Path(__file__).resolve().parents[2]


def run(*words: str, **options: Any) -> tuple[str, str]:
    """What a command writes to standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    call_command(*words, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


@pytest.mark.django_db
def test_a_created_user_can_sign_in() -> None:
    out, err = run("create_user", "Dana@Example.org", "--password", PASSWORD)
    assert "Created user Dana@example.org (Dana)." in out
    assert not err
    user = User.objects.get()
    assert (user.username, user.is_staff, user.is_superuser) == ("Dana", False, False)
    assert sign_in("dana@example.org").status_code == 200


@pytest.mark.django_db
def test_an_admin_may_use_the_admin() -> None:
    words = ("--username", "boss", "--password", PASSWORD, "--admin")
    out, _ = run("create_user", "a@example.org", *words)
    user = User.objects.get()
    assert "Created admin" in out
    assert (user.username, user.is_staff, user.is_superuser) == ("boss", True, True)


@pytest.mark.django_db
def test_the_username_gets_a_number_when_it_is_taken() -> None:
    for domain in ("example.org", "example.com", "example.net"):
        run("create_user", f"dana@{domain}", "--password", PASSWORD)
    assert list(User.objects.values_list("username", flat=True)) == ["dana", "dana2", "dana3"]


@pytest.mark.django_db
def test_a_weak_password_is_only_warned_of() -> None:
    _, err = run("create_user", "a@example.org", "--password", "password")
    assert "The password is weak:" in err
    assert User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ALICE@example.org", "--password", PASSWORD], "already a user with this e-mail"),
        (["b@example.org", "--username", "alice", "--password", PASSWORD], "with this username"),
        (["not-an-address", "--password", PASSWORD], "valid email"),
        (["", "--password", PASSWORD], "blank"),
        (["b@example.org", "--password", ""], "Enter a password"),
        (["b@example.org", "--password", "x" * 1025], "at most 1024"),
        (["b@example.org", "--password", "a\x00b"], "NUL"),
        (["b@example.org", "--password", "\udc80"], "Unicode"),
        (["b@example.org", "--username", "a\x00b", "--password", PASSWORD], "NUL"),
        (["b@example.org", "--username", "", "--password", PASSWORD], "blank"),
        ([f"b@{'x' * 260}.org", "--password", PASSWORD], "254"),
    ],
)
def test_what_cannot_be_created_is_said_in_one_line(words: list[str], said: str) -> None:
    make_user()
    with pytest.raises(CommandError) as refusal:
        run("create_user", *words)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_the_password_is_asked_for_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter([PASSWORD, PASSWORD, PASSWORD, "something else"])
    monkeypatch.setattr(sys, "stdin", Terminal())
    command = "convoai.accounts.management.commands.create_user.getpass"
    monkeypatch.setattr(command, lambda prompt: next(typed))
    run("create_user", "a@example.org")
    assert sign_in("a@example.org").status_code == 200
    with pytest.raises(CommandError, match="not the same"):
        run("create_user", "b@example.org")


@pytest.mark.django_db
def test_the_password_can_come_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f" {PASSWORD} \nmore\n"))
    run("create_user", "a@example.org")
    assert sign_in("a@example.org", f" {PASSWORD} ").status_code == 200


@pytest.mark.django_db
def test_a_created_key_works_and_is_all_that_is_printed() -> None:
    user = make_user()
    out, err = run("create_api_key", "ALICE@example.org", "--name", "Backup")
    assert bearer(out.strip()).get(ME).json()["id"] == user.pk
    assert out.count("\n") == 1
    assert not err
    key = ApiKey.objects.get()
    assert (key.name, key.expiry) == ("Backup", None)


@pytest.mark.django_db
def test_a_created_key_can_expire() -> None:
    make_user()
    run("create_api_key", "alice@example.org", "--days", "7")
    expiry = ApiKey.objects.get().expiry
    assert expiry is not None
    assert timedelta(days=6) < expiry - timezone.now() < timedelta(days=8)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nobody@example.org"], "manage.py create_user nobody@example.org"),
        (["alice@example.org", "--days", "0"], "--days must be"),
        (["alice@example.org", "--days", "99999999999"], "--days must be"),
        (["alice@example.org", "--name", "x" * 101], "--name must be"),
        (["alice@example.org", "--name", "a\x00"], "--name must be"),
    ],
)
def test_what_cannot_get_a_key_is_said_in_one_line(words: list[str], said: str) -> None:
    make_user()
    with pytest.raises(CommandError) as refusal:
        run("create_api_key", *words)
    assert said in str(refusal.value)
    assert not ApiKey.objects.exists()


def test_a_refusal_exits_with_1_and_no_traceback() -> None:
    """In a process of its own; refused before the database is asked."""
    done = subprocess.run(
        [sys.executable, "manage.py", "create_user", "a@example.org", "--password", ""],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.strip() == "CommandError: The password: Enter a password."


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True
