"""How fast talks are understood and stored, offline: bench/understanding.py PATH.

PATH is a file of dialogues in the format of LoCoMo. First all its talks, as they are. Then one talk
of 1,000, 10,000 and 100,000 messages: those of the file again and again, each naming other people
at its end, so that few say nearly the same.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

from locomo import Dialogue, Said, read_dialogues
from project import set_up

SIZES = (1_000, 10_000, 100_000)
ENDS = ".!? "


def grown(dialogues: Iterable[Dialogue]) -> Iterator[Said]:
    """The messages of the dialogues without an end, each with other people's names."""
    said = [
        one for dialogue in dialogues for session in dialogue.sessions for one in session.messages
    ]
    for number, one in enumerate(itertools.cycle(said)):
        others = f"Ann{number}, Ben{number} and Cem{number}"
        yield replace(one, content=f"{one.content.rstrip(ENDS)} with {others}.")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("path", type=Path, help="file of dialogues")
    parser.add_argument("--most", type=int, default=SIZES[-1], help="of the sizes, up to this one")
    options = parser.parse_args()
    dialogues = read_dialogues(options.path)
    set_up()
    from conversations.models import ExtractedFact
    from conversations.services.conversations import create_conversation
    from convoai.accounts.models import User
    from convoai.analysis.services import analyze_conversation
    from partners.services import create_partner

    User.objects.filter(username="bench-understanding").delete()
    user = User.objects.create(username="bench-understanding", email="understanding@example.org")

    def understand(talks: Iterable[tuple[str, list[Said]]], label: str) -> None:
        partners, rows, count = {}, [], 0
        for name, messages in talks:
            if name not in partners:
                partners[name] = create_partner(user=user, name=name)
            row, _ = create_conversation(
                user=user,
                partner=partners[name],
                messages=[asdict(message) for message in messages],
                started_at=messages[0].timestamp,
            )
            rows.append(row)
            count += len(messages)
        begin, work = time.perf_counter(), time.process_time()
        for row in rows:
            analyze_conversation(conversation=row)
        seconds, work = time.perf_counter() - begin, time.process_time() - work
        facts = ExtractedFact.objects.filter(conversation__in=rows).count()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"  {label:<22} {count:>7} messages  {seconds:7.2f} s ({work:.2f} s here)"
            f"  {count / seconds:6.0f} per s  {facts:>6} facts  peak {peak:.0f} MiB"
        )

    print("Analysed, reconciled and stored:")
    every = [
        (dialogue.partner, session.messages)
        for dialogue in dialogues
        for session in dialogue.sessions
    ]
    understand(every, f"{len(every)} talks")
    for size in SIZES:
        if size <= options.most:
            one = [("One", list(itertools.islice(grown(dialogues), size)))]
            understand(one, "one talk")
    user.delete()


if __name__ == "__main__":
    main()
