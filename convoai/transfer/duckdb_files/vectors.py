"""Embeddings of the older backend: JSON lists, zero-padded to 4096 numbers and normalised."""

from __future__ import annotations

import math
from array import array

import orjson

DIMENSIONS = 4096
# Sizes that embedding models have. Anything else is a list that lost or gained numbers.
KNOWN_SIZES = frozenset({128, 256, 384, 512, 768, 1024, 1536, 2048, 3072, DIMENSIONS})
# As single-precision numbers; smaller or larger ones say nothing about direction.
LEAST_NORM, GREATEST_NORM = 1e-12, 1e30
# A vector this near to length 1 stays as it is, so that going in and out does not wear it off.
NEAR_ONE = 1e-5


class BadVector(ValueError):
    """The text is no embedding that can be kept; the message says why."""


def read_vector(text: str) -> array[float]:
    """The numbers of a JSON list, divided by its length (2-norm), in single precision.

    Padding is left off: trailing zeros carry no direction. Raises BadVector.
    """
    try:
        numbers = orjson.loads(text)
    except orjson.JSONDecodeError:
        has_odd = any(word in text.lower() for word in ("nan", "inf"))
        raise BadVector("holds NaN or infinity" if has_odd else "is no JSON list") from None
    if not isinstance(numbers, list):
        raise BadVector("is no JSON list")
    if len(numbers) > DIMENSIONS:
        raise BadVector(f"has more than {DIMENSIONS} numbers")
    if len(numbers) not in KNOWN_SIZES:
        raise BadVector("has a size that no model has")
    if not all(type(one) in (float, int) for one in numbers):
        raise BadVector("holds something else than numbers")
    try:
        norm = math.hypot(*numbers)
    except OverflowError:
        norm = math.inf
    if not LEAST_NORM < norm < GREATEST_NORM:
        raise BadVector("has no direction" if norm <= LEAST_NORM else "holds numbers too large")
    if abs(norm - 1) > NEAR_ONE:
        numbers = [one / norm for one in numbers]
    return without_padding(array("f", numbers))


def without_padding(numbers: array[float]) -> array[float]:
    """The numbers up to the last that is not zero."""
    end = len(numbers)
    while end and not numbers[end - 1]:
        end -= 1
    return numbers[:end]


def stored_vector(text: str) -> array[float]:
    """The numbers of PostgreSQL's text of a vector, without padding."""
    return without_padding(array("f", orjson.loads(text)))


def vector_text(numbers: array[float]) -> str:
    """PostgreSQL's text of a vector of 4096 numbers."""
    # Nine digits tell any two single-precision numbers apart.
    words = [f"{one:.9g}" for one in numbers]
    words += ["0"] * (DIMENSIONS - len(numbers))
    return f"[{','.join(words)}]"


def size_of(text: str) -> int:
    """How many numbers the older backend gives a text: 768, or all when they do not fit."""
    used = len(stored_vector(text))
    return min(size for size in (768, DIMENSIONS) if size >= used)


def model_name(numbers: array[float]) -> str:
    """What the embedding's model is called here; it was not written down where it came from."""
    return f"imported-{min(size for size in KNOWN_SIZES if size >= len(numbers))}"
