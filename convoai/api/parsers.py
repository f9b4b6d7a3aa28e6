"""JSON in, read strictly: what PostgreSQL or a client could not get back is refused here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

from django.utils.http import parse_header_parameters
from rest_framework.parsers import BaseParser

from convoai.api.errors import ApiError, InvalidInput, problem

MAX_DEPTH = 64
# A string literal, or one bracket. The closing quote is optional, so that a hostile run of
# unfinished strings is passed over once and not once for each quote.
TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
MAX_INTEGER_DIGITS = 19


class StrictJSONParser(BaseParser):
    """JSON in UTF-8 (a byte order mark is allowed).

    Raises InvalidInput (422) with the types `invalid_encoding`, `too_deep`, `json_invalid`,
    `duplicate_key`, `number_out_of_range`, `nul_character`, `lone_surrogate`, and ApiError 415
    for a charset other than UTF-8.
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
        check_depth(raw)
        try:
            data = json.loads(
                text,
                parse_constant=_refuse_constant,
                parse_float=_finite_float,
                parse_int=_bounded_int,
                object_pairs_hook=_unique_keys,
            )
        except json.JSONDecodeError as error:
            raise problem("json_invalid", ["body", error.pos], "JSON decode error") from None
        if b"\\u" in raw:
            check_text(data)
        return data


def check_charset(media_type: str) -> None:
    """Raises ApiError 415 when a Content-Type names a charset other than UTF-8."""
    charset = parse_header_parameters(media_type)[1].get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8", "us-ascii", "ascii"):
        raise ApiError(415, "unsupported_charset", "Send the body as UTF-8.")


def check_depth(raw: bytes) -> None:
    """Raises InvalidInput `too_deep` before a parser could run out of stack."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for match in TOKENS.finditer(raw):
        token = match[0]
        if token in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                message = f"The JSON is nested deeper than {MAX_DEPTH} levels."
                raise problem("too_deep", ["body"], message)
        elif token in b"]}":
            depth -= 1


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
                yield from _bad_text(inner, [*loc, key])
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
    if len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
        raise problem("number_out_of_range", ["body"], "An integer is too large.")
    return int(digits)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise problem("duplicate_key", ["body"], "A key stands twice in one object.")
    return result
