"""What must not be taken at its word: questions, conditions, wishes, reports, jokes, quotations."""

from __future__ import annotations

from collections.abc import Sequence

from convoai.analysis.offline.lexicon import I_WORDS, NEGATIONS, PLAIN_WORDS, QUESTION_WORDS, words
from convoai.analysis.offline.sentences import Sentence

OPENING_MARKS = ('"', "“", "«")
CONDITIONS = words("if unless suppose supposing imagine pretend assuming hypothetically whether")
JOKE_WORDS = words("kidding joking jk sarcasm sarcastic")
JOKE_SIGNS = ("/s", "😜", "🤪", "😉", ";)", ";-)")
REPORTERS = words(
    "he she they it everyone everybody someone somebody people mom mum dad doctor boss friend wife"
    " husband sister brother teacher horoscope rumour rumor"
)
REPORT_VERBS = words(
    "said says say told tells claimed claims thinks thought joked insists insisted reckons"
    " believes believed heard read apparently allegedly supposedly"
)
WISHES = (
    "i wish", "i'd love", "i would love", "i'd like", "i would like", "i want", "i hope",
    "i'd rather", "hoping to", "i dream", "my dream", "dreaming of", "i'm dreaming", "if only",
    "i wanna", "we want", "we hope", "we'd love", "we'd like", "i'm hoping", "we're hoping",
    "i've always wanted", "i always wanted", "can't wait",
)  # fmt: skip
ASKING_VERBS = words("do does did are is was were have has can could will would should may am")
FORMER = (
    "used to", "no longer", "not anymore", "any more", "anymore", "formerly", "back when",
    "as a kid", "as a child", "when i was", "my ex",
)  # fmt: skip


def joined(lower: Sequence[str]) -> str:
    """Words with one space around each, so that phrases are found as whole words."""
    return f" {' '.join(lower)} "


def has_phrase(text: str, phrases: Sequence[str]) -> bool:
    return any(f" {phrase} " in text for phrase in phrases)


def is_asked(sentence: Sentence) -> bool:
    """Whether it is a question, with or without its mark."""
    lower = [word.lower for word in sentence.words]
    if sentence.is_question:
        return True
    return (
        len(lower) > 2
        and lower[0] in ASKING_VERBS
        and lower[1] in {"you", "we", "i", "they", "he", "she", "your"}
    ) or (len(lower) > 1 and lower[0] in QUESTION_WORDS - {"when"} and lower[1] in ASKING_VERBS)


def is_conditional(lower: Sequence[str]) -> bool:
    """Whether it holds only under a condition."""
    text = joined(lower)
    return any(word in CONDITIONS for word in lower) or has_phrase(
        text,
        ("would have", "could have", "should have", "as if", "let's say", "what if", "as though"),
    )


def is_wish(lower: Sequence[str]) -> bool:
    return has_phrase(joined(lower), WISHES)


def is_negated(lower: Sequence[str]) -> bool:
    return any(word in NEGATIONS or word.endswith("n't") for word in lower)


def is_former(lower: Sequence[str]) -> bool:
    """Whether it was so once, and need not be now."""
    return has_phrase(joined(lower), FORMER)


def is_joke(sentence: Sentence, after: Sentence | None = None) -> bool:
    """Whether it is taken back as a joke, here or in the next sentence."""
    if any(sign in sentence.text for sign in JOKE_SIGNS):
        return True
    if any(word.lower in JOKE_WORDS for word in sentence.words):
        return True
    return after is not None and len(after.words) <= 5 and is_joke(after)


def is_reported(lower: Sequence[str]) -> bool:
    """Whether somebody else is said to say it: "he told me I ...", "they say that ..."."""
    for place, word in enumerate(lower[:6]):
        if word not in REPORT_VERBS:
            continue
        if word in {"apparently", "allegedly", "supposedly"}:
            return True
        before = lower[max(0, place - 3) : place]
        if word in {"heard", "read"}:
            return lower[place + 1 : place + 2] == ["that"] or "somewhere" in lower
        # A name: "Karim said, ..."
        if place == 1 and before[0] not in PLAIN_WORDS and not before[0].endswith("ly"):
            return True
        if (
            before
            and before[-1] not in {"i", "we", "i've", "we've"}
            and (any(w in REPORTERS for w in before) or before[0] in {"my", "our", "the"})
        ):
            return True
    return False


def is_quotation(sentence: Sentence) -> bool:
    """Whether the first person stands inside quotation marks only, so speaks for another."""
    quoted = quoted_words(sentence)
    own = [word.start in quoted for word in sentence.words if word.lower in I_WORDS]
    return bool(quoted) and bool(own) and all(own)


def quoted_words(sentence: Sentence) -> set[int]:
    """Where words stand inside quotation marks, of quotations longer than a title's two words."""
    if not any(sign in sentence.text for sign in OPENING_MARKS):
        return set()
    found: list[list[int]] = []
    is_open = False
    at = sentence.start
    for word in sentence.words:
        for sign in sentence.text[at - sentence.start : word.start - sentence.start]:
            if sign in OPENING_MARKS or sign in "”»":
                is_open = sign not in "”»" and not (sign == '"' and is_open)
                found.append([])
        if is_open:
            found[-1].append(word.start)
        at = word.end
    return {start for run in found if len(run) > 2 for start in run}
