"""What `manage.py tune` buys on this machine: search and loading, before and after, in turn.

    python bench/tuning.py --build           # once: 200,000 messages of 300 owners
    python bench/tuning.py                   # as installed, and as recommended here
    python bench/tuning.py --each            # and each recommended value alone
    python bench/tuning.py --try jit=on --try wal_compression=pglz

Works in a data folder of its own: DATA_DIR, or `.data-tuning`. Each round measures all variants one
after the other, so that what else the machine does meets all of them; each figure is the median of
the rounds, next to the first variant's. PostgreSQL is restarted before each.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Iterator
from itertools import cycle, islice
from urllib.parse import quote

os.environ.setdefault("DATA_DIR", ".data-tuning")

import crowd
import project
import psutil
import scale
from processor import spent
from server import Server, running_server
from traffic import measure, request

OWNERS, MESSAGES = 300, 200_000
LOADED = 500  # talks, so 10,000 messages
CLIENTS = 4
NUMBER = 10_000  # beyond the crowd's
EMAIL, LOADER = f"tuning@load.{scale.DOMAIN}", f"owner-{NUMBER}-0@{scale.DOMAIN}"

Settings = dict[str, str]
Figures = dict[str, float]


def recommended() -> Settings:
    """What `tune` would set on this machine for this database, as installed."""
    from django.conf import settings

    from convoai.operations.doctor.installation import Installation
    from convoai.operations.doctor.server import connected
    from convoai.operations.tuning.looking import look

    here = Installation(settings.DATABASES["default"])
    with connected(here.database) as server:
        found = look(server, here)
    return {one.advice.name: one.advice.text for one in found.to_change}


def set_up(values: Settings) -> None:
    """Give the server these settings and none besides, and restart it."""
    from django.conf import settings
    from django.db import connection

    from convoai.database.bundled import restart
    from convoai.operations.doctor.installation import Installation
    from convoai.operations.tuning.administering import administering

    here = Installation(settings.DATABASES["default"])
    with administering(here) as administrator:
        administrator.cursor.execute("ALTER SYSTEM RESET ALL")
        for name, value in values.items():
            administrator.set(name, value)
    connection.close()
    # It ends with a checkpoint, so all begin with the same.
    restart(settings.DATA_DIR, otherwise=lambda _: None)


def searches(server: Server, seconds: float) -> Iterator[tuple[str, float]]:
    """Milliseconds of a search, for owners of each size, by words and by both: as one client
    waits for it (nine of ten take longer), and as processor time of PostgreSQL. Other work
    bends the first less than a median, and the second hardly.
    """
    from convoai.accounts.models import User
    from convoai.accounts.services import create_api_key

    for size, pk in scale.measured_owners():
        if size not in crowd.SIZES:
            continue
        key = create_api_key(user=User.objects.get(pk=pk), name="tuning")[1]
        asked = scale.questions_of(pk)
        for mode in ("text", "hybrid"):
            paths = [f"/api/search?limit=20&mode={mode}&q={quote(text)}" for text in asked]
            turn = cycle([request("GET", path, key) for path in paths]).__next__
            before = spent(server.pid)
            took = measure(server.port, turn, clients=1, seconds=seconds)
            used = spent(server.pid).since(before)
            yield f"search among {size:,}, {mode}: p10 ms", took.p10
            yield (
                f"search among {size:,}, {mode}: database CPU ms",
                used.database * 1000 / took.sent,
            )


def loading(port: int, seconds: float) -> Iterator[tuple[str, float]]:
    """Milliseconds and bytes of the log for loading by COPY, through the API, and an index."""
    from django.db import connection

    from convoai.accounts.models import User
    from convoai.accounts.services import create_api_key, create_user
    from partners.models import ConversationPartner

    forget = User.objects.filter(email__in=[EMAIL, LOADER])
    forget.delete()  # those of a run that was ended
    user = create_user(email=EMAIL, password="not-to-be-used-again")
    talks = list(islice(crowd.talks([crowd.Owner(0, LOADED * crowd.MESSAGES)]), LOADED))
    people = scale.make_people([crowd.Owner(NUMBER, 0)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_lsn()")
        begin_at = cursor.fetchone()[0]
        begin, spent_before = time.perf_counter(), processor_seconds()
        scale.write(talks, people, dict.fromkeys(("conversations", "messages"), 0.0), vectors=False)
        took, used = time.perf_counter() - begin, processor_seconds() - spent_before
        cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), %s)", [begin_at])
        written = float(cursor.fetchone()[0])
    count = sum(len(talk.messages) for talk in talks)
    yield "COPY: ms for 1,000 messages", took * 1e6 / count
    yield "COPY: database CPU ms for 1,000 messages", used * 1e6 / count
    yield "COPY: KB of log for a message", written / 1000 / count
    key = create_api_key(user=user, name="tuning")[1]
    body = {
        "title": "Tuning",
        "partner_id": ConversationPartner.objects.create(user=user, name="Tuning").pk,
        "messages": [{"sender": who, "content": said} for who, said, _ in talks[0].messages[:8]],
    }
    post = request("POST", "/api/conversations/", key, json.dumps(body).encode())
    made = measure(port, lambda: post, clients=CLIENTS, seconds=seconds, status=201)
    yield f"new talks of 8 messages, {CLIENTS} clients: ms each", 1000 / made.per_second
    forget.all().delete()
    with connection.cursor() as cursor:
        begin = time.perf_counter()
        cursor.execute("REINDEX TABLE messages")
        yield "all indexes of messages anew: s", time.perf_counter() - begin
        cursor.execute("VACUUM ANALYZE")


def processor_seconds() -> float:
    """What PostgreSQL has spent for this process's connection."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        times = psutil.Process(cursor.fetchone()[0]).cpu_times()
    return float(times.user + times.system)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the settings that `tune` recommends.")
    parser.add_argument("--build", action="store_true", help="make the crowd anew")
    parser.add_argument("--each", action="store_true", help="each recommended value alone, too")
    parser.add_argument("--try", dest="tried", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each search")
    options = parser.parse_args()
    project.set_up()
    if options.build:
        scale.build(OWNERS, MESSAGES, vectors=True)
    scale.measured_owners()  # ends when there is no crowd
    set_up({})
    values = recommended()
    variants: dict[str, Settings] = {"as installed": {}, "recommended": values}
    if options.each:
        variants |= {f"{name} {value}": {name: value} for name, value in values.items()}
    for tried in options.tried:
        name, _, value = tried.partition("=")
        variants[f"{name} {value}"] = {name: value}
    print("recommended:", ", ".join(f"{name} {value}" for name, value in values.items()))
    print_table(measured(variants, options.rounds, options.seconds))


def measured(
    variants: dict[str, Settings], rounds: int, seconds: float
) -> dict[str, list[Figures]]:
    """The figures of each round for each variant; of whole rounds, when it is interrupted."""
    found: dict[str, list[Figures]] = {name: [] for name in variants}
    try:
        with running_server(SINGLE_USER="") as server:
            for number in range(rounds):
                for name, values in variants.items():
                    set_up(values)
                    figures = dict(searches(server, seconds))
                    figures |= dict(loading(server.port, seconds))
                    found[name].append(figures)
                    print(f"round {number + 1} of {rounds}: {name}", flush=True)
    except KeyboardInterrupt:
        print("ended early")
    finally:
        set_up({})
    whole = min(len(rounds_of) for rounds_of in found.values())
    if not whole:
        raise SystemExit("No round was finished.")
    return {name: rounds_of[:whole] for name, rounds_of in found.items()}


def print_table(found: dict[str, list[Figures]]) -> None:
    """Medians, and in brackets how they compare to the first variant: below 1 is faster."""
    names = list(found)
    print(f"\nmedians of {len(found[names[0]])} rounds")
    print(f"\n| the less, the better | {' | '.join(names)} |\n|---|{'--:|' * len(names)}")
    for what in found[names[0]][0]:
        medians = [statistics.median(figures[what] for figures in found[name]) for name in names]
        first = medians[0]
        cells = [f"{first:.2f}"] + [f"{one:.2f} (x {one / first:.2f})" for one in medians[1:]]
        print(f"| {what} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
