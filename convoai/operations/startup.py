"""What must be true before the web server starts: a free port, sound settings, a ready schema."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Tags, run_checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from convoai.storage.choice import media
from convoai.storage.storage import StorageProblem


class StartupProblem(Exception):
    """The server cannot start; the message is one sentence for a person."""


def require_free_port(host: str, port: int) -> None:
    """Raise StartupProblem unless a server may listen on this host (name or address) and port."""
    if not 0 < port < 65536:
        raise StartupProblem(f"There is no port {port}: choose one between 1 and 65535 with PORT=.")
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror:
        raise StartupProblem(f"This machine has no address {host}: try 127.0.0.1.") from None
    family, kind, protocol, _, address = addresses[0]
    with socket.socket(family, kind, protocol) as probe:
        # As the server does it: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise StartupProblem(port_problem(error, host, port)) from None


def port_problem(error: OSError, host: str, port: int) -> str:
    """Return the sentence for an address that cannot be bound."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is in use (by another convoai?): choose another one, "
            f"for example `make run PORT={port + 1 if port < 65535 else 8000}`."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights: choose one above 1023 with PORT=."
    return f"This machine cannot listen on {host}: try 127.0.0.1."


def failed_checks(*, of_the_database: bool) -> list[CheckMessage]:
    """Run Django's system checks and return what they found, gravest first.

    With `of_the_database` only those that ask it, which need a ready schema; otherwise the others,
    with those for deployment when DEBUG is off.
    """
    found = (
        run_checks(tags=[Tags.database], databases=["default"])
        if of_the_database
        else run_checks(include_deployment_checks=not settings.DEBUG)
    )
    return sorted((one for one in found if not one.is_silenced()), key=lambda one: -one.level)


def sentence(message: CheckMessage) -> str:
    """Return a check's message and hint as one line."""
    hint = f" {message.hint}" if message.hint else ""
    return " ".join(f"{message.msg}{hint} ({message.id})".split())


def warnings(messages: Iterable[CheckMessage]) -> list[str]:
    """Return one line for each warning, and one for all that concern deployment only."""
    mild = [message for message in messages if not message.is_serious()]
    deployment = [message for message in mild if str(message.id).startswith("security.")]
    lines = [sentence(message) for message in mild if message not in deployment]
    if deployment:
        names = ", ".join(str(message.id) for message in deployment)
        lines.append(f"not ready for strangers, as `manage.py check --deploy` explains ({names})")
    return lines


def require_storage() -> None:
    """Raise StartupProblem unless pictures can be kept where the settings say."""
    try:
        media().require()
    except StorageProblem as problem:
        raise StartupProblem(str(problem)) from None


def missing_migrations() -> int:
    """Return how many migrations this database still lacks."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def wants_demo() -> bool:
    """Say whether this is a new local installation: DEBUG on, a demo at hand, nobody signed up."""
    has_fixture = any(
        Path(app.path, "fixtures", "demo.json").exists() for app in apps.get_app_configs()
    )
    return settings.DEBUG and has_fixture and not get_user_model().objects.exists()
