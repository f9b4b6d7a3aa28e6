"""How a service says no: what is wrong and how to mend it, without a word about HTTP."""

from __future__ import annotations


class Refusal(Exception):
    """A write that breaks a rule; nothing was stored.

    `code` is one word for programs, `message` one sentence for people. `place` says where the
    wrong value was given, such as ("body", "quote"); empty when it is about the whole.
    `retry_after` is in how many seconds asking again may work, where that is known.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        place: tuple[str, ...] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.place = place
        self.retry_after = retry_after
