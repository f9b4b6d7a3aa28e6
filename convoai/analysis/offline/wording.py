"""From "I adopted him last March" to words that stand alone: the third person, no subject."""

from __future__ import annotations

from collections.abc import Sequence

from convoai.analysis.offline.clauses import Clause
from convoai.analysis.offline.times import Moment
from convoai.analysis.offline.verbs import after_she, is_adverb, is_participle
from convoai.analysis.offline.words import Word

OWN = {
    "my": "their", "mine": "theirs", "me": "them", "myself": "themselves", "our": "their",
    "ours": "theirs", "us": "them", "ourselves": "themselves", "i": "they", "we": "they",
    "i'm": "they are", "we're": "they are", "i've": "they have", "we've": "they have",
    "i'll": "they will", "we'll": "they will", "i'd": "they would", "we'd": "they would",
    "im": "they are", "ive": "they have", "am": "are",
}  # fmt: skip
INFORMAL = {"gonna": "going to", "wanna": "want to", "gotta": "got to", "kinda": "kind of"}
NEGATED = {
    "don't": "does not", "haven't": "has not", "can't": "cannot", "won't": "will not",
    "aren't": "is not", "weren't": "was not", "didn't": "did not", "wasn't": "was not",
    "couldn't": "could not", "wouldn't": "would not", "shouldn't": "should not",
    "hadn't": "had not", "ain't": "is not",
}  # fmt: skip
LONGEST_VALUE = 240


def worded(clause: Clause, listener: str, moments: Sequence[Moment] = ()) -> str:
    """The clause in the third person. Speaker's statements lose their subject; the listener is
    named; times told from the day of the talk become dates.
    """
    named = _Namer(clause, listener, moments)
    at = clause.subject_at
    if clause.subject == "speaker":
        body = _predicate(clause.words, at, named)
        before = named.span(0, at)
    elif clause.subject == "dropped":
        body, before = _predicate_of_dropped(clause, named), ""
    else:
        body, before = named.span(at, len(clause.words)), named.span(0, at)
    text = f"{body}, {before}" if before and _is_long(before) else f"{body} {before}".strip()
    return _shortened(" ".join(text.split()).strip(" ,;:-–—"))


def _is_long(before: str) -> bool:
    return len(before.split()) > 4


class _Namer:
    """Renders words of one clause: others' names, the speaker as they, dates for times."""

    def __init__(self, clause: Clause, listener: str, moments: Sequence[Moment]) -> None:
        self.clause = clause
        self.listener = listener
        self.first = {clause.words[m.first].start: m for m in moments if m.last < len(clause.words)}
        self.covered = {
            clause.words[place].start
            for m in moments
            if m.last < len(clause.words)
            for place in range(m.first + 1, m.last + 1)
        }

    def span(self, begin: int, end: int) -> str:
        """Words begin to end, with the signs between them."""
        pieces: list[str] = []
        for word in self.clause.words[begin:end]:
            if word.start in self.covered:
                continue
            moment = self.first.get(word.start)
            text = moment.text if moment else self._word(word)
            pieces.append((self._gap_before(word) if pieces else "") + text)
        return "".join(pieces)

    def _gap_before(self, word: Word) -> str:
        sentence = self.clause.sentence
        at = word.start - sentence.start
        back = at
        while back > 0 and not sentence.text[back - 1].isalnum() and at - back < 4:
            back -= 1
        return sentence.text[back:at] or " "

    def _word(self, word: Word) -> str:
        lower = word.lower
        if lower in OWN:
            return OWN[lower]
        if lower in INFORMAL:
            return INFORMAL[lower]
        if self.listener and lower in {"your", "yours"}:
            return f"{self.listener}'s"
        if self.listener and lower in {"you", "u"}:
            return self.listener
        if self.listener and lower in {"you're", "you've", "you'll", "you'd"}:
            return {"r": "is", "v": "has", "l": "will", "d": "would"}[lower[4]].join(
                (f"{self.listener} ", "")
            )
        return word.text


def _predicate(words: Sequence[Word], at: int, named: _Namer) -> str:
    """The verb after I or we in the third person, and all that follows."""
    subject = words[at].lower
    rest = at + 1
    lead: list[str] = []
    following = next((w.lower for w in words[rest:] if not is_adverb(w.lower)), "")
    contracted = {
        "i'm": "is", "we're": "is", "im": "is", "i've": "has", "we've": "has", "ive": "has",
        "i'll": "will", "we'll": "will",
        "i'd": "had" if is_participle(following) or following == "better" else "would",
        "we'd": "had" if is_participle(following) else "would",
    }  # fmt: skip
    if subject in contracted:
        return f"{contracted[subject]} {named.span(rest, len(words))}".strip()
    while rest < len(words) and is_adverb(words[rest].lower):
        lead.append(named.span(rest, rest + 1))
        rest += 1
    if rest >= len(words):
        return " ".join(lead)
    verb = words[rest].lower
    said = NEGATED.get(verb) or after_she(verb)
    present = said != verb and verb not in NEGATED
    tail = _tail(words, rest + 1, named, present)
    return " ".join([*lead, said, tail]).strip()


def _tail(words: Sequence[Word], begin: int, named: _Namer, present: bool) -> str:
    return named.span(begin, len(words))


def _predicate_of_dropped(clause: Clause, named: _Namer) -> str:
    """A statement without its subject: "Been busy", "Went home", "Can't wait"."""
    rest = 0
    words = clause.words
    while rest < len(words) - 1 and is_adverb(words[rest].lower):
        rest += 1
    verb = words[rest].lower
    tail = named.span(rest + 1, len(words))
    lead = named.span(0, rest)
    if verb == "been":
        said = "has been"
    elif verb == "gonna":
        said = "is going to"
    elif verb.endswith("ing") or verb in {"glad", "happy", "excited"}:
        said = f"is {verb}"
    else:
        said = NEGATED.get(verb) or after_she(verb)
    return " ".join(part for part in (lead.lower(), said, tail) if part)


def _shortened(text: str) -> str:
    if len(text) <= LONGEST_VALUE:
        return text
    return text[:LONGEST_VALUE].rpartition(" ")[0].rstrip(" ,;:-") + " …"
