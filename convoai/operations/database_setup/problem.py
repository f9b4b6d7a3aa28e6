"""Why a database could not be set up."""

from __future__ import annotations


class SetupProblem(Exception):
    """The message is one sentence for a person, with the fix; it never holds a password."""
