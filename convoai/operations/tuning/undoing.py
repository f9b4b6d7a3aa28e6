"""Putting back what was there before `tune --apply`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from convoai.operations.doctor.installation import Installation
from convoai.operations.tuning.administering import Administrator, administering
from convoai.operations.tuning.applying import restart_or_go_back
from convoai.operations.tuning.remembering import Changed, Remembered, recall, remember
from convoai.refusals import Refusal


@dataclass(frozen=True)
class Undo:
    """What will be put back; `left` was changed by somebody else since, and stays."""

    here: Installation
    remembered: Remembered
    settings: dict[str, Changed]
    left: list[str]
    needs_restart: bool

    @property
    def is_empty(self) -> bool:
        return not (self.remembered.settings or self.remembered.tables)

    def lines(self) -> Iterator[str]:
        for name, change in self.settings.items():
            yield (
                f"ALTER SYSTEM RESET {name}"
                if change.before is None
                else f"ALTER SYSTEM SET {name} = '{change.before}'"
            )
        for table, options in self.remembered.tables.items():
            for name, change in options.items():
                action = f"RESET ({name})"
                if change.before is not None:
                    action = f"SET ({name} = {change.before})"
                yield f"ALTER TABLE {table} {action}"
        for name in self.left:
            yield f"{name} stays: somebody has changed it since"


def plan_undo(here: Installation, data_dir: Path) -> Undo:
    """What `tune` has changed on this server and is to be put back. Changes nothing."""
    remembered = recall(data_dir)
    if not (remembered.settings or remembered.tables):
        return Undo(here, remembered, {}, [], needs_restart=False)
    if is_down(here):
        return Undo(here, remembered, remembered.settings, [], needs_restart=True)
    with administering(here) as administrator:
        if remembered.server != administrator.identity():
            raise Refusal(
                "another_server",
                "Nothing was changed: tuning.json in the data folder remembers changes of another "
                "server; point DATABASE_URL there to undo them.",
            )
        return _planned(here, remembered, administrator)


def is_down(here: Installation) -> bool:
    """Whether it is a bundled server that does not run now."""
    if here.data_dir is None:
        return False
    # Here, because they need what Windows does not have.
    from convoai.database.place import find_place
    from convoai.database.postmaster import find_postmaster

    return find_postmaster(find_place(here.data_dir)) is None


def undo(plan: Undo, data_dir: Path, *, may_restart: Callable[[], bool]) -> bool:
    """Put back; return whether all of it is in force, so no restart is waited for.

    Raises Refusal. A bundled server that does not run is mended first and started then.
    """
    before = {name: change.before for name, change in plan.settings.items()}
    if plan.here.data_dir is not None and is_down(plan.here):
        from convoai.database.bundled import start
        from convoai.database.own_settings import put_back
        from convoai.database.place import find_place

        put_back(find_place(plan.here.data_dir), before)
        start(plan.here.data_dir)
    with administering(plan.here) as administrator:
        try:
            _put_back(administrator, plan, before)
        except psycopg2.Error as error:
            said = (error.diag.message_primary or "the connection was lost").rstrip(".")
            raise Refusal(
                "refused", f"PostgreSQL refused to put back everything ({said}): run this again."
            ) from None
    is_in_force = not plan.needs_restart
    if plan.needs_restart and plan.here.data_dir is not None and may_restart():
        since: dict[str, str | None] = {name: one.now for name, one in plan.settings.items()}
        restart_or_go_back(plan.here.data_dir, since)
        is_in_force = True
    remember(data_dir, Remembered())
    return is_in_force


def _planned(here: Installation, remembered: Remembered, administrator: Administrator) -> Undo:
    now = administrator.own_settings()
    # A role that may not look finds none of them: then they are as we left them.
    seen = {name for name in remembered.settings if name in now}
    left = [name for name in seen if now[name] != remembered.settings[name].now]
    settings = {name: one for name, one in remembered.settings.items() if name not in left}
    restarting = administrator.rows(
        "SELECT name FROM pg_settings WHERE context = 'postmaster' AND name = ANY(%s::text[])",
        list(settings),
    )
    return Undo(here, remembered, settings, sorted(left), needs_restart=bool(restarting))


def _put_back(administrator: Administrator, plan: Undo, before: dict[str, str | None]) -> None:
    for name, value in before.items():
        administrator.set(name, value)
    for table, options in plan.remembered.tables.items():
        exists = administrator.rows("SELECT to_regclass(%s) IS NOT NULL", table)
        if exists[0][0]:
            administrator.set_options(table, {name: one.before for name, one in options.items()})
    if administrator.may_reload():
        administrator.reload()
