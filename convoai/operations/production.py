"""Is this installation right for others? The doctor's findings, taken more seriously, and more."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from django.conf import settings

from convoai.accounts.checks import LOOPBACK_NAMES
from convoai.operations.backup.files import backup_folder
from convoai.operations.capacity import PROCESS_BYTES, cores, memory, web_processes
from convoai.operations.doctor.examination import examine
from convoai.operations.doctor.installation import Installation
from convoai.operations.findings import Finding, Level, error, info, ok, warning

# A remark for one person's machine, and a fault on a server for others.
MORE_SERIOUS = {"exposure.single_user", "worker.runs"}
ENCRYPTED = {"require", "verify-ca", "verify-full"}
MANUAL = "docs/deployment.md"


def examine_for_production() -> list[Finding]:
    """Everything that `manage.py doctor` looks at, and what matters only when others come in.

    Looks at the settings and the environment as they are: start it where the server is started.
    Starts and changes nothing.
    """
    here = Installation(settings.DATABASES["default"])
    return [
        *more_seriously(examine(deployment=True)),
        *examine_names(),
        *examine_proxies(),
        *examine_user(),
        *examine_folders(),
        *examine_processes(),
        *examine_place(here),
    ]


def more_seriously(findings: Iterable[Finding]) -> Iterator[Finding]:
    for finding in findings:
        is_more = finding.id in MORE_SERIOUS and finding.level == Level.INFO
        yield replace(finding, level=Level.WARNING) if is_more else finding


def examine_names() -> Iterator[Finding]:
    if set(settings.ALLOWED_HOSTS) <= LOOPBACK_NAMES:
        yield warning(
            "production.hosts",
            "Only this machine can be served: ALLOWED_HOSTS names nothing else.",
            "Set ALLOWED_HOSTS to the names that people open, such as talk.example.org.",
        )
    else:
        yield ok("production.hosts", "The names that people open are said.")


def examine_proxies() -> Iterator[Finding]:
    """convoai's web server speaks no HTTPS: somebody in front does, and must be believed."""
    proxies = settings.NUM_PROXIES
    if settings.HTTPS and not proxies:
        yield error(
            "production.proxies",
            "HTTPS is on, and no web server in front is believed (NUM_PROXIES is 0): every page "
            "leads to itself for ever, and wrong passwords count against the web server.",
            f"Set NUM_PROXIES=1 behind nginx or Caddy ({MANUAL}).",
        )
    elif proxies > 2:
        yield warning(
            "production.proxies",
            f"{proxies} web servers in front are believed; with fewer, clients choose their "
            "address.",
            "Set NUM_PROXIES to how many of yours each request passes.",
        )
    else:
        yield ok("production.proxies", f"Web servers in front: {proxies}.", proxies=proxies)


def examine_user() -> Iterator[Finding]:
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        yield warning(
            "production.user",
            "This runs as root, so one hole would open the whole machine.",
            f"Run convoai as a user of its own: {MANUAL} and docs/systemd.",
        )
    else:
        yield ok("production.user", "Runs as an ordinary user.")


def examine_folders() -> Iterator[Finding]:
    """Pictures and backups are people's data, too."""
    open_ones = [
        folder
        for folder in (Path(settings.MEDIA_ROOT), backup_folder())
        if folder.is_dir() and _others_may_enter(folder)
    ]
    if open_ones and os.name == "posix":
        names = " ".join(map(str, open_ones))
        yield warning(
            "production.folders",
            f"Other users of this machine may look into {names}.",
            f"`chmod -R o-rwx {names}`, and UMask=0077 as in docs/systemd.",
            folders=list(map(str, open_ones)),
        )
    else:
        yield ok("production.folders", "Pictures and backups are closed to others.")


def _others_may_enter(folder: Path) -> bool:
    """Whether everybody on the machine can get to this folder, and into it."""
    return all(one.stat().st_mode & stat.S_IXOTH for one in (folder, *folder.resolve().parents))


def examine_processes() -> Iterator[Finding]:
    processes, there, room = web_processes(), cores(), memory()
    figures = {"processes": processes, "cores": there, "memory": room}
    if processes > 2 * there + 1:
        yield warning(
            "production.processes",
            f"{processes} web processes share {there} cores: they wait for each other.",
            f"Set WEB_CONCURRENCY to {max(there, 2)}, or leave it out.",
            **figures,
        )
    elif processes * PROCESS_BYTES > room:
        yield warning(
            "production.processes",
            f"{processes} web processes may need more than the {room // 1_000_000:,} MB that are "
            "given to this machine or container.",
            f"Set WEB_CONCURRENCY to {max(room // PROCESS_BYTES, 1)}, or leave it out.",
            **figures,
        )
    else:
        yield ok("production.processes", f"{processes} web processes, {there} cores.", **figures)


def examine_place(here: Installation) -> Iterator[Finding]:
    mode = str(here.database.get("OPTIONS", {}).get("sslmode") or "prefer")
    if here.is_bundled:
        yield info(
            "production.database",
            "The bundled PostgreSQL serves: fine for one machine. It listens on no network, and "
            "nobody but you backs it up.",
            f"For several machines, or a provider's backups, set DATABASE_URL ({MANUAL}).",
        )
    elif here.is_local or mode in ENCRYPTED:
        yield ok("production.database", f"The database is at {here.host}, sslmode {mode}.")
    else:
        yield warning(
            "production.database",
            f"What goes to the database at {here.host} may be read on the way (sslmode {mode}).",
            "Add sslmode=verify-full and sslrootcert= to DATABASE_URL, at least sslmode=require.",
            sslmode=mode,
        )
