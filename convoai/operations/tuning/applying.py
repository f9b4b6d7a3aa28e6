"""Changing the server as planned, proving it, and going back by itself when it does not start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg2

from convoai.database.postmaster import wait_until
from convoai.database.problems import DatabaseProblem
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.server import connected
from convoai.operations.tuning.administering import Administrator, administering
from convoai.operations.tuning.asking import Setting, settings_of
from convoai.operations.tuning.planning import Plan
from convoai.operations.tuning.recommending import Recommendation
from convoai.operations.tuning.remembering import Changed, Remembered, recall, remember
from convoai.refusals import Refusal

# Seconds that a reload may take to reach new connections.
RELOAD_SECONDS = 5


def apply(plan: Plan, data_dir: Path, *, may_restart: Callable[[], bool]) -> dict[str, Setting]:
    """Change what the plan says; return the settings as new connections get them now.

    `may_restart` is asked before the bundled server is restarted. Raises Refusal, and then the
    old settings are in force.
    """
    with administering(plan.here) as administrator:
        remembered = _recalled(data_dir, administrator)
        set_before = administrator.own_settings()
        before = {one.advice.name: set_before.get(one.advice.name) for one in plan.settings}
        # Noted first: what was changed by a run that was killed can be undone.
        remember(data_dir, _with(recall(data_dir), plan, before, administrator.identity()))
        try:
            _change(administrator, plan)
        except psycopg2.Error as error:
            _take_back(administrator, plan, before)
            remember(data_dir, remembered)
            raise Refusal("refused", _said(error)) from None
        if plan.settings and plan.may_reload:
            administrator.reload()
    data = plan.here.data_dir
    if plan.needs_restart and data is not None and may_restart():
        try:
            restart_or_go_back(data, before)
        except Refusal:
            with administering(plan.here) as administrator:
                _take_back(administrator, plan, {})
            remember(data_dir, remembered)
            raise
    return prove(plan.here, plan.settings, seconds=RELOAD_SECONDS if plan.may_reload else 0)


def restart_or_go_back(bundled: Path, before: dict[str, str | None]) -> None:
    """Restart the bundled server; when it does not come up, with the values of `before` again.

    Raises Refusal in that case.
    """
    # Here, because they need what Windows does not have.
    from convoai.database.bundled import restart
    from convoai.database.own_settings import put_back

    try:
        restart(bundled, otherwise=lambda place: put_back(place, before))
    except DatabaseProblem as problem:
        raise Refusal(
            "went_back",
            f"{str(problem).rstrip('.')}. So the settings are as they were before, and the server "
            "runs with them.",
        ) from None


def prove(
    here: Installation, settings: list[Recommendation], *, seconds: float
) -> dict[str, Setting]:
    """Ask in new connections until the values are there, or will not come without a restart."""
    wanted = {one.advice.name: one.advice for one in settings}
    found: dict[str, Setting] = {}

    def are_there() -> bool:
        nonlocal found
        with connected(here.database) as server:
            found = settings_of(server, list(wanted))
        return all(one.is_waiting or wanted[one.name].suits(one.value) for one in found.values())

    try:
        wait_until(are_there, seconds=seconds)
    except psycopg2.Error as error:
        raise Refusal("unreachable", _said(error)) from None
    return found


def _recalled(data_dir: Path, administrator: Administrator) -> Remembered:
    remembered = recall(data_dir)
    if remembered.server not in {"", administrator.identity()}:
        raise Refusal(
            "another_server",
            "Nothing was changed: tuning.json in the data folder remembers changes of another "
            "server; undo them there, or move the file away.",
        )
    return remembered


def _with(
    remembered: Remembered, plan: Plan, before: dict[str, str | None], server: str
) -> Remembered:
    remembered.server = server
    changes = {
        one.advice.name: Changed(before[one.advice.name], one.advice.text) for one in plan.settings
    }
    remembered.note(changes, remembered.settings)
    for table in plan.tables:
        options = {name: Changed(table.before[name], value) for name, value in table.values.items()}
        remembered.note(options, remembered.tables.setdefault(table.table.name, {}))
    return remembered


def _change(administrator: Administrator, plan: Plan) -> None:
    for one in plan.settings:
        administrator.set(one.advice.name, one.advice.text)
    for table in plan.tables:
        administrator.set_options(table.table.name, table.values)


def _take_back(administrator: Administrator, plan: Plan, before: dict[str, str | None]) -> None:
    for name, value in before.items():
        administrator.set(name, value)
    for table in plan.tables:
        administrator.set_options(table.table.name, table.before)


def _said(error: psycopg2.Error) -> str:
    said = (error.diag.message_primary or "the connection was lost").rstrip(".")
    return f"PostgreSQL refused a change ({said}): everything is as it was before."
