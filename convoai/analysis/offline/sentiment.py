"""The mood of a talk, by its words."""

from __future__ import annotations

from collections.abc import Sequence

from convoai.analysis.offline.lexicon import NEGATIONS, words
from convoai.analysis.offline.reading import ReadTurn
from convoai.analysis.result import Sentiment

GOOD = words(
    "love loved lovely great good nice awesome amazing wonderful happy glad excited fun enjoy"
    " enjoyed beautiful fantastic proud thankful grateful thrilled best perfect win won success"
    " successful delighted relaxing peaceful inspiring sweet blessed congratulations congrats"
    " yay hooray joy excellent brilliant better improved fine pleased relieved hope hopeful"
)
BAD = words(
    "sad bad awful terrible horrible hate hated angry upset worried worry scared afraid lost died"
    " death sick pain hurt hard tough rough difficult stressed stressful tired exhausted frustrated"
    " frustrating disappointed disappointing lonely depressed anxious worse worst broke broken"
    " failed fail struggle struggling grief miss accident divorce fired cried crying nervous"
    " unfortunately overwhelmed problem problems wrong annoying"
)
LEAST = 0.02


def sentiment_of(talk: Sequence[ReadTurn]) -> Sentiment:
    """Positive, negative, mixed or neutral; unknown where nothing was said."""
    good = bad = total = 0
    for read in talk:
        denied = 0
        for word in read.words:
            total += 1
            denied = 3 if word.lower in NEGATIONS or word.lower.endswith("n't") else denied - 1
            if word.lower in GOOD:
                good, bad = (good, bad + 1) if denied > 0 else (good + 1, bad)
            elif word.lower in BAD and denied <= 0:
                bad += 1
    if not total:
        return "unknown"
    if (good + bad) / total < LEAST and good + bad < 3:
        if good > bad:
            return "positive" if good and total < 60 else "neutral"
        return "negative" if bad and total < 60 else "neutral"
    share = good / (good + bad)
    if share >= 0.65:
        return "positive"
    return "negative" if share <= 0.35 else "mixed"
