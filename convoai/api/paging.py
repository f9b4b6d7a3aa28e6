"""Pages by cursor: the body stays an array, `Link` and `X-Total-Count` carry the rest."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from drf_link_header_pagination import LinkHeaderCursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from convoai.api.cursors import Cursor
from convoai.api.errors import problem
from convoai.api.fields import ASCII_INTEGER

MAX_LIMIT = 200


class CursorPages(LinkHeaderCursorPagination):
    """Pages when `?limit=` or `?cursor=` asks for them; otherwise everything (the old routes).

    A limit above 200 counts as 200. Raises InvalidInput (422) for a bad limit or cursor.
    """

    page_size_query_param = "limit"
    page_size_query_description = f"Rows per page, at most {MAX_LIMIT}."
    max_page_size = MAX_LIMIT
    default_limit: int | None = None

    def paginate_queryset(
        self, queryset: QuerySet[Any], request: Request, view: Any = None
    ) -> list[Any] | None:
        """One page of the ordered rows, or None where everything is to be shown."""
        limit = self.get_page_size(request)
        if limit is None:
            return None
        self.request = request
        self.ordering = view.get_ordering()
        self.cursor = self.read_cursor(queryset.model)
        self.total = queryset.order_by().count()
        going_back = self.cursor is not None and self.cursor.backwards
        if self.cursor is not None:
            queryset = queryset.filter(self.cursor.condition())
        if going_back:
            queryset = queryset.reverse()
        found = list(queryset[: limit + 1])
        has_more = len(found) > limit
        self.rows = found[:limit]
        if going_back:
            self.rows.reverse()
        self.has_next = going_back or has_more
        self.has_previous = has_more if going_back else self.cursor is not None
        return self.rows

    def read_cursor(self, model: type[Model]) -> Cursor | None:
        """The cursor that the request names. Raises InvalidInput (422) for one we never gave."""
        encoded = self.request.query_params.get(self.cursor_query_param)
        if encoded is None:
            return None
        try:
            return Cursor.decode(encoded, model, self.ordering)
        except ValueError:
            message = "This cursor is not one that a page's Link header gave; start again."
            raise problem("invalid_cursor", ["query", "cursor"], message) from None

    def get_next_link(self) -> str | None:
        return self.link(self.rows[-1]) if self.rows and self.has_next else None

    def get_previous_link(self) -> str | None:
        if not self.rows or not self.has_previous:
            return None
        return self.link(self.rows[0], backwards=True)

    def link(self, row: Any, *, backwards: bool = False) -> str:
        """The address of the page that ends before this row or begins after it."""
        columns = [name.removeprefix("-") for name in self.ordering]
        values = [row[name] if isinstance(row, dict) else getattr(row, name) for name in columns]
        cursor = Cursor(self.ordering, values, backwards=backwards).encode()
        address = self.request.build_absolute_uri()
        return str(replace_query_param(address, self.cursor_query_param, cursor))

    def get_page_size(self, request: Request) -> int | None:
        asked = request.query_params.get("limit")
        if asked is None:
            return MAX_LIMIT if "cursor" in request.query_params else self.default_limit
        if not ASCII_INTEGER.fullmatch(asked) or int(asked) < 1:
            raise problem(
                "int_parsing", ["query", "limit"], f"Give a number from 1 to {MAX_LIMIT}."
            )
        return min(int(asked), MAX_LIMIT)

    def get_paginated_response(self, data: Any) -> Response:
        response: Response = super().get_paginated_response(data)
        response["X-Total-Count"] = str(self.total)
        return response


class CappedPages(CursorPages):
    """Pages of 50 when no limit is asked (the new routes)."""

    default_limit = 50
