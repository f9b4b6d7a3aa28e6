"""Row 123, and what it costs to read a hostile body: time and memory grow with its size only."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from conversations.transcripts import segments, split_transcript
from convoai.api.errors import InvalidInput
from convoai.api.parsers import StrictJSONParser, check_size
from convoai.database.fields import casefold_key

MB = 1_000_000
# Of the processor, since other tests run at the same time. Ten times what a slow machine was seen
# to take: what backtracks takes hours.
SECONDS_PER_MB = 10.0

LINES = {
    "spaces": " " * MB,
    "newlines": "\n" * MB,
    "digits": "1" * 26 + "x",
    "words": "word" * 7 + "!",
    "one word": "a" * MB,
    "colons": ":" * MB,
    "short turns": "a: " * (MB // 3),
    "turns": "a: b\n" * (MB // 5),
    "almost turns": ("a" * 39 + "\n") * (MB // 40),
    "many speakers": "".join(f"{chr(97 + n % 26) * (n % 9 + 1)}: x\n" for n in range(MB // 9)),
    "own lines": "2026-11-22T09:10:54Z [user]: x\n" * (MB // 31),
    "broken own lines": "2026-11-22T09:10:54+00:00 [" * (MB // 27),
    "marks": "\u0301" * (MB // 2),
    "brackets": "[" * MB,
}
BODIES = {
    "quotes": b'"' * MB,
    "escaped quotes": b'"\\' * (MB // 2),
    "backslashes": b"[" * 70 + b'"' + b"\\" * MB,
    "empty arrays": b"[" + b"[]," * (MB // 3) + b"[]]",
    "empty strings": b"[" + b'"",' * (MB // 3) + b'""]',
    "arrays side by side": b"[" + b"[[[]]]," * (MB // 7) + b"[]]",
    "open arrays": b"[" * MB,
    "closed arrays": b"]" * MB,
    "mixed brackets": b"[}" * (MB // 2),
    "digits": b"9" * MB,
    "fraction": b"0." + b"9" * MB,
    "exponent": b"1e" + b"9" * MB,
    "escapes": b'"' + b"\\u0041" * (MB // 6) + b'"',
}


def seconds(work: Callable[[], Any]) -> float:
    begun = time.thread_time()
    work()
    return time.thread_time() - begun


def read(body: bytes) -> Any:
    """What the parser makes of the body: data, or its refusal."""
    try:
        return StrictJSONParser().parse(BytesIO(body), "application/json")
    except InvalidInput as refusal:
        return refusal


@pytest.mark.bad_input(123)
@pytest.mark.parametrize("text", LINES.values(), ids=LINES)
def test_hostile_lines_are_cut_quickly(text: str) -> None:
    assert seconds(lambda: split_transcript(text, "Dana")) < SECONDS_PER_MB
    assert seconds(lambda: casefold_key(text)) < SECONDS_PER_MB
    assert seconds(lambda: list(segments(text))) < SECONDS_PER_MB


@pytest.mark.bad_input(14, 123)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_hostile_bodies_are_read_quickly(body: bytes) -> None:
    assert seconds(lambda: read(body)) < SECONDS_PER_MB


@pytest.mark.bad_input(14)
@pytest.mark.parametrize(
    "body",
    [b"[" + b"[]," * 2 * MB + b"[]]", b"[" + b"1," * 2 * MB + b"1]", b'"",' * 3 * MB],
    ids=["arrays", "numbers", "strings"],
)
def test_body_of_millions_of_values_is_refused_before_it_is_parsed(body: bytes) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_size(body)
    assert refusal.value.problems[0]["type"] == "too_complex"


@pytest.mark.bad_input(14)
def test_depth_is_counted_exactly() -> None:
    wide = b"[" + b"{}," * 100 + b"{}]"
    assert not check_size(b"[" * 63 + wide.replace(b"{}", b"1") + b"]" * 63)
    assert check_size(b"[" * 63 + wide + b"]" * 63)
    assert not check_size(b'["' + b"[{" * 500 + b'", "\\"' + b"[" * 500 + b'"]')
