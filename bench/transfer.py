"""Messages per second of data in and out, next to COPY of the same rows.

    python bench/transfer.py [--messages 10000,100000,250000] [--rounds 3]
    python bench/transfer.py --what duckdb [--messages 10000,100000,1000000]
    python bench/transfer.py --what archive [--messages 10000,100000,1000000]

Transcripts: importing a made-up WhatsApp chat. COPY writes the same rows into the same
table, with its search vectors, and does nothing else. The peak of memory is that of a process of
its own for each size. Files of the older backend: see old_backend.py; archives: archives.py.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import secrets
import statistics
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import project
from archives import measure_archive
from old_backend import measure_duckdb

EMAIL = "bench-transfer@example.org"
START = datetime(2020, 1, 1, tzinfo=UTC)
WORDS = ("harbour", "bread", "morning", "sister", "letter", "kitchen", "Lisbon", "school", "dog")
OF_FILES = {"duckdb": measure_duckdb, "archive": measure_archive}
MEGABYTE = 1024  # in the kilobytes that getrusage() counts


@dataclass
class Seconds:
    """How long one round took, and the peak of memory (MB) until all was stored."""

    reading: float
    storing: float
    copying: float
    peak: float


def megabytes() -> float:
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE


def chat(messages: int) -> bytes:
    """A chat of that many messages of about 70 characters, four hours apart at most."""
    lines = []
    for number in range(messages):
        moment = START + timedelta(minutes=7 * number % 1_500_000, seconds=0)
        name = ("Dana", "Alex")[number % 2]
        chosen = " ".join(WORDS[(number * step) % len(WORDS)] for step in range(1, 10))
        lines.append(f"{moment:%d/%m/%Y, %H:%M} - {name}: {number} {chosen}\n")
    return "".join(lines).encode()


def one_round(user: Any, data: bytes) -> Seconds:
    """Import the chat, then COPY its messages into another talk."""
    from django.db import connection, transaction
    from django.utils import timezone

    from conversations.models import Conversation, Message
    from convoai.transfer.copying import copy_rows
    from convoai.transfer.transcripts.services import COLUMNS, store_transcript
    from convoai.transfer.transcripts.transcript import Wishes, read_transcript
    from partners.services import create_partner

    partner = create_partner(user=user, name="Dana")
    times = [time.perf_counter()]
    wishes = Wishes(me="Alex", date_order="day")
    transcript = read_transcript(
        data, partner_name="Dana", wishes=wishes, now=timezone.now() + timedelta(days=3650)
    )
    times.append(time.perf_counter())
    talk, _ = store_transcript(user=user, partner=partner, transcript=transcript)
    times.append(time.perf_counter())
    peak = megabytes()
    other = Conversation.objects.create(user=user, partner=partner)
    rows = [
        (user.pk, other.pk, *row)
        for row in Message.objects.filter(conversation=talk)
        .order_by("position")
        .values_list(*COLUMNS[2:])
    ]
    begun = time.perf_counter()
    with transaction.atomic():
        copy_rows("messages", COLUMNS, rows)
    copying = time.perf_counter() - begun
    searchable = Message.objects.filter(conversation=talk, search__isnull=False).count()
    if searchable != len(rows):
        raise SystemExit(f"{searchable} of {len(rows)} messages can be searched.")
    partner.delete()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM messages")
    return Seconds(times[1] - times[0], times[2] - times[1], copying, peak)


def measure(messages: int, rounds: int) -> tuple[list[Seconds], float]:
    """The rounds of one size, and the memory in MB before them."""
    project.set_up()
    from convoai.accounts.models import User
    from convoai.accounts.services import create_user

    User.objects.filter(email=EMAIL).delete()
    user = create_user(email=EMAIL, password=secrets.token_urlsafe(12))
    data = chat(messages)
    before = megabytes()
    found = [one_round(user, data) for _ in range(rounds)]
    user.delete()
    return found, before


def line_of(messages: int, rounds: list[Seconds], before: float) -> str:
    """The medians of one size."""
    reading = statistics.median(one.reading for one in rounds)
    storing = statistics.median(one.storing for one in rounds)
    copying = statistics.median(one.copying for one in rounds)
    ratio = statistics.median(one.copying / (one.reading + one.storing) for one in rounds)
    # Later rounds would count what the one before them compared with.
    peak = rounds[0].peak
    return (
        f"{messages:>8,} {messages / reading:>10,.0f} {messages / storing:>10,.0f} "
        f"{messages / (reading + storing):>10,.0f} {messages / copying:>10,.0f} "
        f"{ratio:>7.0%} {before:>8,.0f} {peak:>8,.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", default="10000,100000,250000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--what", choices=["transcripts", *OF_FILES], default="transcripts")
    options = parser.parse_args()
    sizes = [int(size) for size in options.messages.split(",")]
    if options.what in OF_FILES:
        project.set_up()
        OF_FILES[options.what](sizes)
        return
    print("Transcript import, messages per second; ratio = import / COPY; memory in MB")
    print("messages    reading    storing     import       COPY   ratio   before     peak")
    # Each size in a fresh process: the peak of memory never falls.
    context = multiprocessing.get_context("spawn")
    for size in sizes:
        with context.Pool(1) as pool:
            print(line_of(size, *pool.apply(measure, (size, options.rounds))), flush=True)


if __name__ == "__main__":
    main()
