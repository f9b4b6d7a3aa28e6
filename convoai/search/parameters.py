"""What a search may be asked for, checked before anything is looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from conversations.models.message import Sender
from convoai.api.errors import InvalidParameter
from convoai.api.fields import Choice, Flag, Id, Input, Integer, Moment, Text
from convoai.search.messages import MODES
from convoai.search.question import Question, parse_question
from convoai.search.scope import Scope
from convoai.search.topics import topic_id

TYPES = ("message", "conversation", "fact", "partner")
MOST, USUAL, FARTHEST = 200, 20, 10_000


@extend_schema_field(OpenApiTypes.STR)
class Types(serializers.Field[Any, Any, Any, Any]):
    """Some of the types, with commas between them."""

    def to_internal_value(self, data: Any) -> list[str]:
        asked = [name.strip() for name in str(data).split(",")]
        if not set(asked) <= set(TYPES):
            message = f"Give some of these, with commas between them: {', '.join(TYPES)}."
            raise ValidationError([ErrorDetail(message, "enum")])
        return list(dict.fromkeys(asked))

    def to_representation(self, value: Any) -> str:
        return ",".join(value)


class SearchParameters(Input):
    """The query of a search."""

    q = Text(help_text="What is looked for: words, a question, a phrase in quotes, -without, OR.")
    type = Types(required=False, help_text=f"Some of {', '.join(TYPES)}; message when left out.")
    partner_id = Id(required=False, help_text="Of talks with this partner; 0 for all.")
    conversation_id = Id(required=False, help_text="Of this talk.")
    topic = Text(required=False, help_text="Of talks about this topic, by its name in any case.")
    sender = Choice(choices=Sender.values, required=False, help_text="Who said it.")
    since = Moment(required=False, help_text="From this time on.")
    until = Moment(required=False, help_text="Before this time.")
    category = Text(required=False, help_text="Of facts, in any case.")
    mode = Choice(choices=list(MODES), required=False, help_text="By words, by meaning, or both.")
    limit = Integer(
        required=False, min_value=1, help_text=f"{USUAL} when left out, {MOST} at most."
    )
    offset = Integer(required=False, min_value=0, max_value=FARTHEST, help_text="How many to skip.")
    explain = Flag(required=False, help_text="Also say what each score is made of.")


class SimilarParameters(Input):
    """The query of a search for similar talks."""

    limit = Integer(required=False, min_value=1, help_text=f"10 when left out, {MOST} at most.")


def limit_asked(parameters: dict[str, str]) -> int:
    """How many similar talks are asked for. Raises InvalidParameter."""
    form = SimilarParameters(data=parameters)
    if not form.is_valid():
        raise InvalidParameter(form.errors)
    return min(int(form.validated_data.get("limit", 10)), MOST)


@dataclass(frozen=True)
class Search:
    """A search as asked. Without words (`question` is empty) nothing is looked for."""

    question: Question
    types: tuple[str, ...]
    scope: Scope
    category: str | None
    mode: str
    limit: int
    offset: int
    explain: bool


def search_asked(user: Any, parameters: dict[str, str]) -> Search:
    """The search that a query asks for, in the rows of one signed-in accounts.User.

    Raises InvalidParameter for a value that does not fit, Refusal for a question that is too long.
    """
    form = SearchParameters(data=parameters)
    if not form.is_valid():
        raise InvalidParameter(form.errors)
    asked: dict[str, Any] = form.validated_data
    question = parse_question(asked["q"])
    scope = Scope(
        user_id=user.pk,
        partner_id=asked.get("partner_id") or None,
        conversation_id=asked.get("conversation_id"),
        topic=topic_id(user, asked["topic"]) if asked.get("topic") else None,
        sender=asked.get("sender"),
        since=asked.get("since"),
        until=asked.get("until"),
    )
    return Search(
        question=question,
        types=tuple(asked.get("type", TYPES[:1])),
        scope=scope,
        category=asked.get("category") or None,
        mode=asked.get("mode", MODES[0]),
        limit=min(asked.get("limit", USUAL), MOST),
        offset=asked.get("offset", 0),
        explain=asked.get("explain", False),
    )
