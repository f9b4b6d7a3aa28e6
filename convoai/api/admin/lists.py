"""Lists of a table with very many rows."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import connections
from django.http import HttpRequest
from django.utils.functional import cached_property

# Counting goes this far; further pages are reached by filters and search.
COUNTED = 10_000


class QuickPaginator(Paginator):
    """Counts at most 10,000 rows; says "about" for a whole table, "more than" for a part of it."""

    about = ""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        counted: int = rows.order_by()[: COUNTED + 1].count()
        if counted <= COUNTED:
            return counted
        estimate = 0 if rows.query.where else estimated_rows(rows)
        self.about = "about" if estimate > COUNTED else "more than"
        return max(estimate, COUNTED)


def estimated_rows(rows: Any) -> int:
    """How many rows PostgreSQL believes the table to have (from its last look)."""
    with connections[rows.db].cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)",
            [rows.model._meta.db_table],
        )
        found = cursor.fetchone()
    return int(found[0]) if found else 0


class RecordList(ChangeList):
    """A list that reads only what its page shows: the model admin says what, in `list_rows`."""

    def get_results(self, request: HttpRequest) -> None:
        if any("\x00" in value for values in request.GET.lists() for value in values[1]):
            raise IncorrectLookupParameters
        self.queryset = self.model_admin.list_rows(self.queryset)  # type: ignore[attr-defined]
        try:
            super().get_results(request)
        except ValueError:  # a value such as the year 99999 is refused when the query is written
            raise IncorrectLookupParameters from None
