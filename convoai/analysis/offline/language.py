"""Whether words are English, by the small words that hold a sentence together."""

from __future__ import annotations

from collections.abc import Sequence

from convoai.analysis.offline.lexicon import PLAIN_WORDS, TIME_WORDS, words

# English, and common in other languages as well.
SHARED = words(
    "in was so also will am an on me as do no or a man to by of over all at art time life new super"
    " hat die war come a on an for september november april august may"
)
ENGLISH = (PLAIN_WORDS | TIME_WORDS) - SHARED
FOREIGN = words(
    # German, Dutch
    "ich du er wir ihr und oder aber nicht ist sind bin habe hab haben der das dem den ein eine"
    " einen einer mein meine meinen meiner mit für von zu zum zur auf im als auch wie sehr noch"
    " heißt heisst ik een het niet van ook voor zijn heb mijn"
    # French
    " je tu nous vous est suis sont les des une mon mes dans pour avec que qui pas très j'ai c'est"
    " j'habite j'aime"
    # Spanish, Portuguese, Italian
    " yo los una con para soy muy pero porque estoy tengo vivo mi hermana eu não uma com sou meu"
    " minha io sono che ho mio mia della nel anche"
)
# English where nothing speaks for another language.
SIGNS = words("to of for by at such each every all me no time life new")
ENDINGS = ("ing", "n't", "'s", "'re", "'ll", "ful")
# So many words without one of English's small words are of another language.
ENOUGH = 5


def is_english(lower: Sequence[str]) -> bool:
    """Whether a clause (words in lower case) reads as English; a short one without a sign does."""
    known = sum(word in ENGLISH for word in lower)
    foreign = sum(word in FOREIGN for word in lower)
    if known or foreign:
        return foreign <= known
    return len(lower) < ENOUGH or any(w in SIGNS or w.endswith(ENDINGS) for w in lower)
