"""A briefing as a page of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from convoai.briefing.lines import Line
from convoai.briefing.page import Briefing
from convoai.briefing.wording import day

SPECIAL = re.compile(r"([\\`*_\[\]<>#|])")


def markdown_of(briefing: Briefing) -> str:
    """The page; texts are escaped, so that what somebody said is shown and not obeyed."""
    return "\n".join(_page(briefing)) + "\n"


def _page(briefing: Briefing) -> Iterator[str]:
    yield f"# {_plain(briefing.partner_name)}"
    if briefing.as_of:
        yield f"\nAs known on {day(briefing.as_of)}."
    yield from _section("Who", [*briefing.who, briefing.how_long])
    yield from _section("Pinned", briefing.pinned, with_age=True)
    yield from _section("Last talk", briefing.last_talk)
    yield from _section("Changed since the talk before", briefing.changes)
    yield from _section("You promised", briefing.promises["yours"])
    yield from _section(f"{briefing.partner_name} promised", briefing.promises["theirs"])
    yield from _section("Others promised", briefing.promises["others"])
    yield from _section("Coming up", briefing.coming_up, dated=True)
    yield from _section("Worth remembering", briefing.remember, with_age=True)
    yield from _section("To ask", briefing.ask)
    yield from _section("To avoid", briefing.avoid)


def _section(
    title: str, lines: Sequence[Line], *, dated: bool = False, with_age: bool = False
) -> Iterator[str]:
    if not lines:
        return
    yield f"\n## {_plain(title)}\n"
    for line in lines:
        before = f"{line.date.day} {line.date:%B %Y}: " if dated and line.date else ""
        age = f" ({_age(line)})" if with_age and line.confidence is not None else ""
        yield f"- {before}{_plain(line.text)}{age}{_evidence(line)}"


def _age(line: Line) -> str:
    days = line.age_days or 0
    heard = "today" if days == 0 else f"{days} day{'s' if days > 1 else ''} ago"
    return f"heard {heard}, {line.confidence or 0:.0%} sure"


def _evidence(line: Line) -> str:
    parts = [
        f"{word} {', '.join(map(str, ids))}"
        for word, ids in (
            ("fact", line.fact_ids),
            ("message", line.message_ids),
            ("talk", line.conversation_ids),
        )
        if ids
    ]
    return f" — {'; '.join(parts)}" if parts else ""


def _plain(text: str) -> str:
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))
