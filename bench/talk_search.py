"""How often the talk that answers a question is among the first five that are found.

    python bench/talk_search.py PATH        # a LoCoMo file, offline embedder

Next to taking the talks in the order of their best messages. See bench/retrieval.py.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

import project
from asked import Loaded, load

MESSAGES, TALKS = 1_000, 5


def shares(dialogue: Loaded) -> list[tuple[float, float]]:
    """For each question: the share of its talks among the first five, found and in order."""
    from convoai.accounts.models import User
    from convoai.search.finding import find
    from convoai.search.messages import search_messages
    from convoai.search.parameters import search_asked
    from convoai.search.question import parse_question
    from convoai.search.scope import Scope

    user = User.objects.get(pk=dialogue.user_id)
    scope = Scope(user_id=dialogue.user_id)
    result = []
    for asked in dialogue.questions:
        wanted = {dialogue.talk_of[pk] for pk in asked.evidence}
        parameters = {"q": asked.text, "type": "conversation", "limit": str(TALKS)}
        found = {talk.id for talk in find(search_asked(user, parameters)).results}
        question = parse_question(asked.text)
        hits = search_messages(scope=scope, question=question, limit=MESSAGES).hits
        order = list(dict.fromkeys(dialogue.talk_of[hit.id] for hit in hits))[:TALKS]
        total = len(wanted)
        result.append((len(wanted & found) / total, len(wanted.intersection(order)) / total))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the search of talks on a LoCoMo file.")
    parser.add_argument("path", type=Path, help="a file of LoCoMo dialogues")
    options = parser.parse_args()
    project.set_up()
    from django.conf import settings

    settings.EMBEDDER = "wordllama"
    rows = [
        row for dialogue in load(options.path, labels=True, embed=True) for row in shares(dialogue)
    ]
    found, order = (100 * statistics.mean(column) for column in zip(*rows, strict=True))
    print(f"{len(rows)} questions: {found:.1f} % found, {order:.1f} % in the order of messages")


if __name__ == "__main__":
    main()
