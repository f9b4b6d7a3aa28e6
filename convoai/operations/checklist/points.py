"""The ten points, each passed or with what to do; what depends on a failed one is not tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from django.db import Error as DatabaseError

from convoai.operations.checklist.packages import wrong_packages
from convoai.operations.checklist.talking import Mismatch, Traveller, traveller
from convoai.operations.checklist.trial_server import TrialFailed, TrialServer
from convoai.operations.doctor.examination import examine_database
from convoai.operations.doctor.installation import Installation
from convoai.operations.findings import Finding, Level, error, info, ok
from convoai.operations.startup import failed_checks, sentence

POINTS = (
    "The database answers, with pgvector, and its role may do all it must",
    "All packages are installed in the versions that are required",
    "Every migration is applied and the seven tables are there",
    "Rules, indexes and sequences are whole",
    "The settings are sound",
    "The web server starts and is ready",
    "A user signs in, and nobody does without a key",
    "A partner and a talk are stored, read back and found",
    "After a restart of the web server they are still there",
    "Deleting takes everything along",
)
SEE_DOCTOR = "`manage.py doctor` looks closer."


def run_checklist(here: Installation) -> Iterator[Finding]:
    """Go through the points in order; each comes as soon as it is known.

    Makes a user of its own in the database, and deletes them with all of theirs.
    """
    database = examine_database(here)[1]
    ready = [
        _found(1, database, "database.", "versions.", "rights"),
        _packages(),
        _found(3, database, "migrations.", "tables."),
        _found(4, database, "constraints", "indexes", "sequences"),
    ]
    yield from ready
    if any(one.level >= Level.ERROR for one in ready):
        yield from (_untried(number) for number in range(5, 11))
        return
    settings_point = _settings()
    yield settings_point
    if settings_point.level >= Level.ERROR:
        yield from (_untried(number) for number in range(6, 11))
        return
    with traveller() as person:
        yield from _trial(person)


def _trial(person: Traveller) -> Iterator[Finding]:
    done = 5
    try:
        with TrialServer() as server:
            answer = server.ask("GET", "/health/ready")
            if answer.status != 200:
                detail = answer.body.get("detail", "") if isinstance(answer.body, dict) else ""
                yield _failed(6, f"it is not ready: {detail}", SEE_DOCTOR)
                yield from (_untried(number) for number in range(7, 11))
                return
            for done, acts in ((6, []), (7, [person.sign_in]), (8, [person.create, person.read])):
                _do(acts, server)
                yield _passed(done)
        with TrialServer() as server:
            for done, acts in ((9, [person.read]), (10, [person.leave])):
                _do(acts, server)
                yield _passed(done)
        return
    except TrialFailed as problem:
        number, why = (6 if done == 5 else 9), f"it said: {problem}"
    except (Mismatch, OSError, KeyError, DatabaseError) as problem:
        number = done
        why = str(problem) if isinstance(problem, Mismatch) else type(problem).__name__
    yield _failed(number, why, f"`manage.py serve` in a terminal shows its log. {SEE_DOCTOR}")
    yield from (_untried(later) for later in range(number + 1, 11))


def _do(acts: Sequence[Callable[[TrialServer], None]], server: TrialServer) -> None:
    for act in acts:
        act(server)


def _found(number: int, findings: list[Finding], *prefixes: str) -> Finding:
    bad = [one for one in findings if one.id.startswith(prefixes) and one.level >= Level.ERROR]
    looked_at = any(one.id.startswith(prefixes) for one in findings)
    if bad:
        return _failed(number, bad[0].message, bad[0].hint)
    return _passed(number) if looked_at else _untried(number)


def _packages() -> Finding:
    wrong = list(wrong_packages())
    if wrong:
        return _failed(2, ", ".join(wrong), "Run `pip install -r requirements.txt`.")
    return _passed(2)


def _settings() -> Finding:
    found = failed_checks(of_the_database=False) + failed_checks(of_the_database=True)
    serious = [message for message in found if message.is_serious()]
    if serious:
        return _failed(5, sentence(serious[0]), "Change that setting; `manage.py check` tells all.")
    return _passed(5)


def _passed(number: int) -> Finding:
    return ok(f"checklist.{number}", f"{POINTS[number - 1]}.")


def _failed(number: int, why: str, hint: str) -> Finding:
    return error(
        f"checklist.{number}", f"Not true: {POINTS[number - 1]} ({why.rstrip('.')}).", hint
    )


def _untried(number: int) -> Finding:
    return info(f"checklist.{number}", f"Not tried: {POINTS[number - 1]}.", "See the point above.")
