"""What speaks for a message as the answer to a question, each as numbers of about 0 to 1.

Sources: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009),
for the rarity and length of words; the other signals were measured, see docs/search.md.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from convoai.search.asking import ASKING_PERSON, name_words
from convoai.search.dates import NamedDate, dates_in

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from convoai.search.lexing import Prepared
    from convoai.search.question import Question
    from convoai.search.rows import Rows

    Numbers = NDArray[np.float64]

# BM25 for words that count once: how fast length makes a message less likely.
K1, B = 0.9, 0.4
FORMS_SCALE = 5.0
MEANING_SCALE = 8.0
# From here on a longer message says no more.
LONGEST = 6.0
NEAR_DAYS = 5.0
DAY = 86_400.0
REACH = 2


class Around:
    """Shifts values to the neighbours of the same talk."""

    def __init__(self, rows: Rows) -> None:
        import numpy as np

        self.beside: dict[int, NDArray[Any]] = {}
        for step in range(1, REACH + 1):
            close = (rows.talk[step:] == rows.talk[:-step]) & (
                rows.position[step:] - rows.position[:-step] <= step + REACH
            )
            self.beside[step] = np.asarray(close, dtype=float)

    def at(self, values: Numbers, step: int) -> Numbers:
        """For each message the value of the one `step` places later (earlier if negative)."""
        import numpy as np

        moved = np.zeros_like(values, dtype=float)
        size = abs(step)
        if size >= values.shape[-1]:
            return moved
        if step > 0:
            moved[..., :-size] = values[..., size:] * self.beside[size]
        else:
            moved[..., size:] = values[..., :-size] * self.beside[size]
        return moved


def signals(rows: Rows, prepared: Prepared, question: Question) -> dict[str, Numbers]:
    """Each signal's value for each message, by the signal's name."""
    import numpy as np

    around = Around(rows)
    speakers = speaker_signal(rows, prepared)
    names = words_of_speakers(rows, prepared)
    content = [not name_words(term.word) <= names for term in prepared.terms]
    chosen = np.array(content if any(content) else [True] * len(content), dtype=bool)
    found: dict[str, Numbers] = {"speaker": speakers}
    found["named_partner"] = named_partner_signal(rows, prepared)
    found |= word_signals(rows, around, chosen)
    asked = rows.is_question.astype(float)
    found["is_question"] = asked
    found["has_question"] = rows.has_question.astype(float)
    found["after_question"] = around.at(asked, -1)
    found["length"] = np.asarray(np.minimum(np.log1p(rows.size), LONGEST), dtype=float)
    found["opening"] = (rows.position < REACH).astype(float)
    found["time"] = rows.tells_time.astype(float)
    found["looked_up"] = found["words"] * (not question.is_asking)
    dates = dates_in(question.text)
    found["near_date"], found["in_month"] = date_signals(rows.moment, dates)
    if not np.isnan(rows.meaning).all():
        found |= meaning_signals(rows, around, asked)
    return found


def word_signals(rows: Rows, around: Around, chosen: Any) -> dict[str, Numbers]:
    """How much of the question's words a message holds, and its neighbours, and its talk.

    `chosen`: which terms count.
    """
    import numpy as np

    known = rows.frequencies
    alike, chosen = chosen & (known.forms > 0), chosen & (known.holds > 0)
    used = rows.holds[chosen].astype(float)
    rarity = rarities(known.holds[chosen], known.messages)[:, None]
    total = max(rarity.sum(), 1e-9)
    length = K1 * (1 - B + B * rows.words / max(rows.words.mean(), 1.0))
    here = (rarity * (K1 + 1) * used / (used + length)).sum(axis=0) / total
    weights = used * rarity
    before, after = around.at(weights, -1), around.at(weights, 1)
    wide = np.maximum.reduce(
        [weights, before, after, around.at(weights, -2), around.at(weights, 2)]
    )
    asked = rows.is_question.astype(float)
    other = rarities(known.forms[alike], known.messages)[:, None] * rows.forms[alike]
    other = other.sum(axis=0) / FORMS_SCALE
    return {
        "words": here,
        "words_before": around.at(here, -1),
        "words_after": around.at(here, 1),
        "words_two_before": around.at(here, -2),
        "words_two_after": around.at(here, 2),
        "asked_before": around.at(here * asked, -1),
        "asked_after": around.at(here * asked, 1),
        "around": wide.sum(axis=0) / total,
        "with_previous": np.maximum(weights, before).sum(axis=0) / total,
        "talk": talk_signal(rows.talk, used, known.talks),
        "forms": other,
        "forms_beside": around.at(other, -1) + around.at(other, 1),
    }


def rarities(frequent: Any, count: int) -> Numbers:
    """BM25's idf of words that so many of all messages hold."""
    import numpy as np

    found: Numbers = np.log(1 + (count - frequent + 0.5) / (frequent + 0.5))
    return found


def talk_signal(talk: NDArray[Any], used: Numbers, count: int) -> Numbers:
    """How much of the question's words the whole talk holds, for each of its messages.

    `count`: the number of talks in scope.
    """
    import numpy as np

    if not len(used):
        return np.zeros(len(talk))
    talks, place = np.unique(talk, return_inverse=True)
    held = np.stack([np.bincount(place, row, len(talks)) for row in used])
    rarity = rarities((held > 0).sum(axis=1), count)[:, None]
    share = (rarity * held / (held + K1)).sum(axis=0) / max(rarity.sum(), 1e-9)
    found: Numbers = share[place]
    return found


def meaning_signals(rows: Rows, around: Around, asked: Numbers) -> dict[str, Numbers]:
    """The cosine of question and message, of its neighbours, and the best three of its talk."""
    import numpy as np

    here = np.nan_to_num(rows.meaning) * MEANING_SCALE
    starts = np.flatnonzero(np.r_[True, rows.talk[1:] != rows.talk[:-1]])
    best = [float(np.sort(part)[-3:].mean()) for part in np.split(here, starts[1:])]
    return {
        "meaning": here,
        "meaning_before": around.at(here, -1),
        "meaning_after": around.at(here, 1),
        "meaning_two_before": around.at(here, -2),
        "meaning_two_after": around.at(here, 2),
        "meaning_asked_before": around.at(here * asked, -1),
        "meaning_talk": np.repeat(best, np.diff(np.r_[starts, len(here)])),
    }


def speaker_names(rows: Rows, prepared: Prepared) -> tuple[list[bool], dict[str, bool]]:
    """For each message whether the question names its speaker; and the same per label."""
    asked = prepared.names
    labels = {label: bool(name_words(label) & asked) for label in set(rows.speaker)}
    user_is_named = bool(prepared.user_names & asked) or ASKING_PERSON in asked
    named = []
    for label, is_user, partner in zip(rows.speaker, rows.is_user, rows.partner, strict=True):
        if label:
            named.append(labels[label] or (bool(is_user) and ASKING_PERSON in asked))
        elif is_user:
            named.append(user_is_named)
        else:
            named.append(int(partner) in prepared.named_partners)
    return named, labels


def speaker_signal(rows: Rows, prepared: Prepared) -> Numbers:
    """1 where the question names the speaker alone, -1 where it names another of these talks."""
    import numpy as np

    named = np.array(speaker_names(rows, prepared)[0], dtype=bool)
    found = np.zeros(len(rows))
    for partner in np.unique(rows.partner):
        own = rows.partner == partner
        if named[own].any() and not named[own].all():
            found[own] = np.where(named[own], 1.0, -1.0)
    return found


def named_partner_signal(rows: Rows, prepared: Prepared) -> Numbers:
    """1 in talks with a partner whom the question names, by the partner's name or by a label."""
    import numpy as np

    named = np.array(speaker_names(rows, prepared)[0], dtype=bool)
    partners = {*prepared.named_partners, *rows.partner[named & ~rows.is_user].tolist()}
    found: Numbers = np.isin(rows.partner, list(partners)).astype(float)
    return found


def words_of_speakers(rows: Rows, prepared: Prepared) -> frozenset[str]:
    """Words of the question that only say who speaks."""
    _, labels = speaker_names(rows, prepared)
    words = {word for label, is_named in labels.items() if is_named for word in name_words(label)}
    words |= prepared.user_names | prepared.partner_names
    return frozenset(words & prepared.names) | {"s"}


def date_signals(moment: Numbers, dates: list[NamedDate]) -> tuple[Numbers, Numbers]:
    """Nearness to a named day (1 on it, less before and long after), and being in a month."""
    import numpy as np

    near, inside = np.zeros(len(moment)), np.zeros(len(moment))
    if not dates:
        return near, inside
    day = moment.astype("datetime64[s]").astype("datetime64[D]")
    year = day.astype("datetime64[Y]").astype(int) + 1970
    month = day.astype("datetime64[M]").astype(int) % 12 + 1
    for date in dates:
        if date.day:
            for at in date.moments(range(int(year.min()) - 1, int(year.max()) + 2)):
                days = np.floor(moment / DAY) - math.floor(at / DAY)
                away = np.where(days >= 0, days, 1 - 2 * days)
                near = np.maximum(near, np.exp(-away / NEAR_DAYS))
        elif date.month:
            fits = (month == date.month) & ((date.year == 0) | (year == date.year))
            inside = np.maximum(inside, fits)
        else:
            inside = np.maximum(inside, 0.3 * (year == date.year))
    return near, inside
