"""Queries that are compiled once and then run with other values.

Django builds the SQL of a query anew each time, which takes several times longer than PostgreSQL
needs to answer. The few queries that run with every request, or several times in one, are
written as a `Statement`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django.db import connection, connections, router
from django.db.models import Model, QuerySet

Converter = Callable[[Any, Any, Any], Any]
# Values that no query of ours carries by itself: they mark where a statement's values go.
FIRST_MARK = 0x7ACE_0000_0000_0000


class _Compiled(NamedTuple):
    # Whose rows they are, which tells the database to read them from.
    model: type[Model]
    sql: str
    # What to pass to the driver; `marks` maps places in it to the numbers of the values.
    parameters: tuple[Any, ...]
    places: tuple[tuple[int, int], ...]
    # Column, the expression it comes from, what turns the driver's value into ours.
    converters: tuple[tuple[int, Any, list[Converter]], ...]


class Statement:
    """One query of which only some values change.

    `build` gets one placeholder for each type in `takes` (`int` or `str`) and returns a
    `values_list()` of a QuerySet that uses each of them just as it is: compared with a column,
    not calculated with. It is called once, when the statement first runs.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], *takes: type) -> None:
        self._build = build
        self._marks = [_mark(number, kind) for number, kind in enumerate(takes)]
        self._compiled: _Compiled | None = None

    def rows(self, *values: Any) -> list[tuple[Any, ...]]:
        """The rows for these values, as the QuerySet itself would give them."""
        if self._compiled is None:
            self._compiled = self._compile()
        model, sql, parameters, places, converters = self._compiled
        filled = list(parameters)
        for place, number in places:
            filled[place] = values[number]
        with connections[router.db_for_read(model)].cursor() as cursor:
            cursor.execute(sql, filled)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return [_converted(row, converters) for row in found] if converters else found

    def row(self, *values: Any) -> tuple[Any, ...] | None:
        """The first row, or None when there is none."""
        found = self.rows(*values)
        return found[0] if found else None

    def _compile(self) -> _Compiled:
        queryset = self._build(*self._marks)
        compiler = queryset.query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        places = tuple(
            (place, self._marks.index(value))
            for place, value in enumerate(parameters)
            if value in self._marks
        )
        if {number for _, number in places} != set(range(len(self._marks))):
            raise TypeError("A statement's query does not use each of its values as it is.")
        expressions = [column[0] for column in compiler.select]
        converters = compiler.get_converters(expressions)
        return _Compiled(
            queryset.model,
            sql,
            tuple(parameters),
            places,
            tuple(
                (column, expression, found) for column, (found, expression) in converters.items()
            ),
        )


def _mark(number: int, kind: type) -> Any:
    mark = FIRST_MARK + number
    return mark if kind is int else f"value {mark:x} of a statement"


def _converted(
    row: Sequence[Any], converters: Sequence[tuple[int, Any, list[Converter]]]
) -> tuple[Any, ...]:
    values = list(row)
    for column, expression, found in converters:
        for convert in found:
            values[column] = convert(values[column], expression, connection)
    return tuple(values)
