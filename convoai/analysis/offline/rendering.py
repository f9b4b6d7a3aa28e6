"""Words of a clause written out for a third reader: they for I, names for you, dates for times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from convoai.analysis.offline.clauses import Clause
from convoai.analysis.offline.kinds import FEELINGS
from convoai.analysis.offline.lexicon import (
    NEGATIONS,
    PRAISE_WORDS,
    SPEAKER_WORDS,
    THIRD_WORDS,
    words,
)
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
OF_LISTENER = {
    "you": "they", "u": "they", "your": "their", "yours": "theirs", "you're": "they are",
    "you've": "they have", "you'll": "they will", "you'd": "they would", "yourself": "themselves",
}  # fmt: skip
AFTER_YOU = words("know think see say want need like love do go get make look sound feel")
AFTER_NAME = {verb: after_she(verb) for verb in AFTER_YOU} | {
    "are": "is", "were": "was", "have": "has", "aren't": "isn't", "haven't": "hasn't",
}  # fmt: skip
# Add nothing to what is told, unless a "not" stands before them.
INTENSIFIERS = words(
    "really super totally definitely actually honestly literally absolutely truly basically"
    " seriously so"
)
AFTER_SO = (
    FEELINGS
    | PRAISE_WORDS
    | words(
        "good bad hard tough close important special cute delicious peaceful beautiful"
        " lucky exciting rewarding relaxing calming helpful supportive kind cozy scary weird funny"
    )
)
DENYING = NEGATIONS | words("if as how more")
# After these a verb keeps its plain form: "let you know".
CAUSING = words("let make help see hear watch have lets makes helps making letting helping")


@dataclass(frozen=True, slots=True)
class Names:
    """What to call the listener and, where the fact is about a third person, the speaker."""

    listener: str = ""
    speaker: str = ""
    # Whether the one spoken to is the subject, so that "your" is theirs.
    of_listener: bool = False


def _idle(words: Sequence[Word]) -> set[int]:
    """Where words stand that only add weight: "a really good book"."""
    found = set()
    for place, word in enumerate(words[:-1]):
        if word.lower not in INTENSIFIERS:
            continue
        before = words[place - 1].lower if place else ""
        joined_up = words[place + 1].start == word.end + 1 and (
            place == 0 or words[place - 1].end + 1 == word.start
        )
        if not joined_up or before in DENYING or before.endswith("n't"):
            continue
        after = [following.lower for following in words[place + 1 : place + 5]]
        if word.lower != "so" or (after[0] in AFTER_SO and "that" not in after):
            found.add(word.start)
    return found


class Renderer:
    """Renders words of one clause: the speaker as they, names for you, dates for times."""

    def __init__(self, clause: Clause, names: Names, moments: Sequence[Moment]) -> None:
        self.clause = clause
        self.names = names
        self.idle = _idle(clause.words)
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
        chosen = self.clause.words[begin:end]
        for place, word in enumerate(chosen):
            if word.start in self.covered or word.start in self.idle:
                continue
            caused = place > 0 and chosen[place - 1].lower in CAUSING
            moment = self.first.get(word.start)
            text = self._time(moment) if moment else self._word(word, named)
            if own and word.lower == "was":
                text = "were"
            own = word.lower == "i" and not self.names.speaker
            pieces.append((self.gap_before(word) if pieces else "") + text)
            named = bool(self.names.listener) and word.lower in {"you", "u"} and not caused
        return "".join(pieces)

    def _time(self, moment: Moment) -> str:
        """The time as told; without its "in" where it is the subject: "last winter was icy"."""
        words = self.clause.words
        after = words[moment.last + 1].lower if moment.last + 1 < len(words) else ""
        if moment.first == 0 and after in {"was", "is", "has", "will"}:
            return moment.text.removeprefix("in ").removeprefix("on ")
        return moment.text

    def gap_before(self, word: Word) -> str:
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
        if lower in THIRD_WORDS and word.start > self.clause.start:
            return word.text.lower()
        return self._listener(lower) or word.text

    def _listener(self, lower: str) -> str:
        """The listener by name, where "you" is meant for them."""
        if self.names.of_listener:
            return OF_LISTENER.get(lower, "")
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
