"""JSON in, read strictly: what PostgreSQL or a client could not get back is refused here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

from django.utils.http import parse_header_parameters
from rest_framework.parsers import BaseParser

from convoai.api.errors import LONGEST_NAME, ApiError, InvalidInput, problem

MAX_DEPTH = 64
MOST_VALUES = 1_000_000
MOST_QUOTES = 4_000_000
# The closing quote is optional, so that a hostile run of unfinished strings is passed over once
# and not once for each quote.
STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
AS_SQUARE = bytes.maketrans(b"{}", b"[]")
MOST_DIGITS = 19
LARGEST_INTEGER = 2**63 - 1


class StrictJSONParser(BaseParser):
    """JSON in UTF-8 (a byte order mark is allowed).

    Raises InvalidInput (422) with the types `invalid_encoding`, `too_deep`, `too_complex`,
    `json_invalid`, `duplicate_key`, `number_out_of_range`, `nul_character`, `lone_surrogate`, and
    ApiError 415 for a charset other than UTF-8.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        check_charset(media_type or "")
        raw = stream.read()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            message = f"The body is not UTF-8 (byte {error.start}); send it as UTF-8."
            raise problem("invalid_encoding", ["body"], message) from None
        if not text.strip():
            raise problem("empty_body", ["body"], "The body is empty; send JSON.")
        is_deep = check_size(raw)
        try:
            data = json.loads(
                text,
                parse_constant=_refuse_constant,
                parse_float=_finite_float,
                parse_int=_bounded_int,
                object_pairs_hook=_unique_keys,
            )
        except RecursionError:
            raise _too_deep() from None
        except json.JSONDecodeError as error:
            raise problem("json_invalid", ["body", error.pos], "JSON decode error") from None
        if is_deep:
            raise _too_deep()
        if b"\\u" in raw:
            check_text(data)
        return data


def check_charset(media_type: str) -> None:
    """Raises ApiError 415 when a Content-Type names a charset other than UTF-8."""
    charset = parse_header_parameters(media_type)[1].get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8", "us-ascii", "ascii"):
        raise ApiError(415, "unsupported_charset", "Send the body as UTF-8.")


def check_size(raw: bytes) -> bool:
    """Whether the JSON is nested deeper than 64 levels, or its brackets do not match.

    Costs a fraction of parsing. Raises InvalidInput `too_complex` for more values than a parser
    should make objects of: 32 MB of `[],` would fill 600 MB.
    """
    if raw.count(b'"') > MOST_QUOTES:
        raise _too_complex()
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH and raw.count(b",") <= MOST_VALUES:
        return False
    outside = STRINGS.sub(b"", raw)
    if outside.count(b",") + outside.count(b"[") + outside.count(b"{") > MOST_VALUES:
        raise _too_complex()
    brackets = outside.translate(AS_SQUARE, ALL_BUT_BRACKETS)
    for _ in range(MAX_DEPTH):
        # Takes away the innermost level.
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _too_complex() -> InvalidInput:
    message = f"The JSON holds more than {MOST_VALUES:,} values; send it in parts."
    return problem("too_complex", ["body"], message)


def _too_deep() -> InvalidInput:
    return problem("too_deep", ["body"], f"The JSON is nested deeper than {MAX_DEPTH} levels.")


def check_text(data: Any) -> None:
    """Raises InvalidInput for each NUL character and lone surrogate in any string or key."""
    problems = list(_bad_text(data, ["body"]))
    if problems:
        raise InvalidInput(problems)


def text_problem(text: str) -> tuple[str, str] | None:
    """The (type, message) of what PostgreSQL cannot store in this text, or None."""
    if "\x00" in text:
        return "nul_character", "The NUL character cannot be stored; leave it out."
    try:
        text.encode()
    except UnicodeEncodeError:
        return "lone_surrogate", "Half of a surrogate pair cannot be stored; leave it out."
    return None


def _bad_text(value: Any, loc: list[str | int]) -> Iterator[dict[str, Any]]:
    if isinstance(value, str):
        found = text_problem(value)
        if found:
            yield {"type": found[0], "loc": loc, "msg": found[1]}
    elif isinstance(value, dict):
        for key, inner in value.items():
            found = text_problem(key)
            if found:
                yield {"type": found[0], "loc": loc, "msg": f"In a key: {found[1]}"}
            else:
                yield from _bad_text(inner, [*loc, key[:LONGEST_NAME]])
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _bad_text(inner, [*loc, index])


def _refuse_constant(name: str) -> Any:
    raise problem("number_out_of_range", ["body"], f"{name} is not a number of JSON.")


def _finite_float(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise problem("number_out_of_range", ["body"], "A number is too large.")
    return number


def _bounded_int(digits: str) -> int:
    # Only so many digits are converted, because int() takes quadratic time.
    number = int(digits[: MOST_DIGITS + 1])
    if len(digits) > MOST_DIGITS + 1 or abs(number) > LARGEST_INTEGER:
        raise problem("number_out_of_range", ["body"], "An integer is too large.")
    return number


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise problem("duplicate_key", ["body"], "A key stands twice in one object.")
    return result
