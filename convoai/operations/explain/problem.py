"""What cannot be explained."""

from __future__ import annotations


class ExplainProblem(Exception):
    """One sentence for the operator, with the fix in it."""
