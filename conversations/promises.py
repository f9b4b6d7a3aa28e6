"""Promises of a talk as they are stored in `conversations.action_items`, and read back.

Each is an object with who promised what, by when, and the words it rests on. Talks that were
analysed before hold lines of text instead ("You: send the recipe (by 03 June 2025)"), which are
read as well as they can be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Literal, get_args

State = Literal["open", "kept", "not_meant"]
STATES: tuple[State, ...] = get_args(State)
# At the end of a line of text.
DUE = re.compile(r" \(by (\d{1,2} [A-Z][a-z]+ \d{4})\)$")
LONGEST_NAME = 3


@dataclass(frozen=True, slots=True)
class Promise:
    """Something to be done.

    `number` counts the promises of a talk from 1 and is never given to another one; `who` is
    'user', 'partner' or a third person's name. The quote stands in the message from code point
    `quote_start` on; a line of text has neither. `state` is the owner's word, given `decided_at`.
    """

    number: int
    who: str
    text: str
    due: date | None = None
    quote: str = ""
    quote_start: int | None = None
    message_id: int | None = None
    state: State = "open"
    decided_at: datetime | None = None

    def is_open_at(self, moment: datetime | None) -> bool:
        """Whether it was still to be done then (None: now); what was never meant never was."""
        if self.state == "kept" and self.decided_at and moment is not None:
            return moment < self.decided_at
        return self.state == "open"


def promises_of(items: Any, partner_name: str, analyzer: str | None = None) -> list[Promise]:
    """The promises in a stored list; what cannot be read is passed over."""
    entries = items if isinstance(items, list) else []
    numbers = {item["number"] for item in entries if _has_number(item)}
    free = (number for number in range(1, len(entries) + len(numbers) + 2))
    found = []
    for item in entries:
        if isinstance(item, str) and item.strip():
            number = next(number for number in free if number not in numbers)
            found.append(_from_line(number, item.strip(), partner_name, analyzer))
        elif _has_number(item):
            found.extend(_from_object(item))
    return found


def stored(promises: Iterable[Promise]) -> list[dict[str, Any]]:
    """The promises as JSON."""
    return [
        {
            **asdict(promise),
            "due": promise.due and promise.due.isoformat(),
            "decided_at": promise.decided_at and promise.decided_at.isoformat(),
        }
        for promise in promises
    ]


def line(promise: Promise, partner_name: str) -> str:
    """The promise in one line: who, what, and by when if that was said."""
    name = {"user": "You", "partner": partner_name}.get(promise.who, promise.who)
    by = f" (by {promise.due:%d %B %Y})" if promise.due else ""
    return f"{name}: {promise.text}{by}"


def open_lines(promises: Iterable[Promise], partner_name: str) -> list[str]:
    """The open promises in a line each."""
    return [line(one, partner_name) for one in promises if one.state == "open"]


def renewed(before: Sequence[Promise], found: Sequence[Promise]) -> list[Promise]:
    """The promises after a new analysis.

    One that was found before keeps its number and the owner's word. One that the owner decided on
    stays though it was not found again, so that it is known when it is.
    """
    left = list(before)
    last = max((promise.number for promise in before), default=0)
    after = []
    for promise in found:
        same = _same(left, promise)
        if same is None:
            last += 1
            after.append(replace(promise, number=last))
        else:
            left.remove(same)
            after.append(
                replace(promise, number=same.number, state=same.state, decided_at=same.decided_at)
            )
    return [*after, *(promise for promise in left if promise.state != "open")]


def _same(left: Sequence[Promise], new: Promise) -> Promise | None:
    """The one that is told in the same words, or else was given in the same ones."""
    told = (old.who == new.who and old.text.casefold() == new.text.casefold() for old in left)
    given = (_overlap(old, new) for old in left)
    for alike in (told, given):
        found = next((old for old, is_same in zip(left, alike, strict=True) if is_same), None)
        if found:
            return found
    return None


def _overlap(old: Promise, new: Promise) -> bool:
    """Whether their quotes share words of one message."""
    if old.message_id is None or old.message_id != new.message_id:
        return False
    start, other = old.quote_start or 0, new.quote_start or 0
    return start < other + len(new.quote) and other < start + len(old.quote)


def _has_number(item: Any) -> bool:
    number = item.get("number") if isinstance(item, dict) else None
    return isinstance(number, int) and not isinstance(number, bool)


def _from_object(item: dict[str, Any]) -> Iterator[Promise]:
    who, text, quote, state = (item.get(name) for name in ("who", "text", "quote", "state"))
    if not (isinstance(who, str) and isinstance(text, str) and who and text):
        return
    start, message_id = item.get("quote_start"), item.get("message_id")
    yield Promise(
        number=item["number"],
        who=who,
        text=text,
        due=_day(item.get("due")),
        quote=quote if isinstance(quote, str) else "",
        quote_start=start if isinstance(start, int) else None,
        message_id=message_id if isinstance(message_id, int) else None,
        state=state if state in STATES else "open",
        decided_at=_moment(item.get("decided_at")),
    )


def _from_line(number: int, line: str, partner_name: str, analyzer: str | None) -> Promise:
    who, text = _giver(line, partner_name, analyzer)
    match = DUE.search(text)
    due = _named_day(match.group(1)) if match else None
    return Promise(number, who, DUE.sub("", text) if due else text, due)


def _giver(line: str, partner_name: str, analyzer: str | None) -> tuple[str, str]:
    """Who gave the promise, and its words; one without a name is the owner's."""
    if line.startswith("You: "):
        return "user", line.removeprefix("You: ")
    if line.startswith(f"{partner_name}: "):
        return "partner", line.removeprefix(f"{partner_name}: ")
    before, colon, after = line.partition(": ")
    # The partner was called something else when the talk was analysed.
    if colon and after and analyzer and len(before.split()) <= LONGEST_NAME:
        return "partner", after
    return "user", line


def _named_day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%d %B %Y").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        return None


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
