"""The limit: the SQL of a request through psycopg2 alone, without HTTP, Django or JSON."""

from __future__ import annotations

import multiprocessing
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import psycopg2

# As many as the web server has.
PROCESSES = 2


def captured_sql(send: Callable[[], Any]) -> list[str]:
    """The statements that a request to the API makes, with their values filled in."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        response = send()
    if response.status_code not in (200, 201):
        raise SystemExit(f"Answered {response.status_code}: {response.content[:500]!r}")
    return [query["sql"] for query in captured.captured_queries]


def connection_words() -> dict[str, Any]:
    """What psycopg2.connect needs to reach the database of Django's settings."""
    from django.db import connection

    settings = connection.settings_dict
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host"}
    words = {word: settings[name] for name, word in names.items() if settings[name]}
    return {**words, "port": settings["PORT"] or 5432}


def statements_per_second(variants: Sequence[list[str]], clients: int, seconds: float) -> float:
    """How often per second the statements of one request run, with this many connections.

    `variants` are the same request about other rows, taken in turn.
    """
    words = connection_words()
    processes = min(PROCESSES, clients)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        futures = [
            pool.submit(replay, words, variants, clients // processes, seconds)
            for _ in range(processes)
        ]
        return sum(future.result() for future in futures)


def replay(
    words: dict[str, Any], variants: Sequence[list[str]], threads: int, seconds: float
) -> float:
    """Run the statements on `threads` connections for `seconds`; returns requests per second."""
    counts = [0] * threads

    def run(place: int) -> None:
        connection = psycopg2.connect(**words)
        connection.autocommit = True  # BEGIN and COMMIT are among the statements
        end = time.perf_counter() + seconds
        with connection.cursor() as cursor:
            while time.perf_counter() < end:
                run_once(cursor, variants[counts[place] % len(variants)])
                counts[place] += 1
        connection.close()

    workers = [threading.Thread(target=run, args=(place,)) for place in range(threads)]
    begin = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / (time.perf_counter() - begin)


def run_once(cursor: Any, statements: Sequence[str]) -> None:
    """One request's statements; what belonged to the talk it made belongs to the new one here."""
    new_id = old_id = None
    for statement in statements:
        if new_id is not None and statement.startswith("INSERT"):
            statement = statement.replace(f", {old_id}, ", f", {new_id}, ")
        cursor.execute(statement)
        rows = cursor.fetchall() if cursor.description else []
        if new_id is None and statement.startswith('INSERT INTO "conversations"'):
            new_id, old_id = rows[0][0], made_before(statements)


def made_before(statements: Sequence[str]) -> str:
    """The id of the talk that the captured request made, from its insert of messages."""
    insert = next(text for text in statements if text.startswith('INSERT INTO "messages"'))
    found = re.search(r"VALUES \(\d+, (\d+), ", insert)
    if found is None:
        raise SystemExit("The insert of messages no longer begins with its owner and its talk.")
    return found[1]
