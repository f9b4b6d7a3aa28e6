"""What `tune --apply` will change, what it may not, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from convoai.operations.doctor.installation import Installation
from convoai.operations.tuning.administering import Administrator
from convoai.operations.tuning.recommending import Recommendation, Recommended
from convoai.operations.tuning.tables import TableAdvice


@dataclass(frozen=True)
class Plan:
    """Settings and tables to change; `elsewhere` is what only somebody else may do."""

    here: Installation
    settings: list[Recommendation]
    tables: list[TableAdvice]
    elsewhere: list[Recommendation]
    tables_elsewhere: list[TableAdvice]
    # Set in a place that wins over ALTER SYSTEM.
    stronger: list[Recommendation]
    may_reload: bool

    @property
    def is_empty(self) -> bool:
        return not (self.settings or self.tables)

    @property
    def needs_restart(self) -> bool:
        return any(one.now.needs_restart for one in self.settings)

    def lines(self) -> Iterator[str]:
        """The plan for a person: statements, cost, the way back."""
        for one in self.settings:
            yield f"ALTER SYSTEM SET {one.advice.name} = '{one.advice.text}'"
        for table in self.tables:
            options = ", ".join(f"{name} = {value}" for name, value in table.values.items())
            yield f"ALTER TABLE {table.table.name} SET ({options})"
        if self.settings and self.may_reload:
            yield "SELECT pg_reload_conf()"
        if self.needs_restart and self.here.is_bundled:
            yield (
                "then, when you agree, a restart of the bundled PostgreSQL: a few seconds, in "
                "which new requests wait and requests under way are answered 503"
            )
        elif self.needs_restart:
            yield f"then you restart the server: {self.here.restart()}"


def plan(recommended: Recommended, here: Installation, administrator: Administrator) -> Plan:
    """Sort what is to be changed by who may. Changes nothing."""
    wanted = recommended.to_change
    stronger = [one for one in wanted if one.stronger]
    rest = [one for one in wanted if not one.stronger]
    allowed = administrator.may_set([one.advice.name for one in rest])
    owned = administrator.owned([one.table.name for one in recommended.tables])
    return Plan(
        here,
        [one for one in rest if one.advice.name in allowed],
        [one for one in recommended.tables if one.table.name in owned],
        [one for one in rest if one.advice.name not in allowed],
        [one for one in recommended.tables if one.table.name not in owned],
        stronger,
        administrator.may_reload(),
    )


def provider_of(settings: set[str]) -> str:
    """Where the settings of this managed server are changed, by the names of its own settings."""
    marks = {
        "rds.": "the parameter group of the instance (Amazon RDS or Aurora)",
        "cloudsql.": "the database flags of the instance (Google Cloud SQL)",
        "alloydb.": "the database flags of the instance (Google AlloyDB)",
        "azure.": "the server parameters (Azure Database for PostgreSQL)",
        "neon.": "the settings of the project (Neon)",
        "supautils.": "the database settings of the project (Supabase)",
    }
    for mark, place in marks.items():
        if any(name.startswith(mark) for name in settings):
            return place
    return "the provider's console (often called parameter group, flags or server parameters)"
