"""Who can reach this installation: hosts, CORS, secrets, single-user mode."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage

from convoai.accounts.checks import LOOPBACK_NAMES
from convoai.operations.findings import Finding, error, info, ok, warning

# Said by examiners of their own.
ELSEWHERE = ("embedding.", "analysis.")


# Django's checks name its own settings; these are the variables behind them.
FIXES = {
    "security.W004": "Set HSTS_SECONDS, to 3600 at first, and do without the line in the end.",
    "security.W008": "Set HTTPS=true behind a web server that speaks it (docs/deployment.md).",
    "security.W009": "Unset SECRET_KEY to have one made and kept in DATA_DIR.",
    "security.W012": "Set HTTPS=true.",
    "security.W016": "Set HTTPS=true.",
    "security.W018": "Set DEBUG=false.",
    "security.W020": "Set ALLOWED_HOSTS to the names that people open.",
}


def examine_checks(checks: list[CheckMessage]) -> Iterator[Finding]:
    """Django's system checks, ours among them."""
    quiet = True
    for message in checks:
        if str(message.id).startswith(ELSEWHERE):
            continue
        quiet = False
        make = error if message.is_serious() else warning
        hint = FIXES.get(str(message.id)) or message.hint or "See `manage.py check --deploy`."
        yield make(f"check.{message.id}", " ".join(message.msg.split()), hint)
    if quiet:
        yield ok("check", "Django's system checks find nothing.")


def examine_exposure() -> Iterator[Finding]:
    hosts = list(settings.ALLOWED_HOSTS)
    is_local = set(hosts) <= LOOPBACK_NAMES
    mode = "DEBUG on" if settings.DEBUG else "DEBUG off"
    whom = "this machine only" if is_local else ", ".join(hosts)
    yield ok("exposure.hosts", f"Answers to {whom}, {mode}.", hosts=hosts, debug=settings.DEBUG)
    yield from _cors(is_local)
    yield from _secrets()
    if settings.SINGLE_USER:
        yield info(
            "exposure.single_user",
            f"Requests from this machine without credentials act as {settings.SINGLE_USER}.",
            "`SINGLE_USER=` in .env turns that off.",
        )
    else:
        yield ok("exposure.single_user", "Single-user mode is off: everybody signs in.")
    if not is_local and not settings.HTTPS:
        yield warning(
            "exposure.https",
            "Others can reach this server, and HTTPS is off.",
            "Set HTTPS=true behind a web server that speaks it (docs/deployment.md).",
        )


def _cors(is_local: bool) -> Iterator[Finding]:
    origins = list(settings.CORS_ALLOWED_ORIGINS)
    plain = [
        origin
        for origin in origins
        if origin.startswith("http://") and urlsplit(origin).hostname not in LOOPBACK_NAMES
    ]
    if plain:
        yield warning(
            "exposure.cors",
            f"Pages without HTTPS may call the API with a person's session: {', '.join(plain)}.",
            "Write https:// addresses in ALLOWED_ORIGINS.",
            origins=origins,
        )
    elif not is_local and any(urlsplit(one).hostname in LOOPBACK_NAMES for one in origins):
        yield warning(
            "exposure.cors",
            "Pages from the visitors' own machines may call the API: ALLOWED_ORIGINS names "
            "localhost on a server for others.",
            "Set ALLOWED_ORIGINS to where your frontend is served from, such as "
            "https://app.example.org.",
            origins=origins,
        )
    else:
        yield ok("exposure.cors", f"Pages of {len(origins)} origins may call.", origins=origins)


def _secrets() -> Iterator[Finding]:
    open_files = [
        path
        for path in (Path(settings.DATA_DIR, "secret_key"), Path(settings.BASE_DIR, ".env"))
        if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    ]
    if open_files and os.name == "posix":
        names = " ".join(map(str, open_files))
        yield warning(
            "exposure.secrets",
            f"Other users of this machine may read {names}.",
            f"`chmod 600 {names}`",
            files=list(map(str, open_files)),
        )
    else:
        yield ok("exposure.secrets", "Files with secrets are readable by their owner alone.")
