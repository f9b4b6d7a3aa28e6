"""A restored database in use: what people do, through the whole program, and nothing is left."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from logging import LogRecord, getLogger
from typing import Any
from urllib.parse import quote

from django.db import Error as DatabaseError
from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor

from convoai.accounts.models import User
from convoai.accounts.services import create_api_key, create_user
from convoai.operations.backup.server import Server
from convoai.operations.checklist.talking import Mismatch, Traveller
from convoai.operations.checklist.trial_server import Answer, known_host

PARAMETERS = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST"}
THREAD = "trial of a backup"
# Talks whose words are tried, newest first.
TALKS = 5
NEWEST = """
SELECT id, user_id, partner_id FROM conversations
WHERE EXISTS (SELECT FROM messages WHERE conversation_id = conversations.id)
ORDER BY id DESC LIMIT %s
"""
SAID = "SELECT content FROM messages WHERE conversation_id = %s ORDER BY position LIMIT 100"
OWNED = "SELECT count(*) FROM conversation_partners WHERE user_id = %s"
ADMIN_LISTS = ("partners/conversationpartner", "conversations/conversation")
WORD = re.compile(r"[^\W\d_]{4,30}")


@dataclass
class Trial:
    """What was done, and one sentence for each thing that went wrong."""

    done: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    # Why it was not tried, if it was not.
    untried: str = ""


def try_out(server: Server, trial: Trial | None = None) -> Trial:
    """Read and write in the database as people do, and note it; everything is rolled back."""
    trial = trial or Trial()
    # The log tells who reads what in the admin; here nobody does.
    admin = getLogger("convoai.admin")
    admin.addFilter(_is_real)
    try:
        # A thread has connections of its own, so that nobody else's work gets there.
        with ThreadPoolExecutor(1, thread_name_prefix=THREAD) as threads:
            threads.submit(_run, server, trial).result()
    finally:
        admin.removeFilter(_is_real)
    return trial


def _is_real(record: LogRecord) -> bool:
    return not str(record.threadName).startswith(THREAD)


def _run(server: Server, trial: Trial) -> None:
    from django.test.utils import override_settings

    try:
        with _connected_to(server) as connection:
            if _is_of_another_version(connection):
                trial.untried = "it is of another version: after `manage.py migrate` it can be used"
                return
            # No model is asked: vectors are not what is looked at, and one elsewhere may be slow.
            with override_settings(EMBEDDER="none"), transaction.atomic():
                _do_everything(connection, trial)
                # What would be found wrong at the end of a transaction is found now.
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                transaction.set_rollback(True)
    except Mismatch as problem:
        trial.problems.append(f"In use, {problem}")
    except (DatabaseError, LookupError, TypeError) as problem:
        trial.problems.append(f"In use, it failed ({type(problem).__name__})")


@contextmanager
def _connected_to(server: Server) -> Iterator[Any]:
    """Inside, this thread's Django works with that database, past the pool."""
    from django.db.backends.postgresql.base import DatabaseWrapper

    parameters = dict(server.parameters)
    values = {ours: str(parameters.pop(name, "")) for name, ours in PARAMETERS.items()}
    values["PORT"] = str(parameters.pop("port", ""))
    # Without a time limit, as in any command.
    connection = DatabaseWrapper(
        {**connections.settings["default"], **values, "OPTIONS": parameters}, "default"
    )
    connections["default"] = connection
    try:
        yield connection
    finally:
        connection.close()


def _is_of_another_version(connection: Any) -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _do_everything(connection: Any, trial: Trial) -> None:
    email = f"{secrets.token_hex(8)}@convoai.invalid"
    admin = create_user(email=email, password=secrets.token_hex(), is_admin=True)
    service = _Service(admin)
    acts: dict[str, Callable[[], None]] = {
        "the API reads what is there": lambda: _read(connection, service),
        "the admin lists it": lambda: _list(service),
        "a person and a talk are written, found and deleted": lambda: _write(service, admin),
    }
    for what, act in acts.items():
        try:
            act()
        except Mismatch as problem:
            raise Mismatch(f"not so: {what} ({problem})") from problem
        trial.done.append(what)


class _Service:
    """The whole web application, in this process: it is asked as a web server would be."""

    def __init__(self, admin: User) -> None:
        from django.test.client import Client

        self._client = Client(raise_request_exception=False, HTTP_HOST=known_host())
        self._staff = Client(raise_request_exception=False, HTTP_HOST=known_host())
        self._staff.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")

    def ask(self, method: str, path: str, body: object = None, *, key: str | None = None) -> Answer:
        """Send a request to the API with this key."""
        headers = {"authorization": f"Bearer {key}"} if key else {}
        sent = "" if body is None else json.dumps(body)
        answer = self._client.generic(
            method, path, sent, "application/json", secure=True, headers=headers
        )
        is_json = answer.get("Content-Type", "").startswith("application/json")
        return Answer(answer.status_code, answer.json() if is_json else None)

    def read(self, path: str, key: str) -> Any:
        """The body of a successful answer. Raises Mismatch."""
        answer = self.ask("GET", path, key=key)
        if answer.status != 200:
            raise Mismatch(f"it answered {answer.status}")
        return answer.body

    def admin_page(self, path: str) -> int:
        """The status of a page of the admin."""
        return int(self._staff.get(f"/admin/{path}/", secure=True).status_code)


def _read(connection: Any, service: _Service) -> None:
    """Partners, a talk, a briefing, and a word that somebody said."""
    newest = _rows(connection, NEWEST, TALKS)
    if not newest:
        return
    talk, owner, partner = newest[0]
    key = create_api_key(user=User.objects.get(pk=owner))[1]
    listed = service.ask("GET", "/api/partners?limit=1", key=key)
    if listed.status != 200:
        raise Mismatch(f"the partners: it answered {listed.status}")
    ((count,),) = _rows(connection, OWNED, owner)
    if not count or not listed.body:
        raise Mismatch("the partners are not listed")
    for number, _, _ in [row for row in newest if row[1] == owner]:
        said = [content for (content,) in _rows(connection, SAID, number)]
        shown = service.read(f"/api/conversations/{number}", key)["messages"]
        if [one["content"] for one in shown][: len(said)] != said:
            raise Mismatch("a talk reads differently from what is stored")
    service.read(f"/api/partners/{partner}/briefing", key)
    said = [content for (content,) in _rows(connection, SAID, talk)]
    words = sorted(set(WORD.findall(" ".join(said))), key=len)
    if words:
        found = service.read(f"/api/search?mode=text&q={quote(words[-1])}", key)["results"]
        if not found:
            raise Mismatch("the search does not find a word that was said")


def _list(service: _Service) -> None:
    for path in ADMIN_LISTS:
        status = service.admin_page(path)
        if status != 200:
            raise Mismatch(f"a list answered {status}")


def _write(service: _Service, user: User) -> None:
    """What the checklist does over the network."""
    person = Traveller(user, "", key=create_api_key(user=user)[1])
    acts: tuple[Callable[[Any], None], ...] = (person.create, person.read, person.leave)
    for act in acts:
        act(service)


def _rows(connection: Any, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
