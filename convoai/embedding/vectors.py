"""Vectors that somebody gives us: checked, made of length 1, and padded to the stored size."""

from __future__ import annotations

import math
from collections.abc import Sequence

from convoai.refusals import Refusal

STORED = 4096
# What models of faces and texts give. Another length is a vector that was cut or pasted together.
SIZES = (128, 256, 384, 512, 768, 1024, 1536, 2048, 3072, STORED)
# The database stores single precision.
LARGEST = 3.4028234e38
# Real embeddings have lengths between 0.1 and some hundreds.
SHORTEST, LONGEST = 1e-6, 1e6
PLACE = ("body", "embedding")


def stored_vector(numbers: Sequence[float]) -> list[float]:
    """4096 numbers of length 1 that point where `numbers` do; zeros stand behind shorter ones.

    The cosine of two vectors is the same with zeros behind both. Raises Refusal `embedding_dims`,
    `embedding_range` or `embedding_norm`, in this order.
    """
    if len(numbers) not in SIZES:
        sizes = ", ".join(map(str, SIZES))
        raise Refusal(
            "embedding_dims", f"Give as many numbers as a model does: {sizes}.", place=PLACE
        )
    # The comparison is also false for NaN.
    if not all(-LARGEST <= number <= LARGEST for number in numbers):
        raise Refusal(
            "embedding_range", "Every number must be finite and fit single precision.", place=PLACE
        )
    length = math.hypot(*numbers)
    if not SHORTEST <= length <= LONGEST or max(numbers) == min(numbers):
        raise Refusal(
            "embedding_norm",
            "The vector has no direction: all numbers are equal, or its length is not between "
            f"{SHORTEST:g} and {LONGEST:g}.",
            place=PLACE,
        )
    return [*(number / length for number in numbers), *[0.0] * (STORED - len(numbers))]


def real_size(vector: Sequence[float]) -> int:
    """How many numbers stand before the zeros at the end of a stored vector."""
    return next((at + 1 for at in range(len(vector) - 1, -1, -1) if vector[at]), 0)
