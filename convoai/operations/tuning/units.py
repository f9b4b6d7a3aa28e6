"""Sizes and other values of settings: as numbers, as PostgreSQL writes them, for people."""

from __future__ import annotations

import re
from typing import Any

KB, MB, GB, TB = 1024, 1024**2, 1024**3, 1024**4
_UNITS = {"B": 1, "K": KB, "KB": KB, "M": MB, "MB": MB, "G": GB, "GB": GB, "T": TB, "TB": TB}
_SIZE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*([KMGT]?)I?(B?)", re.IGNORECASE)

# Bytes for a size; otherwise the number or the word itself.
Value = int | float | str


def parse_size(text: str) -> int | None:
    """Bytes of a size such as `512MB`, `16 GB` or `1.5g`; None for anything else."""
    found = _SIZE.fullmatch(text.strip())
    if found is None or not (found[2] or found[3]):
        return None
    return int(float(found[1]) * _UNITS[(found[2] + found[3]).upper()])


def size_text(size: int) -> str:
    """Bytes as PostgreSQL takes them, in the largest unit that loses nothing: `512MB`."""
    for name in ("TB", "GB", "MB"):
        if size and size % _UNITS[name] == 0:
            return f"{size // _UNITS[name]}{name}"
    return f"{size // KB}kB"


def readable(size: int) -> str:
    """Bytes for a person: `1.5 GB`."""
    return f"{size / GB:.1f} GB" if size >= GB else f"{size / MB:,.0f} MB"


def rounded(size: float) -> int:
    """Bytes, rounded down to steps that are easily read; the smaller, the finer."""
    for above, step in ((8 * GB, GB), (GB, 128 * MB), (64 * MB, 16 * MB), (0, MB)):
        if size >= above:
            return int(size // step * step)
    return 0


def value_of(setting: str, unit: str | None, kind: str) -> Value:
    """The value of a row of pg_settings (`setting`, `unit`, `vartype`)."""
    number: Any = re.fullmatch(r"(\d*)([kM]?B)", unit or "")
    if number is not None:
        sizes = {"B": 1, "kB": KB, "MB": MB}
        return int(setting) * int(number[1] or 1) * sizes[number[2]]
    if kind == "integer":
        return int(setting)
    return float(setting) if kind == "real" else setting


def size_of(value: Value) -> int:
    """The bytes of a size; 0 for a word."""
    return 0 if isinstance(value, str) else int(value)
