"""Rows per second of loading real dialogues, through the API, the ORM and COPY.

    python bench/load.py PATH

Loads all dialogues of the file for one user in each way, several times, prints the medians next
to COPY of the same rows, and leaves what the last way loaded for browsing.
"""

from __future__ import annotations

import argparse
import secrets
import statistics
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import project
from locomo import Dialogue, read_dialogues
from server import running_server

if TYPE_CHECKING:
    from convoai.accounts.models import User

EMAIL = "bench-load@example.org"
WAYS = ("copy", "orm", "api")


def new_user() -> tuple[User, str, str]:
    """The benchmark's user without any rows, with a new password and a new key."""
    from convoai.accounts.models import User
    from convoai.accounts.services import create_api_key, create_user

    User.objects.filter(email=EMAIL).delete()
    password = secrets.token_urlsafe(12)
    user = create_user(email=EMAIL, password=password, is_admin=True)
    return user, password, create_api_key(user=user, name="bench")[1]


def check(user: User, dialogues: list[Dialogue]) -> None:
    """Raise SystemExit unless every message is there and found by its words."""
    from conversations.models import Conversation, Message

    expected = messages_in(dialogues)
    found = Message.objects.owned_by(user).count()
    unsearchable = Message.objects.owned_by(user).filter(search__isnull=True).count()
    empty = Conversation.objects.owned_by(user).filter(transcript_search__isnull=True).count()
    if found != expected or unsearchable or empty:
        raise SystemExit(
            f"{found} of {expected} messages arrived, {unsearchable} of them and {empty} talks "
            "without search column."
        )


def messages_in(dialogues: list[Dialogue]) -> int:
    return sum(len(talk.messages) for dialogue in dialogues for talk in dialogue.sessions)


def rows_in(dialogues: list[Dialogue]) -> int:
    """Partners, conversations and messages together."""
    talks = sum(len(dialogue.sessions) for dialogue in dialogues)
    return len(dialogues) + talks + messages_in(dialogues)


def run(path: Path, ways: list[str], repeat: int) -> None:
    dialogues = read_dialogues(path)
    data_dir = project.set_up()
    import ways_in
    from django.db import connection

    took: dict[str, list[float]] = {way: [] for way in ways}
    password = ""
    with ExitStack() as stack:
        port = stack.enter_context(running_server(SINGLE_USER="")).port if "api" in ways else 0
        for _ in range(repeat):
            for way in ways:
                user, password, key = new_user()
                begin = time.perf_counter()
                if way == "api":
                    ways_in.through_api(dialogues, port, key)
                elif way == "orm":
                    ways_in.through_orm(dialogues, user)
                else:
                    ways_in.through_copy(dialogues, user)
                took[way].append(time.perf_counter() - begin)
                check(user, dialogues)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print_table(took, rows_in(dialogues), messages_in(dialogues))
    print(f"\nBrowse what was loaded:\n\n    DATA_DIR={data_dir} SINGLE_USER={EMAIL} make run")
    print(f"\nSign in to the pages as {EMAIL} with the password {password}")


def print_table(took: dict[str, list[float]], rows: int, messages: int) -> None:
    middle = {way: statistics.median(times) for way, times in took.items()}
    print(f"{rows:,} rows, of them {messages:,} messages\n")
    print("| way | seconds | rows/s | messages/s | of COPY |")
    print("|---|--:|--:|--:|--:|")
    for way, seconds in middle.items():
        ratio = f"{middle['copy'] / seconds:.0%}" if "copy" in middle else "–"
        print(
            f"| {way} | {seconds:.2f} | {rows / seconds:,.0f} | {messages / seconds:,.0f} |"
            f" {ratio} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure loading a LoCoMo file.")
    parser.add_argument("path", type=Path, help="a file of LoCoMo dialogues")
    parser.add_argument("--via", choices=[*WAYS, "all"], default="all")
    parser.add_argument("--repeat", type=int, default=3, help="take the median of so many")
    options = parser.parse_args()
    if not options.path.is_file():
        raise SystemExit(f"There is no file {options.path}: give the path of a LoCoMo file.")
    ways = list(WAYS) if options.via == "all" else [options.via]
    run(options.path, ways, max(1, options.repeat))


if __name__ == "__main__":
    main()
