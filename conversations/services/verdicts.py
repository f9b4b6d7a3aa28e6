"""The person's word on several facts at once: on all of them, or on none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from conversations.models import ExtractedFact
from conversations.services.facts import confirm_fact, pin_fact, reject_fact, unpin_fact
from convoai.accounts.models import User
from convoai.database.transactions import write

VERDICTS: dict[str, Callable[..., ExtractedFact]] = {
    "confirm": confirm_fact,
    "reject": reject_fact,
    "pin": pin_fact,
    "unpin": unpin_fact,
}


@write
def judge_facts(*, user: User, ids: Sequence[int], verdict: str) -> list[ExtractedFact]:
    """Confirm, reject, pin or unpin the user's facts; returns them as they are then, as asked.

    Raises ExtractedFact.DoesNotExist, and changes nothing, when one is absent or somebody else's.
    """
    facts: Any = ExtractedFact.objects.owned_by(user)
    # In one order, so that two of these cannot wait for each other in a circle.
    locked = list(facts.filter(pk__in=ids).order_by("pk").select_for_update())
    if len(locked) != len(set(ids)):
        raise ExtractedFact.DoesNotExist
    for fact in locked:
        VERDICTS[verdict](fact=fact)
    # Read again: a verdict on one can change another.
    after = facts.in_bulk(ids)
    return [after[pk] for pk in dict.fromkeys(ids)]
