"""Analysing many talks one after the other: one that fails does not stop the others."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass

from django.db import OperationalError

from conversations.models import Conversation
from convoai.analysis.failure import NotUnderstood
from convoai.analysis.result import Analyzer
from convoai.analysis.services import analyze_conversation
from convoai.database.transactions import sqlstate
from convoai.refusals import Refusal

logger = logging.getLogger("convoai.analysis")

# So many talks in a row that fail for the same lasting reason: the next ones would, too.
MOST_ALIKE = 3


@dataclass(frozen=True)
class Outcome:
    """What became of one talk.

    `failure` is why it could not be understood, without its words; `lasting` says that another
    talk would fail just so. A talk without words is neither understood nor a failure.
    """

    conversation_id: int
    understood: bool = False
    failure: str | None = None
    lasting: bool = False


class Patience:
    """Notices when there is no use in going on."""

    def __init__(self) -> None:
        self._alike = 0
        self._reason: str | None = None

    def note(self, outcome: Outcome) -> None:
        """Count a talk's outcome; any other one than the last failure begins anew."""
        reason = outcome.failure if outcome.lasting else None
        self._alike = self._alike + 1 if reason is not None and reason == self._reason else 1
        self._reason = reason

    @property
    def lost_over(self) -> str | None:
        """The reason why all further talks would fail; None while there is hope."""
        return self._reason if self._reason and self._alike >= MOST_ALIKE else None


def understand_one(pk: int, *, force: bool = False, analyzer: Analyzer | None = None) -> Outcome:
    """Understand a talk.

    One that is gone counts as without words, one that was understood meanwhile as understood.
    Raises OperationalError when the database has gone away.
    """
    talk = Conversation.objects.with_partner().select_related("user").filter(pk=pk).first()
    if talk is None:
        return Outcome(pk)
    try:
        analysis = analyze_conversation(conversation=talk, force=force, analyzer=analyzer)
    except NotUnderstood as failure:
        return Outcome(pk, failure=failure.message, lasting=failure.permanent)
    except Refusal as refusal:
        if refusal.code == "already_analyzed":
            return Outcome(pk, understood=True)
        return Outcome(pk, failure=refusal.message)
    except Exception as error:
        # Whatever is wrong with one talk, the others go on.
        if isinstance(error, OperationalError) and is_gone(error):
            raise
        # Not the exception's own text, which may quote the talk.
        frames = "".join(traceback.format_tb(error.__traceback__))
        logger.error("Conversation %s: unhandled %s\n%s", pk, type(error).__name__, frames)
        return Outcome(pk, failure=f"The analysis failed ({type(error).__name__}).")
    return Outcome(pk, understood=analysis.sentiment != "unknown")


def is_gone(error: OperationalError) -> bool:
    """Whether the connection is what failed: no answer from the server, or its farewell."""
    return (sqlstate(error) or "08").startswith(("08", "57P"))
