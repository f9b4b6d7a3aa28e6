"""When an analyzer cannot answer."""

from __future__ import annotations

from math import ceil

from convoai.refusals import Refusal


class AnalysisFailed(Exception):
    """The analyzer gave up.

    The message is a short reason for people, in words of this program only: what a provider
    wrote may hold secrets or pieces of the talk. `permanent` says that asking again is of no use
    until somebody changes something: a wrong key, a forbidden host. `after` is how many seconds
    the provider asks to be left alone.
    """

    def __init__(self, reason: str, *, permanent: bool = False, after: float = 0.0) -> None:
        super().__init__(reason)
        self.permanent = permanent
        self.after = after


class NotUnderstood(Refusal):
    """`analysis_failed`: the talk stays as it was, with the reason beside it."""

    def __init__(self, failure: AnalysisFailed) -> None:
        wait = ceil(failure.after) if failure.after and not failure.permanent else None
        super().__init__("analysis_failed", f"Analysis failed: {failure}", retry_after=wait)
        self.reason = str(failure)
        self.permanent = failure.permanent
        self.after = failure.after
