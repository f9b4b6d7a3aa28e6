"""What a transfer found: repairs and left-out rows, each with its table and row."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass
class Findings:
    """Row numbers by table and sentence; eight bytes a row, so that millions fit."""

    repairs: dict[tuple[str, str], array[int]] = field(default_factory=dict)
    skips: dict[tuple[str, str], array[int]] = field(default_factory=dict)
    # What is worth knowing and no repair.
    remarks: list[str] = field(default_factory=list)

    def repair(self, table: str, what: str, row: int | None) -> None:
        """Note that something in a row was changed so that it could be kept."""
        self.repairs.setdefault((table, what), array("q")).append(row or 0)

    def skip(self, table: str, why: str, row: int | None) -> None:
        """Note that a row is not brought over."""
        self.skips.setdefault((table, why), array("q")).append(row or 0)

    def repaired_rows(self, table: str) -> int:
        """How many rows of the table were repaired, each counted once."""
        rows: set[int] = set()
        for (name, _), numbers in self.repairs.items():
            if name == table:
                rows.update(numbers)
        return len(rows)

    def skipped_rows(self, table: str) -> int:
        return sum(len(numbers) for (name, _), numbers in self.skips.items() if name == table)


def ranges(numbers: Iterable[int]) -> str:
    """`3, 5-7` for 3, 5, 6, 7; rows without a number (0) are left out."""
    return ", ".join(
        f"{first}-{last}" if last > first else f"{first}" for first, last in _runs(numbers)
    )


def _runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    first = last = None
    for number in sorted(set(numbers) - {0}):
        if last is not None and number == last + 1:
            last = number
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = number
    if first is not None and last is not None:
        yield first, last
