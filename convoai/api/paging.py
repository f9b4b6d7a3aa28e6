"""Pages by cursor: the body stays an array, `Link` and `X-Total-Count` carry the rest."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError as FormError
from django.db.models import QuerySet
from drf_link_header_pagination import LinkHeaderCursorPagination
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from convoai.api.errors import problem
from convoai.api.fields import ASCII_INTEGER
from convoai.api.parsers import text_problem

CURSOR = re.compile(r"[A-Za-z0-9+/]+={0,2}")
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
        self.request = request
        if self.get_page_size(request) is None:
            return None
        self.total = queryset.order_by().count()
        try:
            page: list[Any] | None = super().paginate_queryset(queryset, request, view)
        except (NotFound, FormError, ValueError):
            message = "This cursor is not one that a page's Link header gave; start again."
            raise problem("invalid_cursor", ["query", "cursor"], message) from None
        return page

    def decode_cursor(self, request: Request) -> Any:
        encoded = request.query_params.get(self.cursor_query_param)
        if encoded is not None and not CURSOR.fullmatch(encoded):
            raise NotFound
        cursor = super().decode_cursor(request)
        if cursor is not None and text_problem(cursor.position or ""):
            raise NotFound
        return cursor

    def get_page_size(self, request: Request) -> int | None:
        asked = request.query_params.get("limit")
        if asked is None:
            return MAX_LIMIT if "cursor" in request.query_params else self.default_limit
        if not ASCII_INTEGER.fullmatch(asked) or int(asked) < 1:
            raise problem(
                "int_parsing", ["query", "limit"], f"Give a number from 1 to {MAX_LIMIT}."
            )
        return min(int(asked), MAX_LIMIT)

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[str, ...]:
        ordering: tuple[str, ...] = view.get_ordering()
        return ordering

    def get_paginated_response(self, data: Any) -> Response:
        response: Response = super().get_paginated_response(data)
        response["X-Total-Count"] = str(self.total)
        return response


class CappedPages(CursorPages):
    """Pages of 50 when no limit is asked (the new routes)."""

    default_limit = 50
