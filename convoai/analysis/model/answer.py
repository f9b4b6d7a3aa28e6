"""What a language model is asked to answer, and what of it is taken.

Loads pydantic, so it is imported only where a model is called.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, ValidationError, model_validator
from pydantic.json_schema import SkipJsonSchema

from convoai.analysis.result import Category

# A part of a talk has no more to say; what goes beyond is dropped and counted.
MOST_ITEMS = 100
LONGEST_QUOTE = 1_000

# NUL, which the database does not store, halves of surrogate pairs, and other invisible commands.
UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """Text without signs that cannot be stored or shown, and without space around it."""
    return UNWANTED.sub("", text).strip()


def keyed(text: str) -> str:
    """A fact key as the registry writes them: small letters, digits and underscores."""
    return re.sub(r"\W+", "_", text.casefold()).strip("_")


Line = Annotated[str, AfterValidator(clean), Field(min_length=1, max_length=300)]
# The quote stays as it is: it must be found in the message sign by sign.
Quote = Annotated[str, Field(min_length=1, max_length=LONGEST_QUOTE)]
Name = Annotated[str, AfterValidator(clean), Field(min_length=1, max_length=100)]
Key = Annotated[str, AfterValidator(keyed), Field(min_length=1, max_length=100)]


class TopicSaid(BaseModel):
    name: Name
    category: Name
    relevance: int = Field(ge=1, le=10, description="1: touched on; 10: the heart of the talk")


class FactSaid(BaseModel):
    message: int = Field(description="number of the message the quote stands in")
    quote: Quote = Field(description="exact, uninterrupted words of that message")
    category: Category
    key: Key
    value: Line = Field(description="stands alone, readable without the talk")
    subject: Name = Field(description="'partner', 'user', or the name of a third person")
    confidence: float = Field(ge=0, le=1, allow_inf_nan=False)
    since: str | None = Field(default=None, description="YYYY-MM-DD, if the words tell")


class ActionSaid(BaseModel):
    message: int
    quote: Quote
    who: Name = Field(
        description="who promised, or was asked, to do it: 'user', 'partner', or a third"
        " person's name"
    )
    text: Line
    due: str | None = Field(default=None, description="YYYY-MM-DD, if the words tell")


Summary = Annotated[str, AfterValidator(clean), Field(min_length=1, max_length=3_000)]
Mood = Literal["positive", "negative", "neutral", "mixed"]
ITEMS: dict[str, TypeAdapter[Any]] = {
    "topics": TypeAdapter(TopicSaid),
    "facts": TypeAdapter(FactSaid),
    "action_items": TypeAdapter(ActionSaid),
    "key_insights": TypeAdapter(Line),
    "suggested_topics": TypeAdapter(Line),
    "suggested_questions": TypeAdapter(Line),
}


class Answer(BaseModel):
    """What was understood of a talk, or of a part of it."""

    summary: Summary = Field(description="two or three sentences")
    sentiment: Mood
    topics: list[TopicSaid] = Field(default_factory=list)
    facts: list[FactSaid]
    key_insights: list[Line] = Field(
        default_factory=list, description="what stands out about the partner, at most 5"
    )
    suggested_topics: list[Line] = Field(
        default_factory=list, description="what to bring up next time, at most 5"
    )
    suggested_questions: list[Line] = Field(
        default_factory=list, description="ready to say aloud, at most 5"
    )
    action_items: list[ActionSaid] = Field(default_factory=list)
    # How many items were left out because they break the rules above; never asked for.
    dropped: SkipJsonSchema[int] = 0

    @model_validator(mode="before")
    @classmethod
    def _keep_what_is_sound(cls, given: Any) -> Any:
        """One bad item costs itself, not the whole answer."""
        if not isinstance(given, dict):
            return given
        taken = dict(given)
        dropped = 0
        for name, adapter in ITEMS.items():
            items = taken.get(name)
            if not isinstance(items, list):
                continue
            sound = [item for item in items[:MOST_ITEMS] if is_sound(adapter, item)]
            dropped += len(items) - len(sound)
            taken[name] = sound
        if taken.get("sentiment") not in get_args(Mood):
            taken["sentiment"] = "neutral"
        taken["dropped"] = dropped
        return taken


def is_sound(adapter: TypeAdapter[Any], item: Any) -> bool:
    """Whether an item keeps the rules of its kind."""
    try:
        adapter.validate_python(item)
    except ValidationError:
        return False
    return True
