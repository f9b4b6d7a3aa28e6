"""Query parameters of briefings."""

from __future__ import annotations

from datetime import datetime

from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from convoai.api.errors import InvalidParameter
from convoai.api.fields import Day

AS_OF = OpenApiParameter(
    "as_of",
    str,
    description="What was known and true then: a time, or a day (2026-05-31), meaning its end.",
)


def as_of(request: Request) -> datetime | None:
    """The moment that `?as_of=` names, None for now. Raises InvalidParameter (422)."""
    asked = request.query_params.get("as_of")
    if asked is None:
        return None
    try:
        moment: datetime = Day().run_validation(asked)
    except ValidationError as error:
        raise InvalidParameter({"as_of": error.detail}) from None
    return moment
