"""The viewset of owned rows: every query of it begins with `owned_by`."""

from __future__ import annotations

import re
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from convoai.api.errors import problem
from convoai.api.fields import BIGINT, Input
from convoai.api.owned import all_owned, owned_row
from convoai.api.paging import CursorPages
from convoai.api.rows import Row

M = TypeVar("M", bound=Model)
# A number that is one beyond doubt, and fits.
PLAIN_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


class OwnedViewSet(GenericViewSet[Any]):
    """Rows of the requester only; anybody else's look exactly like rows that do not exist.

    A subclass names `model` (its manager must offer `owned_by`), `serializer_class`, `missing`
    (the sentence of its 404) and `orderings` (name -> columns; the first is the default).
    """

    model: ClassVar[type[Model]]
    missing: ClassVar[str] = "Not Found"
    orderings: ClassVar[dict[str, tuple[str, ...]]] = {"id": ("pk",)}
    # Filters that compare a column with a number, for which the list is compiled once.
    equal_filters: ClassVar[dict[str, str]] = {}
    permission_classes = [IsAuthenticated]
    pagination_class = CursorPages
    # The largest request body, in bytes; None means settings.BODY_LIMIT.
    body_limit: ClassVar[int | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        model = getattr(cls, "model", None)
        if model is not None and not hasattr(model._default_manager, "owned_by"):
            raise TypeError(f"{cls.__name__}: {model.__name__}.objects has no owned_by(user).")

    @property
    def owner(self) -> Any:
        """The signed-in accounts.User, whose rows these are. Raises NotAuthenticated."""
        if not self.request.user.is_authenticated:
            raise NotAuthenticated
        return self.request.user

    def get_queryset(self) -> Any:
        queryset: QuerySet[Any] = self.model._default_manager.owned_by(self.request.user)  # type: ignore[attr-defined]
        return queryset

    def get_object(self) -> Any:
        """The row of the path. Raises Http404, alike for absent and for somebody else's."""
        if type(self).get_queryset is not OwnedViewSet.get_queryset:
            return self.find(self.get_queryset(), self.kwargs["pk"])
        row = owned_row(self.model, self.owner, self.kwargs["pk"])
        if row is None:
            raise Http404
        return row

    def locked_object(self) -> Any:
        """The row of the path, for a method that is a `write`: nobody changes it meanwhile.

        Otherwise two requests with the same If-Match could both find it met. Raises Http404, and
        what is wrong with the body, which is read before others have to wait.
        """
        _ = self.request.data
        return self.find(
            self.get_queryset().select_for_update(of=("self",), no_key=True), self.kwargs["pk"]
        )

    def find(self, queryset: QuerySet[M], pk: int) -> M:
        """The row `pk` of the queryset; raises Http404."""
        row = queryset.filter(pk=pk).first() if pk <= BIGINT else None
        if row is None:
            raise Http404
        return row

    def get_ordering(self) -> tuple[str, ...]:
        """The columns that `?ordering=` asks for, from the list of what is offered."""
        asked = self.request.query_params.get("ordering")
        if asked is None:
            return next(iter(self.orderings.values()))
        if asked not in self.orderings:
            offered = ", ".join(self.orderings)
            message = f"This ordering is not offered; offered are: {offered}."
            raise problem("invalid_ordering", ["query", "ordering"], message)
        return self.orderings[asked]

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "fields_wanted": self.fields_wanted()}

    def fields_wanted(self) -> set[str] | None:
        """The names in `?fields=a,b`, or None for all. Raises InvalidInput for unknown ones."""
        asked = self.request.query_params.get("fields") if self.request else None
        if asked is None:
            return None
        wanted = {name.strip() for name in asked.split(",") if name.strip()}
        known = _keys(self.get_serializer_class())
        if not wanted or not wanted <= set(known):
            message = f"Name some of these fields: {', '.join(known)}."
            raise problem("unknown_field", ["query", "fields"], message)
        return wanted

    def list_response(self, queryset: QuerySet[Any] | None = None) -> Response:
        """The filtered, ordered and (where asked) paged rows as a bare array.

        Without a queryset: of all rows of the owner.
        """
        if queryset is None:
            equal = self._only_equal()
            if equal is not None:
                return self._all_rows(equal)
            queryset = self.get_queryset()
        columns = self.get_ordering()
        ordered = self.filter_queryset(queryset).order_by(*columns)
        serializer = self.get_serializer()
        if isinstance(serializer, Row):
            # The place of a page is told by the columns that order it.
            ordered = serializer.reading(ordered, *(name.lstrip("-") for name in columns))
        page = self.paginate_queryset(ordered)
        found = ordered if page is None else page
        rows = [serializer.to_representation(row) for row in found]
        if page is not None:
            return self.get_paginated_response(rows)
        return Response(rows, headers={"X-Total-Count": str(len(rows))})

    def _only_equal(self) -> dict[str, int] | None:
        """Columns and their values if the request asks for nothing else: no page, no fields.

        None for all that has to be read, checked or refused with more care.
        """
        if getattr(self.pagination_class, "default_limit", None) is not None:
            return None
        asked = self.request.query_params
        filters = getattr(self, "filterset_class", None)
        known = filters.base_filters.keys() if filters else set()
        special = asked.keys() & {"limit", "cursor", "fields", *known}
        if not special <= self.equal_filters.keys():
            return None
        values = {self.equal_filters[name]: asked[name] for name in special}
        if not all(PLAIN_ID.fullmatch(value) for value in values.values()):
            return None
        return {column: int(value) for column, value in values.items()}

    def _all_rows(self, equal: dict[str, int]) -> Response:
        serializer: Any = self.get_serializer()
        columns, ordering = tuple(serializer.sources), self.get_ordering()
        rows = [
            serializer.from_values(values)
            for values in all_owned(self.model, self.owner, columns, ordering, equal)
        ]
        return Response(rows, headers={"X-Total-Count": str(len(rows))})


def _keys(serializer_class: type[BaseSerializer[Any]]) -> list[str]:
    if issubclass(serializer_class, Row):
        return serializer_class.names()
    return list(getattr(serializer_class(), "fields", {}))


def require_body(request: Request, what: str = "JSON") -> None:
    """Raises InvalidInput `empty_body` (422), with what to send, when nothing was sent."""
    if request.META.get("CONTENT_LENGTH") in (None, "", "0"):
        raise problem("empty_body", ["body"], f"The body is empty; send {what}.")


def read_body(request: Request, form: type[Input], **kwargs: Any) -> dict[str, Any]:
    """The validated body of a request as the form's Python values.

    Raises InvalidInput (422) when there is no body, or ValidationError for what is wrong in it.
    """
    require_body(request)
    serializer: BaseSerializer[Any] = form(data=request.data, **kwargs)
    serializer.is_valid(raise_exception=True)
    values: dict[str, Any] = serializer.validated_data
    return values
