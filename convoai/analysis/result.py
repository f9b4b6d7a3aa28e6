"""What goes into an analysis and what comes out of it, whoever makes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

Sender = Literal["user", "partner"]
Category = Literal["interest", "preference", "life_event", "relationship", "work", "personal"]
Sentiment = Literal["positive", "negative", "neutral", "mixed", "unknown"]

CATEGORIES: tuple[Category, ...] = (
    "interest",
    "preference",
    "life_event",
    "relationship",
    "work",
    "personal",
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a talk."""

    id: int
    sender: Sender
    speaker: str
    content: str
    timestamp: datetime | None = None


@dataclass(frozen=True, slots=True)
class TopicFound:
    """Something the talk was about; relevance 1 (touched) to 10 (the heart of it)."""

    name: str
    category: str
    relevance: int


@dataclass(frozen=True, slots=True)
class FactFound:
    """Something a speaker said about themselves or about a third person.

    `quote` stands in the message `source_message_id` from code point `quote_start` on; `subject`
    is 'partner', 'user' or a third person's name; `confidence` is 0 to 1; `valid_from` is when it
    happened or began, as far as the words tell.
    """

    category: Category
    fact_key: str
    fact_value: str
    confidence: float
    subject: str
    quote: str
    quote_start: int
    source_message_id: int
    many_valued: bool
    valid_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class ActionItem:
    """A promise or a request: who is to do what, by when if that was said.

    `who` is 'user', 'partner' or a third person's name; the quote stands in the message
    `source_message_id` from code point `quote_start` on.
    """

    who: str
    text: str
    due: date | None
    quote: str
    quote_start: int
    source_message_id: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """The result for one talk. A talk without words has sentiment 'unknown' and nothing else.

    `tokens_in` and `tokens_out` are what a model counted; None where no model was asked.
    """

    analyzer: str
    version: str
    tokens_in: int | None = None
    tokens_out: int | None = None
    summary: str = ""
    topics: list[TopicFound] = field(default_factory=list)
    facts: list[FactFound] = field(default_factory=list)
    sentiment: Sentiment = "unknown"
    key_insights: list[str] = field(default_factory=list)
    suggested_topics: list[str] = field(default_factory=list)
    suggested_questions: list[str] = field(default_factory=list)
    action_items: list[ActionItem] = field(default_factory=list)


class Analyzer(Protocol):
    """Reads a talk. Implementations hold no database connection while they work."""

    name: str
    version: str

    def analyze(
        self, turns: Sequence[Turn], partner_name: str, user_name: str, started_at: datetime
    ) -> Analysis:
        """Analyse the turns in their order; relative times are read against `started_at`."""
        ...
