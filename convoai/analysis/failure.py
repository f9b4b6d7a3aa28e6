"""When an analyzer cannot answer."""

from __future__ import annotations


class AnalysisFailed(Exception):
    """The analyzer gave up; trying again later may work.

    The message is a short reason for people, in words of this program only: what a provider
    wrote may hold secrets or pieces of the talk.
    """
