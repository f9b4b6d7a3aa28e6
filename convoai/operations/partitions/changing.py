"""Which change of the layout a command asks for, and doing it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from convoai.operations.backup.server import Server
from convoai.operations.partitions.converting import abandon, convert
from convoai.operations.partitions.layouts import is_partitioned
from convoai.operations.partitions.obstacles import obstacles
from convoai.operations.partitions.periods import Length
from convoai.operations.partitions.planning import (
    Plan,
    free_bytes,
    lack_of_room,
    layout,
    plan_partitions,
    table_bytes,
)
from convoai.operations.partitions.session import SETTINGS, Progress
from convoai.operations.partitions.state import State, read_state
from convoai.refusals import Refusal


@dataclass(frozen=True)
class Change:
    """Said before it is done."""

    lines: list[str]
    # None for ordinary tables.
    by: Length | None
    # Only remove what a conversion the other way has begun.
    abandons: bool = False


def plan_apply(*, server: Server, by: Length) -> Change:
    """Raises Refusal when the tables cannot be partitioned, or are already."""
    plan = plan_partitions(server=server, by=by)
    begun = plan.begun
    if plan.problems:
        raise Refusal("impossible", " ".join(plan.problems))
    if begun is not None and begun.by is None and not begun.has("swapped"):
        return Change(
            ["An undo was begun; what it made is removed, the partitions stay."], by, True
        )
    if begun is not None and begun.by != by:
        command = f"apply --by {begun.by}" if begun.by else "undo"
        raise Refusal("other", f"Another change was begun: end it by `partition {command}`.")
    if begun is None and plan.now is not None:
        raise Refusal(
            "already", f"The tables are partitioned by {plan.now} already; `undo` comes first."
        )
    return Change(list(_apply_lines(plan)), by)


def plan_undo(*, server: Server) -> Change:
    """Raises Refusal when there is nothing to undo, or it cannot be undone."""
    with server.connect() as found, found.cursor() as cursor:
        cursor.execute(SETTINGS)
        begun, now = read_state(cursor), layout(cursor)
        problems = list(obstacles(cursor))
        partitioned = is_partitioned(cursor)
        problems += lack_of_room(sum(table_bytes(cursor).values()), free_bytes(server))
    if problems:
        raise Refusal("impossible", " ".join(problems))
    if begun is not None and begun.by is not None and not begun.has("swapped"):
        return Change(
            ["Partitions were begun; what was made is removed, the tables stay."], None, True
        )
    if not partitioned and begun is None:
        raise Refusal("plain", "The tables are ordinary ones: there is nothing to undo.")
    lines = [
        f"layout    one partition a {now}; planned: ordinary tables",
        *_goes_on(begun),
        "meanwhile reading and writing go on; readers wait once, for less than half a second",
        "back      `manage.py partition apply`, the same way",
        "disk      as much more as the tables take, while both copies are there",
    ]
    return Change(lines, None)


def apply_change(change: Change, *, server: Server, progress: Progress) -> str:
    """Do it; returns what to tell. Raises Refusal."""
    if change.abandons:
        abandon(server=server)
        return "Removed what was half made; nothing else was changed."
    convert(server=server, by=change.by, progress=progress)
    if change.by is None:
        return "Conversations and messages are ordinary tables again."
    return (
        f"Conversations and messages have one partition a {change.by}. The worker makes the next "
        "ones ahead; `manage.py partition undo` goes back."
    )


def _apply_lines(plan: Plan) -> Iterator[str]:
    yield from plan.lines()
    yield from _goes_on(plan.begun)


def _goes_on(begun: State | None) -> Iterator[str]:
    if begun is not None:
        yield f"          goes on where it was stopped ({begun.phase})"
