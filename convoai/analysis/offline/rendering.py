"""Words of a clause written out for a third reader: they for I, names for you, dates for times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from convoai.analysis.offline.clauses import Clause
from convoai.analysis.offline.lexicon import SPEAKER_WORDS, words
from convoai.analysis.offline.times import Moment
from convoai.analysis.offline.verbs import after_she
from convoai.analysis.offline.words import Word

OWN = {
    "my": "their", "mine": "theirs", "me": "them", "myself": "themselves", "our": "their",
    "ours": "theirs", "us": "them", "ourselves": "themselves", "i": "they", "we": "they",
    "i'm": "they are", "we're": "they are", "i've": "they have", "we've": "they have",
    "i'll": "they will", "we'll": "they will", "i'd": "they would", "we'd": "they would",
    "im": "they are", "ive": "they have", "am": "are",
}  # fmt: skip
INFORMAL = {"gonna": "going to", "wanna": "want to", "gotta": "got to", "kinda": "kind of"}
YOU_ARE = {"you're": "is", "you've": "has", "you'll": "will", "you'd": "would"}
AFTER_YOU = words("know think see say want need like love do go get make look sound feel")
AFTER_NAME = {verb: after_she(verb) for verb in AFTER_YOU} | {
    "are": "is", "were": "was", "have": "has", "aren't": "isn't", "haven't": "hasn't",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """What to call the listener and, where the fact is about a third person, the speaker."""

    listener: str = ""
    speaker: str = ""


class Renderer:
    """Renders words of one clause: the speaker as they, names for you, dates for times."""

    def __init__(self, clause: Clause, names: Names, moments: Sequence[Moment]) -> None:
        self.clause = clause
        self.names = names
        inside = [moment for moment in moments if moment.last < len(clause.words)]
        self.first = {clause.words[moment.first].start: moment for moment in inside}
        self.covered = {
            clause.words[place].start
            for moment in inside
            for place in range(moment.first + 1, moment.last + 1)
        }

    def span(self, begin: int, end: int) -> str:
        """Words begin to end, with the signs between them."""
        pieces: list[str] = []
        named = own = False
        for word in self.clause.words[begin:end]:
            if word.start in self.covered:
                continue
            moment = self.first.get(word.start)
            text = moment.text if moment else self._word(word, named)
            if own and word.lower == "was":
                text = "were"
            own = word.lower == "i" and not self.names.speaker
            pieces.append((self._gap_before(word) if pieces else "") + text)
            named = bool(self.names.listener) and word.lower in {"you", "u"}
        return "".join(pieces)

    def _gap_before(self, word: Word) -> str:
        sentence = self.clause.sentence
        at = word.start - sentence.start
        back = at
        while back > 0 and not sentence.text[back - 1].isalnum() and at - back < 4:
            back -= 1
        return sentence.text[back:at] or " "

    def _word(self, word: Word, after_you: bool) -> str:
        lower = word.lower
        if after_you and lower in AFTER_NAME:
            return AFTER_NAME[lower]
        if after_you and lower in {"two", "guys", "all", "both"}:
            return ""
        if self.names.speaker and lower in SPEAKER_WORDS:
            return self._speaker(lower)
        if lower in OWN:
            return OWN[lower]
        if lower in INFORMAL:
            return INFORMAL[lower]
        return self._listener(lower) or word.text

    def _listener(self, lower: str) -> str:
        """The listener by name, where "you" is meant for them."""
        name = self.names.listener
        if not name:
            return ""
        if lower in YOU_ARE:
            return f"{name} {YOU_ARE[lower]}"
        if lower in {"your", "yours"}:
            return f"{name}'s"
        return name if lower in {"you", "u"} else ""

    def _speaker(self, lower: str) -> str:
        """The speaker by name, where they would be somebody else."""
        if lower in {"my", "our", "mine", "ours"}:
            return f"{self.names.speaker}'s"
        if "'" in lower:
            return f"{self.names.speaker} {OWN.get(lower, 'they are').split()[1]}".replace(
                " are", " is"
            ).replace(" have", " has")
        return self.names.speaker
