"""A speaker's statement as a predicate of the third person: "I've moved" becomes "has moved"."""

from __future__ import annotations

from collections.abc import Sequence

from convoai.analysis.offline.clauses import Clause
from convoai.analysis.offline.lexicon import words
from convoai.analysis.offline.rendering import Renderer
from convoai.analysis.offline.verbs import SAME_FORM, after_she, is_adverb, is_participle
from convoai.analysis.offline.words import Word

NEGATED = {
    "don't": "does not", "haven't": "has not", "can't": "cannot", "won't": "will not",
    "aren't": "is not", "weren't": "was not", "didn't": "did not", "wasn't": "was not",
    "couldn't": "could not", "wouldn't": "would not", "shouldn't": "should not",
    "hadn't": "had not", "ain't": "is not", "been": "has been", "wanna": "wants to",
    "gotta": "has to", "gonna": "is going to", "better": "had better", "bet": "bets",
}  # fmt: skip
NO_VERBS = words("for in on at to with of and or but the a an by from as if it that this i my")
STATES = words("glad happy excited busy ready sure proud sorry")
SPANS = words("day week weekend month year time morning summer winter")
REGULARLY = words("usually often always sometimes generally regularly normally")
SECOND_VERBS = words(
    "go take love enjoy want hope think feel try plan live work play make run know get spend need"
    " tell cook eat watch listen swim sing teach help bake hang stay keep do use see meet relax"
)


def predicate_of(clause_words: Sequence[Word], at: int, renderer: Renderer) -> str:
    """The verb after I or we in the third person, and all that follows."""
    subject = clause_words[at].lower
    rest = at + 1
    following = next((w.lower for w in clause_words[rest:] if not is_adverb(w.lower)), "")
    if subject.startswith("we") and clause_words[rest : rest + 1]:
        following = following if clause_words[rest].lower not in {"all", "both"} else "all"
    had = "had" if is_participle(following) or following == "better" else "would"
    contracted = {
        "i'm": "is", "we're": "is", "im": "is", "i've": "has", "we've": "has", "ive": "has",
        "i'll": "will", "we'll": "will", "i'd": had, "we'd": had,
    }  # fmt: skip
    if subject in contracted:
        rest += subject.startswith("we") and following in {"all", "both"}
        return f"{contracted[subject]} {renderer.span(rest, len(clause_words))}".strip()
    lead = rest
    if (
        subject == "we"
        and clause_words[rest : rest + 1]
        and clause_words[rest].lower in {"all", "both"}
    ):
        lead = rest = rest + 1
    while rest < len(clause_words) - 1 and is_adverb(clause_words[rest].lower):
        rest += 1
    if rest >= len(clause_words):
        return ""
    verb = clause_words[rest].lower
    if verb in NO_VERBS:
        return ""
    said = NEGATED.get(verb) or after_she(verb)
    if verb in SAME_FORM and any(word.lower in REGULARLY for word in clause_words[at:rest]):
        said = f"{verb}s"
    tail = _tail(clause_words, rest, renderer, said)
    adverbs = renderer.span(lead, rest)
    parts = ("has", adverbs, "been") if verb == "been" else (adverbs, said)
    head = " ".join(part for part in parts if part)
    gap = renderer.gap_before(clause_words[rest + 1]) if rest + 1 < len(clause_words) else ""
    return f"{head}{gap if gap.strip() else ' '}{tail}" if tail else head


def _tail(clause_words: Sequence[Word], verb_at: int, renderer: Renderer, said: str) -> str:
    """What follows the verb; "love it and go daily" becomes "loves it and goes daily"."""
    verb = clause_words[verb_at].lower
    begin = verb_at + 1
    if said == verb or verb in NEGATED or verb in {"do", "am", "are"}:
        return renderer.span(begin, len(clause_words))
    pieces = []
    for place in range(begin, len(clause_words) - 1):
        if clause_words[place].lower != "and" or place < begin:
            continue
        at = (
            place + 1 + (place + 2 < len(clause_words) and is_adverb(clause_words[place + 1].lower))
        )
        if clause_words[at].lower in SECOND_VERBS:
            pieces.append(renderer.span(begin, at))
            pieces.append(after_she(clause_words[at].lower))
            begin = at + 1
    return " ".join([*pieces, renderer.span(begin, len(clause_words))]).strip()


def predicate_of_dropped(clause: Clause, renderer: Renderer) -> str:
    """A statement without its subject: "Been busy", "Went home", "Can't wait"."""
    rest = 0
    found = clause.words
    while rest < len(found) - 1 and is_adverb(found[rest].lower):
        rest += 1
    verb = found[rest].lower
    if verb == "been" and _is_span(found[rest + 1 :]):
        said = "has had"
    elif verb.endswith("ing") or verb in STATES:
        said = f"is {verb}"
    else:
        said = NEGATED.get(verb) or after_she(verb)
    be, _, rest_said = said.partition(" ")
    lead = renderer.span(0, rest).lower()
    split = be == "is" or rest_said == "been"
    parts = (be, lead, rest_said) if split else (lead, said)
    return " ".join(part for part in (*parts, renderer.span(rest + 1, len(found))) if part)


def _is_span(after: Sequence[Word]) -> bool:
    """Whether "been" tells of a time: "Been a busy week"."""
    lower = [word.lower for word in after[:5]]
    return bool(lower) and lower[0] in {"a", "quite", "such"} and bool(SPANS & set(lower))
