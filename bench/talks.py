"""Generated people and talks: the same each time, in words of our own."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import Any

from conversations.models import (
    Conversation,
    ConversationTopic,
    ExtractedFact,
    Message,
    Topic,
)
from convoai.accounts.models import User
from partners.models import ConversationPartner

PARTNERS = 40
MESSAGES = 22
TOPICS = ("garden", "work", "travel", "music", "family", "cooking", "books", "health")
FIRST = ("Ada", "Boris", "Clara", "Dmitri", "Elif", "Femi", "Greta", "Hiro")
LAST = ("Almond", "Birch", "Cedar", "Dogwood", "Elm")
OPENINGS = ("I think", "Last week", "To be honest,", "You know,", "Since the move", "Next month")
MIDDLES = (
    "the old bicycle found a new owner",
    "we planted tomatoes behind the shed",
    "my sister starts at the harbour office",
    "the choir sings in the small church again",
    "nobody remembered where the spare key was",
    "the train to the coast was late by an hour",
)
ENDINGS = ("and it made my day.", "so we had to laugh.", "which I did not expect.", "as always.")
START = datetime(2025, 1, 6, 18, 30, tzinfo=UTC)


def sentences(seed: int) -> Iterator[str]:
    """Endless sentences of 40 to 75 characters."""
    dice = random.Random(seed)
    while True:
        words = (dice.choice(OPENINGS), dice.choice(MIDDLES), dice.choice(ENDINGS))
        yield " ".join(words)


def new_talk(partner_id: int, number: int, messages: int = 8) -> dict[str, Any]:
    """The body of a POST that makes a talk."""
    return {
        "partner_id": partner_id,
        "title": f"Talk {number}",
        "messages": [
            {"sender": ("user", "partner")[place % 2], "content": text}
            for place, text in enumerate(islice(sentences(number), messages))
        ],
    }


def fill(user: User, talks: int) -> list[int]:
    """Give the user 40 partners and this many talks of 22 messages, two facts and two topics
    each, with the transcript written out; returns the ids of the partners.
    """
    people = ConversationPartner.objects.bulk_create(
        ConversationPartner(
            user=user, name=f"{first} {last}", email=f"{first}.{last}@example.org".lower()
        )
        for first in FIRST
        for last in LAST
    )
    Topic.objects.bulk_create(
        (Topic(name=name, name_key=name) for name in TOPICS), ignore_conflicts=True
    )
    topics = list(Topic.objects.filter(name_key__in=TOPICS))
    made = Conversation.objects.bulk_create(
        (conversation(user, people[number % PARTNERS], number) for number in range(talks)),
        batch_size=500,
    )
    Message.objects.bulk_create(
        (row for number, talk in enumerate(made) for row in messages_of(talk, number)),
        batch_size=1000,
    )
    ConversationTopic.objects.bulk_create(
        (
            ConversationTopic(user=user, conversation=talk, topic=topics[(number + step) % 8])
            for number, talk in enumerate(made)
            for step in (0, 3)
        ),
        batch_size=1000,
    )
    numbers = count()
    ExtractedFact.objects.bulk_create(
        (fact(talk, next(numbers)) for talk in made for _ in range(2)), batch_size=1000
    )
    return [partner.pk for partner in people]


def conversation(user: User, partner: ConversationPartner, number: int) -> Conversation:
    started = START + timedelta(hours=3 * number)
    lines = [
        f"{(started + timedelta(minutes=place)).isoformat()} [{sender}]: {text}"
        for place, (sender, text) in enumerate(turns(number))
    ]
    return Conversation(
        user=user,
        partner=partner,
        title=f"Talk {number}",
        summary="A talk about this and that, and what comes next.",
        is_analyzed=True,
        started_at=started,
        ended_at=started + timedelta(minutes=MESSAGES),
        full_transcript="\n".join(lines),
    )


def turns(number: int) -> list[tuple[str, str]]:
    """(sender, content) of the talk's messages: every third has two sentences."""
    source = sentences(number)
    return [
        (("user", "partner")[place % 2], " ".join(islice(source, 1 + (place % 3 == 0))))
        for place in range(MESSAGES)
    ]


def messages_of(talk: Conversation, number: int) -> Iterator[Message]:
    for place, (sender, text) in enumerate(turns(number)):
        yield Message(
            user_id=talk.user_id,
            conversation=talk,
            position=place,
            sender=sender,
            content=text,
            timestamp=talk.started_at + timedelta(minutes=place),
        )


def fact(talk: Conversation, number: int) -> ExtractedFact:
    return ExtractedFact(
        user_id=talk.user_id,
        partner_id=talk.partner_id,
        conversation=talk,
        category="life",
        fact_key=f"likes {number}",
        fact_value="a quiet evening at home",
        confidence=0.8,
    )
