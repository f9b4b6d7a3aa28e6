"""A crowd of owners with generated talks: the same each time, in words of no language.

Words follow Zipf's law with the function words of English in front, each talk returns to a few
themes of its own, and the talks of all owners stand in the table in the order of their time, as
they do where many people write.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

# Owners of these sizes are measured; all others share what is left of the messages.
SIZES = {100_000: 1, 6_000: 4, 600: 8}
PARTNERS = 12
MESSAGES = 20
THEMES = 4
VOCABULARY = 30_000
START = datetime(2021, 1, 4, 8, tzinfo=UTC)
SPAN = timedelta(days=5 * 365)
FUNCTION_WORDS: list[str] = str.split(
    "the and to a of i you it in that is was for we my on have with so but be this at me not "
    "they are just about what all he she had like do there your an or when out if up can our as "
    "then one from her his very will been how some would know get has by were them think really "
    "time good more no him did who now could than other into only make which see here"
)
ONSETS = str.split("b br c ch d dr f fl g gr h j k kl l m n p pr qu r s sh sl st t th tr v w z")
VOWELS = str.split("a e i o u ai ea ee oa oo ou")
ENDINGS = ("", "n", "r", "l", "st", "ck", "m", "t", "nd", "sh")


@dataclass(frozen=True)
class Owner:
    """One user of the crowd: a number from 0 and how many messages are theirs."""

    number: int
    messages: int


@dataclass(frozen=True)
class Talk:
    """One talk, with (sender, content, time) of its messages."""

    owner: int
    partner: int
    started_at: datetime
    messages: list[tuple[str, str, datetime]]


def owners(count: int, messages: int) -> list[Owner]:
    """The measured owners first, then those who share the rest evenly.

    Raises ValueError when there is no rest to share.
    """
    measured = [size for size, times in SIZES.items() for _ in range(times)]
    others = count - len(measured)
    rest = messages - sum(measured)
    if others < 1 or rest < others * MESSAGES:
        raise ValueError(
            f"{messages} messages of {count} owners leave too little besides the measured owners: "
            f"take more than {sum(measured)} messages and more than {len(measured)} owners."
        )
    return [Owner(n, size) for n, size in enumerate([*measured, *[rest // others] * others])]


def vocabulary(seed: int = 1) -> list[str]:
    """Function words, then words of two or three syllables, each once."""
    dice = random.Random(seed)
    words = dict.fromkeys(FUNCTION_WORDS)
    while len(words) < VOCABULARY:
        syllables = dice.choice((2, 2, 3))
        parts = (dice.choice(ONSETS) + dice.choice(VOWELS) for _ in range(syllables))
        words["".join(parts) + dice.choice(ENDINGS)] = None
    return list(words)


def talks(crowd: list[Owner], seed: int = 2) -> Iterator[Talk]:
    """All talks of all owners, mixed, one after another in time."""
    dice = random.Random(seed)
    words = vocabulary()
    weights = list(accumulate(1 / (rank + 2) for rank in range(len(words))))
    order = [owner.number for owner in crowd for _ in range(max(1, owner.messages // MESSAGES))]
    dice.shuffle(order)
    step = SPAN / len(order)
    for place, owner in enumerate(order):
        started = START + place * step
        themes = dice.sample(range(len(FUNCTION_WORDS), 8_000), THEMES)
        said = []
        for number in range(MESSAGES):
            picked = dice.choices(words, cum_weights=weights, k=dice.randint(6, 32))
            if dice.random() < 0.6:
                picked[dice.randrange(len(picked))] = words[dice.choice(themes)]
            mark = "?" if dice.random() < 0.25 else "."
            content = " ".join(picked).capitalize() + mark
            said.append((("user", "partner")[number % 2], content, started + number * MINUTE))
        yield Talk(owner, dice.randrange(PARTNERS), started, said)


MINUTE = timedelta(minutes=1)


def question(dice: random.Random, content: str) -> str:
    """A question of six words, of which two to four stand in the message."""
    rare = [word.strip(".?").lower() for word in content.split()]
    rare = [word for word in rare if word not in FUNCTION_WORDS] or rare
    asked = dice.sample(rare, min(len(rare), dice.randint(2, 4)))
    return f"when did you {' '.join(asked)} about it?"
