"""One shape for every error that the API answers with.

Field and parameter errors: 422 `{"detail": [{"type", "loc", "msg"}]}`, the form that existing
frontends know. Everything else: `{"detail": "<one sentence>", "code", "request_id"}`. The
offending value is never repeated: it may be a transcript.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpResponse
from django_guid import get_guid
from rest_framework import exceptions
from rest_framework.response import Response

from convoai.api.faults import BAD_VALUE, Fault, fault_of
from convoai.api.renderers import to_json
from convoai.refusals import Refusal

logger = logging.getLogger("convoai.api")

# DRF's words for what is wrong with a field -> the words existing frontends know (pydantic's).
TYPES = {
    "required": "missing",
    "null": "none_not_allowed",
    "blank": "string_too_short",
    "max_length": "string_too_long",
    "min_length": "string_too_short",
    "max_value": "less_than_equal",
    "min_value": "greater_than_equal",
    "invalid_choice": "enum",
    "not_a_list": "list_type",
    "not_a_dict": "dict_type",
    "does_not_exist": "not_found",
    "invalid": "value_error",
}


# A body of twenty thousand wrong messages is told of the first hundred, and a name that somebody
# made up is shortened: an answer must not grow with what is wrong.
MOST_PROBLEMS = 100
LONGEST_NAME = 100

# Logged when a value got as far as the database; the tests fail on it.
BAD_VALUE_SENTENCE = "A bad value reached the database and should have been refused before."

# What a refusal without a place answers with; with a place it is 422 and a problem there.
STATUS_OF_REFUSAL = {
    "already_analyzed": 400,
    "analysis_failed": 502,
    "analyzer_busy": 503,
    "too_many_jobs": 429,
    "invalid_image": 400,
    "image_too_large": 413,
    "quota": 413,
    "not_an_image": 415,
    "storage_full": 507,
    "storage_unavailable": 503,
    "too_many_items": 413,
}


class ApiError(exceptions.APIException):
    """An error with its own status, word and sentence, and perhaps seconds to wait."""

    def __init__(
        self, status: int, code: str, detail: str, *, retry_after: int | None = None
    ) -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.wait = retry_after


class InvalidInput(exceptions.APIException):
    """One or more values of a request are wrong: 422 with their places."""

    status_code = 422

    def __init__(self, problems: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self.problems = list(problems)


class InvalidParameter(exceptions.ValidationError):
    """A ValidationError of query parameters: its places begin with `query`."""

    location = "query"


def problem(kind: str, loc: Sequence[str | int], msg: str) -> InvalidInput:
    """An InvalidInput with one problem: its type, its place from `body`, `path` or `query` on."""
    return InvalidInput([{"type": kind, "loc": list(loc), "msg": msg}])


def problems_of(detail: Any, loc: list[str | int]) -> Iterator[dict[str, Any]]:
    """The flat list of problems in the nested detail of a DRF ValidationError."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            shown = name if isinstance(name, int) else str(name)[:LONGEST_NAME]
            yield from problems_of(inner, loc if name == "non_field_errors" else [*loc, shown])
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, (Mapping, list))
            yield from problems_of(inner, [*loc, index] if nested else loc)
    else:
        code = getattr(detail, "code", "invalid")
        yield {"type": TYPES.get(code, code), "loc": loc, "msg": str(detail)}


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's EXCEPTION_HANDLER: turns any exception of a view into an answer. Never raises."""
    if isinstance(error, InvalidInput):
        return Response({"detail": error.problems[:MOST_PROBLEMS]}, status=422)
    if isinstance(error, exceptions.ValidationError):
        place: list[str | int] = [getattr(error, "location", "body")]
        first = list(islice(problems_of(error.detail, place), MOST_PROBLEMS))
        return Response({"detail": first}, status=422)
    if isinstance(error, Refusal):
        return _refused(error)
    if isinstance(error, Http404 | ObjectDoesNotExist):
        # Also a row that another request deleted between finding and changing it.
        return _answer(404, "not_found", _missing(context))
    if isinstance(error, exceptions.MethodNotAllowed):
        return _answer(405, "method_not_allowed", "Method Not Allowed")
    if isinstance(error, SuspiciousOperation):
        # Too many form fields, a form that cannot be taken apart, and the like.
        return _answer(400, "malformed", "The body is malformed, or has too many fields.")
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.APIException):
        return _api_answer(error, context)
    return _answer_fault(fault_for(error))


def fault_for(error: BaseException) -> Fault:
    """The fault to answer an unexpected exception with; logs what an operator must know."""
    fault = fault_of(error)
    if fault is None:
        # Without the exception's own text, which may quote a row or a transcript.
        frames = "".join(traceback.format_tb(error.__traceback__))
        logger.error("Unhandled %s\n%s", type(error).__name__, frames)
        return Fault(500, "internal", "Something went wrong here; the log names the request id.")
    if fault is BAD_VALUE:
        logger.error(BAD_VALUE_SENTENCE)
    return fault


def plain_answer(
    status: int, code: str, detail: str, retry_after: int | None = None
) -> HttpResponse:
    """The same shape for answers from outside the API framework."""
    body = {"detail": detail, "code": code, "request_id": get_guid()}
    response = HttpResponse(to_json(body), status=status, content_type="application/json")
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response


def _answer(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> Response:
    body = {"detail": detail, "code": code, "request_id": get_guid()}
    return Response(body, status=status, headers=headers)


def _refused(error: Refusal) -> Response:
    if error.place:
        problems = [{"type": error.code, "loc": list(error.place), "msg": error.message}]
        return Response({"detail": problems}, status=422)
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    status = STATUS_OF_REFUSAL.get(error.code, 409)
    return _answer(status, error.code, error.message, headers)


def _answer_fault(fault: Fault) -> Response:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return _answer(fault.status, fault.code, fault.detail, headers)


def _api_answer(error: exceptions.APIException, context: Mapping[str, Any]) -> Response:
    headers = {}
    wait = getattr(error, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(int(wait))
    challenge = getattr(error, "auth_header", None)
    if challenge:
        headers["WWW-Authenticate"] = challenge
    if isinstance(error, exceptions.NotFound) and error.detail == error.default_detail:
        return _answer(404, "not_found", _missing(context))
    code = error.get_codes()
    return _answer(
        error.status_code, code if isinstance(code, str) else "error", str(error.detail), headers
    )


def _missing(context: Mapping[str, Any]) -> str:
    """The sentence for a row that is absent or somebody else's, which look the same."""
    view = context.get("view")
    text: str = getattr(view, "missing", "Not Found")
    return text.format(**getattr(view, "kwargs", {}))
