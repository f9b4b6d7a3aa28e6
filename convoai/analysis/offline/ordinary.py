"""Words that are no names, though a capital begins them at the start of a sentence."""

from __future__ import annotations

from convoai.analysis.offline.kinds import FEELINGS, HEALTH, OPINIONS, WORK
from convoai.analysis.offline.lexicon import (
    FAMILY_WORDS,
    PAST_VERBS,
    PRAISE_WORDS,
    STATE_VERBS,
    TIME_WORDS,
    words,
)
from convoai.analysis.offline.reading import is_content
from convoai.analysis.offline.sentiment import BAD, GOOD
from convoai.analysis.offline.verbs import is_adverb
from convoai.analysis.offline.vocabulary import TOPICS_OF_WORD

ORDINARY = (
    frozenset(TOPICS_OF_WORD)
    | FAMILY_WORDS
    | FEELINGS
    | OPINIONS
    | HEALTH
    | WORK
    | PAST_VERBS
    | STATE_VERBS
    | PRAISE_WORDS
    | GOOD
    | BAD
    | words(
        "life nature little stuff start turns appreciate others taking given having seems looks"
        " people everyone everybody someone winning losing hard tough friends kids teamwork support"
        " practice progress small big such special memories moments values passion balance change"
        " changes honesty kindness patience rest sleep water plenty rain snow weather sunny hiking"
        " words luck success failure traffic prices folks volunteers guests customers lots apart"
        " thinking two three four five six seven eight nine ten several both each most many"
    )
)
ENDINGS = ("ing", "ness", "tion", "ment", "ship", "ence", "ance", "ism", "less", "ful")


def is_ordinary(word: str) -> bool:
    """Whether a lower-case word is known not to be a name."""
    return (
        not is_content(word)
        or word.startswith("every")
        or word in TIME_WORDS
        or word in ORDINARY
        or word.endswith(ENDINGS)
        or is_adverb(word)
    )
