"""JSON, read with limits."""

from __future__ import annotations

from typing import Any

import orjson

from convoai.refusals import Refusal
from convoai.transfer.transcripts.reading import FILE

# More objects than this would fill the memory: 32 MB of `[],` are ten million lists.
MOST_CONTAINERS = 1_500_000
MOST_VALUES = 5_000_000


def load(text: str) -> Any:
    """The value of a JSON text. Raises Refusal `too_complex`, `json_invalid`."""
    if text.count("[") + text.count("{") > MOST_CONTAINERS or text.count(",") > MOST_VALUES:
        raise Refusal("too_complex", "The JSON holds too many values; split it.", place=FILE)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Refusal("json_invalid", "The file is not valid JSON.", place=FILE) from None


def clean(text: str) -> str:
    """Text that came out of JSON: its escapes can hide a NUL, which PostgreSQL cannot keep."""
    return text.replace("\x00", "\u2400")


def shape_refused(message: str) -> Refusal:
    """The refusal of JSON or CSV that lacks what is needed."""
    return Refusal("invalid_shape", message, place=FILE)


def is_json(text: str) -> bool:
    """Whether a text begins as an object or a list of objects does."""
    head = text[:1_000].lstrip()
    return head.startswith("{") or (head.startswith("[") and head[1:].lstrip()[:1] in ("{", "]"))
