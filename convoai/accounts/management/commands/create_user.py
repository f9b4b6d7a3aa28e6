"""manage.py create_user: an account, from the command line."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from convoai.accounts.models import User
from convoai.accounts.services import create_user


class Command(BaseCommand):
    help = (
        "Create a user. Without --password it is asked for, or read as the first line of "
        "standard input when that is not a terminal."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--username", help="default: the part of EMAIL before the @")
        parser.add_argument("--password", help="seen by others on this machine; better leave out")
        parser.add_argument("--admin", action="store_true", help="may use all of the admin")

    def handle(self, *args: Any, **options: Any) -> None:
        given = options["password"]
        password = ask_password() if given is None else given
        try:
            user = create_user(
                email=options["email"],
                username=options["username"],
                password=password,
                is_admin=options["admin"],
            )
        except ValidationError as problem:
            raise CommandError(sentence(problem, options["email"])) from None
        except IntegrityError:
            raise CommandError(f"{options['email']} was just created by somebody else.") from None
        self.warn_if_weak(password, user)
        role = "admin" if user.is_staff else "user"
        self.stdout.write(self.style.SUCCESS(f"Created {role} {user.email} ({user.username})."))

    def warn_if_weak(self, password: str, user: User) -> None:
        try:
            validate_password(password, user)
        except ValidationError as problem:
            reasons = " ".join(problem.messages)
            self.stderr.write(self.style.WARNING(f"The password is weak: {reasons}"))


def ask_password() -> str:
    """The password as typed, or the first line of standard input. Raises CommandError."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass("Password: ")
    if getpass("Password again: ") != password:
        raise CommandError("The two passwords are not the same; nothing was created.")
    return password


def sentence(problem: ValidationError, email: str) -> str:
    """What is wrong with which argument, in one line."""
    places = {"email": email, "username": "--username", "password": "The password"}
    parts = []
    for field, messages in problem.message_dict.items():
        # Two constraints may say the same.
        said = " ".join(dict.fromkeys(messages))
        parts.append(f"{places[field]}: {said}" if field in places else said)
    return " ".join(parts)
