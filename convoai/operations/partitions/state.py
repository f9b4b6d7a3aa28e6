"""How far a conversion is: in a table of its own, so that the next run goes on from there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from convoai.operations.partitions.building import Blueprint, read_blueprint
from convoai.operations.partitions.names import NOTING, WORK
from convoai.operations.partitions.periods import Length, Period

SETUP = f"""
CREATE TABLE {WORK}.state (
    target text NOT NULL, phase text NOT NULL, periods jsonb NOT NULL, fingerprint text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE {WORK}.progress (table_name text PRIMARY KEY, copied bigint, upto bigint);
"""
# In this order.
PHASES = ("built", "noting", "copied", "indexed", "keyed", "swapped")


@dataclass(frozen=True)
class State:
    # None for ordinary tables.
    by: Length | None
    phase: str
    periods: list[Period]
    fingerprint: str

    def has(self, phase: str) -> bool:
        """Whether the conversion is in this phase or beyond it."""
        return PHASES.index(self.phase) >= PHASES.index(phase)


def read_state(cursor: Any) -> State | None:
    """The conversion that is under way, if any."""
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"{WORK}.state"])
    if not cursor.fetchone()[0]:
        return None
    cursor.execute(f"SELECT target, phase, periods, fingerprint FROM {WORK}.state")
    target, phase, periods, fingerprint = cursor.fetchone()
    bounds = periods if isinstance(periods, list) else json.loads(periods)
    return State(
        None if target == "plain" else target,
        phase,
        [Period(*map(datetime.fromisoformat, pair)) for pair in bounds],
        fingerprint,
    )


def write_state(cursor: Any, blueprint: Blueprint) -> None:
    periods = [[one.start.isoformat(), one.end.isoformat()] for one in blueprint.periods]
    cursor.execute(
        f"INSERT INTO {WORK}.state (target, phase, periods, fingerprint) VALUES (%s, %s, %s, %s)",
        [blueprint.by or "plain", "built", json.dumps(periods), fingerprint_of(blueprint)],
    )


def set_phase(cursor: Any, phase: str) -> None:
    cursor.execute(f"UPDATE {WORK}.state SET phase = %s", [phase])


def blueprint_of(cursor: Any, state: State, schema: str) -> Blueprint:
    """The blueprint again, from the tables in use. Not once they were exchanged."""
    return read_blueprint(cursor, by=state.by, periods=state.periods, schema=schema)


def fingerprint_of(blueprint: Blueprint) -> str:
    """Changes when columns, checks, indexes, keys, triggers or rights of the tables in use do."""
    parts = [
        (
            table,
            of.shape,
            sorted((name, index.definition) for name, index in of.indexes.items()),
            sorted(of.foreign_keys.items()),
            sorted((name, text) for name, text in of.triggers.items() if name not in NOTING),
            of.grants,
            of.sequence_grants,
        )
        for table, of in sorted(blueprint.tables.items())
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
