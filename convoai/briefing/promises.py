"""Promises in stored talks: who gave them, and until when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from convoai.briefing.dates import day_named
from convoai.briefing.talks import Talk

# As analysing writes it at the end of a promise.
DUE = re.compile(r" \(by (\d{1,2} [A-Z][a-z]+ \d{4})\)$")


@dataclass(frozen=True, slots=True)
class Promise:
    """Something to be done. `is_own`: by the owner, otherwise by the partner."""

    text: str
    is_own: bool
    due: date | None
    talk: Talk


def promises_in(talks: Iterable[Talk], partner_name: str) -> list[Promise]:
    """The promises of the talks, each text once, in the order of the talks."""
    found: dict[tuple[bool, str], Promise] = {}
    for talk in talks:
        for promise in _read(talk, partner_name):
            found.setdefault((promise.is_own, promise.text.casefold()), promise)
    return list(found.values())


def _read(talk: Talk, partner_name: str) -> Iterator[Promise]:
    for item in talk.promises if isinstance(talk.promises, list) else []:
        if not isinstance(item, str) or not item.strip():
            continue
        is_own, text = _giver(item.strip(), partner_name, talk.analyzer)
        match = DUE.search(text)
        due = day_named(match.group(1)) if match else None
        yield Promise(DUE.sub("", text) if due else text, is_own, due, talk)


def _giver(text: str, partner_name: str, analyzer: str | None) -> tuple[bool, str]:
    """Whether the owner gave the promise, and its words; one without a name is the owner's."""
    if text.startswith("You: "):
        return True, text.removeprefix("You: ")
    if text.startswith(f"{partner_name}: "):
        return False, text.removeprefix(f"{partner_name}: ")
    before, colon, after = text.partition(": ")
    # The partner was called something else when the talk was analysed.
    if colon and analyzer and len(before.split()) <= 3:
        return False, after
    return True, text
