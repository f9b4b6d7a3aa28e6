"""The part of a sentence that says something, and who it is said of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from convoai.analysis.offline import lexicon as lex
from convoai.analysis.offline.lexicon import words
from convoai.analysis.offline.sentences import Sentence
from convoai.analysis.offline.verbs import is_adverb, is_past
from convoai.analysis.offline.words import Word

Subject = Literal["speaker", "owned", "dropped", "other", "listener"]

# Taken off the front wherever they stand.
FILLERS = words(
    "and but so oh ah aw aww well also plus yeah yep yes yup yea haha hahaha lol hmm um uh umm er"
    " anyway anyways ok okay hey hi hello wow woah whoa ooh hah ha guess btw besides nah"
)
# Taken off the front only before a comma, dash or exclamation mark.
OPENERS = words(
    "no thanks thank sure absolutely totally definitely exactly agreed honestly actually great cool"
    " nice awesome amazing congrats right true indeed too now look see listen seriously sorry"
    " congratulations perfect sweet sounds good luckily unfortunately sadly overall basically"
    " however though still first second finally recently lately lovely morning evening same"
)
_OPENINGS = (
    "by the way, to be honest, you know, you know what, i mean, guess what, as you know,"
    " thank you, thanks a lot, thanks so much, thank you so much, of course, for sure, no"
    " worries, no problem, sounds good, good to see you, that's great, that's awesome, in"
    " fact, as for me, not much, same here, on another note, on a different note, for example,"
    " for instance, on the bright side, on a bright side, on the other hand, in other news, to"
    " be fair, long story short, long time no see, good to hear from you, great to hear from you,"
    " good to see you, great to see you, nice to hear from you, no way, way to go, so cool,"
    " guess so, same to you, you're right, you bet, you got it, you're welcome, i agree, i see,"
    " i know, i know right, wouldn't you know it, appreciate it, much appreciated"
)
# By their first word.
OPENING_PHRASES: dict[str, list[list[str]]] = {}
for _phrase in _OPENINGS.split(", "):
    OPENING_PHRASES.setdefault(_phrase.split()[0], []).append(_phrase.split())
LONGEST_OPENING = 5
SORRY = words("sorry glad happy good great nice")
CLAUSE_STARTS = words("i i'm i've i'd i'll we we're we've we'd we'll my our im ive")
# Before the subject these begin an adjunct: "Last week I ...", "After the storm, we ...".
ADJUNCTS = words(
    "last next this yesterday today tonight tomorrow after before since during in on at every when"
    " as while until for with at recently lately once now two three four five six seven eight nine"
    " ten a an one some sometimes usually besides because although though whenever back over"
)
DROPPED = words(
    "been gonna going planning looking working thinking trying getting having feeling hoping just"
    " went had got did made took saw met started finished can't love loved loving enjoy enjoyed"
    " enjoying spent bought tried need want wanna glad happy excited moved joined signed decided"
    " booked learned learning doing playing reading watching writing making taking can't couldn't"
    " gotta hope hoping haven't hadn't never appreciate wish hoped wanna wanted"
)
# Begin a clause whose subject is not the sentence's own.
SUBORDINATING = words(
    "since when after before while as than because although though that what how where who which"
    " why if until whenever"
)
JOINING = words("and but so then")
FINITE = words(
    "is are was were can could will would makes gives helps has isn't it's keeps brings takes means"
)
ARTICLES = words("this last next a an one two three four five six seven eight nine ten some")
CONDITIONS = words("if unless suppose supposing imagine assuming whether")
LONGEST_ADJUNCT = 9
LONGEST_COMPANY = 7
SHORTEST_REASON = 3
ORDERS = (lex.IMPERATIVES | words("leave please bring")) - words(
    "have be been just do thank thanks congrats"
)
FARTHEST_SUBJECT = 18


@dataclass(frozen=True, slots=True)
class Clause:
    """Words of one sentence from the first that matters on.

    `subject_at` is the place of the subject among the words; words before it are an adjunct.
    """

    sentence: Sentence
    words: tuple[Word, ...]
    subject: Subject
    subject_at: int

    @property
    def start(self) -> int:
        return self.words[0].start

    @property
    def end(self) -> int:
        return self.words[-1].end

    @property
    def lower(self) -> list[str]:
        return [word.lower for word in self.words]


def clause_of(sentence: Sentence, listener: str) -> Clause | None:
    """The telling part of a sentence; None when only openers stand in it."""
    found = list(sentence.words)
    begin = _after_openers(sentence, found, {name.lower() for name in listener.split()})
    found = _without_call(sentence, found[begin:], {name.lower() for name in listener.split()})
    if not found:
        return None
    subject, place, cut = _subject(sentence, found)
    if subject in {"speaker", "owned", "dropped"}:
        found = _without_order(sentence, found, cut)
    return Clause(sentence, tuple(found[cut:]), subject, place - cut)


def gap_after(sentence: Sentence, word: Word) -> str:
    """What stands between a word and the next one, up to three signs."""
    at = word.end - sentence.start
    rest = sentence.text[at : at + 3]
    for place, sign in enumerate(rest):
        if sign.isalnum():
            return rest[:place]
    return rest


def breaks(gap: str) -> bool:
    return any(sign in ',;:!?.-–—…()"' for sign in gap)


def _after_openers(sentence: Sentence, found: list[Word], names: set[str]) -> int:
    place = 0
    while place < len(found):
        lower = found[place].lower
        following = [word.lower for word in found[place : place + LONGEST_OPENING]]
        phrase = next(
            (p for p in OPENING_PHRASES.get(lower, ()) if following[: len(p)] == p),
            None,
        )
        if phrase and breaks(gap_after(sentence, found[place + len(phrase) - 1])):
            place += len(phrase)
        elif lower in FILLERS or (
            (lower in OPENERS or lower in names) and breaks(gap_after(sentence, found[place]))
        ):
            place += 1
        else:
            break
    return place


def _without_call(sentence: Sentence, found: list[Word], names: set[str]) -> list[Word]:
    """Without a name called at the end: "..., Ann"."""
    while len(found) > 1 and (
        (found[-1].lower in names and "," in gap_after(sentence, found[-2]))
        or found[-1].lower in {"haha", "lol", "too", "though"}
    ):
        found = found[:-1]
    return found


def _without_order(sentence: Sentence, found: list[Word], begin: int) -> list[Word]:
    """Without what the listener shall do because of it: "..., so leave them out"."""
    for place in range(begin + SHORTEST_REASON, len(found) - 1):
        if (
            found[place].lower == "so"
            and found[place + 1].lower in ORDERS
            and breaks(gap_after(sentence, found[place - 1]))
        ):
            return found[:place]
    return found


def _subject(sentence: Sentence, found: list[Word]) -> tuple[Subject, int, int]:
    """(kind of subject, its place, how many words to cut before)."""
    first = found[0].lower
    if first in lex.YOU_WORDS:
        return "listener", 0, 0
    if first in {"my", "our"}:
        return "owned", 0, 0
    if first in CLAUSE_STARTS:
        return "speaker", 0, 0
    place = _own_subject(sentence, found)
    if place is not None and _shares(sentence, found, place):
        return "owned", 0, 0
    if place is not None:
        parted = breaks(gap_after(sentence, found[place - 1])) or found[place - 1].lower in JOINING
        said_before = any(word.lower in FINITE for word in found[:place])
        subject: Subject = "owned" if found[place].lower in {"my", "our"} else "speaker"
        timed = any(word.lower in lex.TIME_WORDS for word in found[:place])
        if any(word.lower in CONDITIONS for word in found[:place]):
            # What holds under a condition is never told without it.
            return subject, place, 0
        short = place <= LONGEST_ADJUNCT
        leads_in = (short and (first in ADJUNCTS and (timed or first not in ARTICLES))) or (
            first.endswith("ing") and not said_before and parted
        )
        if leads_in and (subject == "speaker" or parted or _is_time(found[:place])):
            return subject, place, 0
        if parted and (place <= 7 or not short or first in lex.ANAPHORS):
            return subject, place, place
    doing = found[1].lower if is_adverb(first) and len(found) > 1 else first
    if doing.endswith("ing") and _has_verb_of_its_own(found[1:12]):
        return "other", 0, 0
    if (
        first in DROPPED
        or (is_past(first) and first != "let" and len(found) > 2)
        or (
            is_adverb(first)
            and len(found) > 2
            and (is_past(found[1].lower) or found[1].lower in DROPPED)
        )
    ):
        return "dropped", 0, 0
    return "other", 0, 0


def _shares(sentence: Sentence, found: list[Word], place: int) -> bool:
    """Whether others are the subject together with the speaker: "Some neighbours and I"."""
    return (
        1 < place < LONGEST_COMPANY
        and found[place].lower == "i"
        and found[place - 1].lower == "and"
        and not any(breaks(gap_after(sentence, word)) for word in found[:place])
        and not any(is_past(word.lower) or word.lower in lex.AUXILIARIES for word in found[:place])
    )


def _has_verb_of_its_own(after: list[Word]) -> bool:
    """Whether a doing is the subject: "painting helps me relax"."""
    lower = [word.lower for word in after]
    return any(
        word in FINITE or (word.endswith("s") and lower[at + 1 : at + 2] in (["me"], ["us"]))
        for at, word in enumerate(lower)
    )


def _own_subject(sentence: Sentence, found: list[Word]) -> int | None:
    """Where the speaker comes in as subject, after an adjunct or another clause."""
    inside = False
    for place, word in enumerate(found[:FARTHEST_SUBJECT]):
        parted = place > 0 and breaks(gap_after(sentence, found[place - 1]))
        inside = inside and not parted
        if word.lower not in CLAUSE_STARTS or place == 0 or inside:
            continue
        if found[place - 1].lower in SUBORDINATING:
            inside = True
            continue
        if word.lower in {"my", "our"} and not parted and not _is_time(found[:place]):
            continue
        return place
    return None


def _is_time(before: list[Word]) -> bool:
    """Whether only a time stands there: "Last week", "This morning"."""
    return all(word.lower in lex.TIME_WORDS or word.lower in ADJUNCTS for word in before) and any(
        word.lower in lex.TIME_WORDS for word in before
    )
