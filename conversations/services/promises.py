"""The owner's word on promises."""

from __future__ import annotations

from dataclasses import replace

from django.utils import timezone

from conversations.models import Conversation
from conversations.promises import Promise, State, promises_of, stored
from convoai.database.transactions import write
from convoai.refusals import Refusal


@write
def mark_promise(*, conversation: Conversation, number: int, state: State) -> list[Promise]:
    """Say that a promise was kept, was not meant, or is open again; returns all of the talk.

    A briefing no longer lists one that is not open, and a new analysis leaves it so. Raises
    Refusal `not_found` when the talk has no promise of that number.
    """
    talks = Conversation.objects.select_for_update(of=("self",), no_key=True).with_partner()
    locked: Conversation = talks.without_transcript().get(pk=conversation.pk)
    promises = promises_of(locked.action_items, locked.partner.name, locked.analyzer)
    if number not in {promise.number for promise in promises}:
        message = "This talk has no promise of that number; its promises are listed with theirs."
        raise Refusal("not_found", message, place=("body", "number"))
    decided_at = None if state == "open" else timezone.now()
    marked = [
        replace(promise, state=state, decided_at=decided_at)
        if promise.number == number and promise.state != state
        else promise
        for promise in promises
    ]
    locked.action_items = stored(marked)
    locked.save(update_fields=["action_items", "updated_at"])
    return marked
