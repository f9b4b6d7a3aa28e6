"""Findings as lines for a person and as JSON for a monitor."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from convoai.operations.findings import Finding, Level, worst


def lines(findings: Sequence[Finding], *, everything: bool = True) -> Iterator[str]:
    """One line a finding, its hint below it, and a last line with the counts."""
    for finding in findings:
        if not everything and finding.level < Level.WARNING:
            continue
        yield f"{finding.level.word:<8} {finding.id:<26} {finding.message}"
        if finding.hint:
            yield f"{'':<8} {'->':>26} {finding.hint}"
    counts = [sum(one.level == level for one in findings) for level in reversed(Level)]
    yield "{} errors, {} warnings, {} remarks, {} as they should be.".format(*counts)


def as_json(findings: Sequence[Finding]) -> str:
    """`{"level": …, "findings": […]}`, one object a finding."""
    found = {"level": worst(findings).word, "findings": [one.as_json() for one in findings]}
    return json.dumps(found, indent=2, default=str)
