"""Reading a phrase from a place on: a name, a place, a thing, something one does."""

from __future__ import annotations

from collections.abc import Callable

from convoai.analysis.offline.calendar_words import number_of
from convoai.analysis.offline.clauses import Clause, breaks, gap_after
from convoai.analysis.offline.lexicon import (
    AUXILIARIES,
    SPEAKER_WORDS,
    THIRD_WORDS,
    YOU_WORDS,
    words,
)
from convoai.analysis.offline.professions import is_profession
from convoai.analysis.offline.verbs import is_adverb

STOPS = (
    words(
        "and but or so because cause cuz since when while who that which where if although though"
        " until than as then before after with without for from at in on to by during about into"
        " near every all again now lately recently today yesterday tonight tomorrow soon anymore"
        " already last next this too also very right there here"
    )
    | SPEAKER_WORDS
    | YOU_WORDS
    | THIRD_WORDS
    | AUXILIARIES
)
DETERMINERS = words("a an the some my our any this that these those new other another")
MOST_WORDS = 6
# Begin a place of two words: "new york".
TWO_WORDED = words("new san los las buenos tel hong kuala cape south north")
NO_PLACES = words("fear hope peace poverty town luxury chaos denial tears work school home student")
CARELESS = words("i im i'm i've we we're we've my")
# Stand in front of a name with a full stop that ends nothing: "St. Olaf".
SHORTENED = words("st mt dr")

Reader = Callable[[Clause, int], int]


def text_between(clause: Clause, begin: int, end: int) -> str:
    """The clause as written, from word `begin` up to before word `end`."""
    offset = clause.sentence.start
    return clause.sentence.text[
        clause.words[begin].start - offset : clause.words[end - 1].end - offset
    ]


def _run(
    clause: Clause, begin: int, fits: Callable[[str, str], bool], most: int = MOST_WORDS
) -> int:
    """The place after the last word of a run that fits, not reaching over a comma."""
    end = begin
    while end < len(clause.words) and end - begin < most:
        word = clause.words[end]
        if not fits(word.text, word.lower):
            break
        end += 1
        gap = gap_after(clause.sentence, word).replace("-", "")
        initial = len(word.text) == 1 or word.lower in SHORTENED
        initial = initial and word.text[0].isupper() and gap.startswith(".")
        if breaks(gap) and not (initial and len(clause.words) > end):
            break
    return end


def read_name(clause: Clause, begin: int) -> int:
    """A proper name: words that begin with a capital."""
    end = _run(clause, begin, lambda text, lower: text[0].isupper() and lower not in STOPS, 3)
    return end


def read_place(clause: Clause, begin: int) -> int:
    """A place: a proper name, also "the Netherlands" or, all in small letters, one word."""
    start = begin + (clause.lower[begin : begin + 1] == ["the"])
    end = read_name(clause, start)
    if end > start:
        return end
    if start >= len(clause.words) or not _is_careless(clause):
        return begin
    lower = clause.words[start].lower
    if lower in TWO_WORDED and clause.lower[start + 1 : start + 2]:
        return start + 2 * (clause.lower[start + 1] not in STOPS)
    return start + (lower not in STOPS | DETERMINERS | NO_PLACES and len(lower) > 3)


def _is_careless(clause: Clause) -> bool:
    """Whether the sentence is written without capitals, but for its first letter."""
    return clause.sentence.text[1:].islower() and any(w.text in CARELESS for w in clause.words)


def place_name(text: str) -> str:
    """A place as it is written: "paris" and "PARIS" are Paris, "NYC" stays."""
    if not (text.islower() or text.isupper()) or (len(text) < 4 and text.isupper()):
        return text
    return " ".join(word.capitalize() if len(word) > 2 else word for word in text.split())


def read_thing(clause: Clause, begin: int) -> int:
    """A noun phrase, as far as words alone tell; "of" goes on, other prepositions end it."""

    def fits(text: str, lower: str) -> bool:
        return (lower not in STOPS and not is_adverb(lower)) or lower == "my"

    end = _run(clause, begin, fits)
    return begin if all(word in DETERMINERS for word in clause.lower[begin:end]) else end


def read_organisation(clause: Clause, begin: int) -> int:
    """Where one works: a proper name, or a thing with an article."""
    end = read_name(clause, begin)
    if end > begin:
        return end
    if clause.lower[begin : begin + 1] and clause.lower[begin] in {"a", "an", "the", "my", "our"}:
        end = read_thing(clause, begin)
        return end if end > begin + 1 else begin
    return begin


def read_profession(clause: Clause, begin: int) -> int:
    """A profession, with what stands before it: "head of design", "nurse", "data analyst"."""
    end = read_thing(clause, begin)
    for place in range(begin, end):
        if is_profession(clause.words[place].lower):
            return max(place + 1, begin + 1) if "of" not in clause.lower[begin:end] else end
    return begin


def read_doing(clause: Clause, begin: int) -> int:
    """Something one does: "hiking", "playing the cello", "to bake bread"."""
    at = begin + (clause.lower[begin : begin + 1] == ["to"])
    if at >= len(clause.words):
        return begin
    first = clause.words[at].lower
    if not (first.endswith("ing") and len(first) > 4) or first in NOT_DOING:
        return begin
    end = at + 1
    if end < len(clause.words) and clause.words[end].lower in UNFINISHED:
        return begin
    if end < len(clause.words) and not breaks(gap_after(clause.sentence, clause.words[at])):
        if clause.words[end].lower in {"in", "on", "with", "to", "for"}:
            after = read_thing(clause, end + 1)
            return after if end + 1 < after <= end + 4 else end
        return max(end, read_thing(clause, end))
    return end


# After these a doing is not told to its end: "learning how", "expressing myself".
UNFINISHED = (
    words(
        "how what where why who when that it them him her into through up out off down back over"
        " away along around past towards if whether myself ourselves others one"
    )
    | YOU_WORDS
    | THIRD_WORDS
)
NOT_DOING = words(
    "focusing improving becoming during according including regarding something anything nothing"
    " everything"
    " thing king evening morning being having"
    " seeing hearing knowing getting spring string ring feeling bring meeting wedding"
    " building ceiling clothing darling sibling caring thinking noticing making getting taking"
    " using doing going working trying starting giving helping talking spending looking coming"
    " putting keeping letting finding losing sharing wondering"
    " realizing realising hoping wanting needing"
)


INSTRUMENTS = words(
    "guitar piano violin cello drums flute saxophone trumpet clarinet bass ukulele harp viola"
    " trombone oboe accordion banjo organ keyboard harmonica"
)
SPORTS = words(
    "tennis football soccer basketball volleyball badminton golf hockey rugby cricket chess squash"
    " baseball softball handball go bridge darts padel"
)


def read_instrument(clause: Clause, begin: int) -> int:
    return begin + (clause.words[begin].lower in INSTRUMENTS)


def read_sport(clause: Clause, begin: int) -> int:
    return begin + (clause.words[begin].lower in SPORTS)


STATUSES = words("married engaged divorced single widowed separated")
CHILDREN = words("kids children sons daughters boys girls grandchildren")


def read_status(clause: Clause, begin: int) -> int:
    return begin + (clause.words[begin].lower in STATUSES)


def read_children(clause: Clause, begin: int) -> int:
    """How many children: "three kids", "two grown daughters"."""
    end = read_number(clause, begin)
    while begin < end < min(begin + 4, len(clause.words)):
        end += 1
        if clause.words[end - 1].lower in CHILDREN:
            return end
    return begin


def read_number(clause: Clause, begin: int) -> int:
    word = clause.words[begin].lower if begin < len(clause.words) else ""
    return begin + (number_of(word) is not None)


def stripped(text: str) -> str:
    """The phrase without its leading article."""
    first, _, rest = text.partition(" ")
    return rest if rest and first.lower() in {"a", "an", "the", "some", "my", "our"} else text


READERS: dict[str, Reader] = {
    "{name}": read_name,
    "{place}": read_place,
    "{thing}": read_thing,
    "{organisation}": read_organisation,
    "{profession}": read_profession,
    "{doing}": read_doing,
    "{number}": read_number,
    "{instrument}": read_instrument,
    "{sport}": read_sport,
    "{status}": read_status,
    "{children}": read_children,
}


def is_capture(token: str) -> bool:
    return token in READERS


def captured(clause: Clause, token: str, begin: int) -> int:
    """The place after the phrase this token reads; `begin` when there is none."""
    return READERS[token](clause, begin) if begin < len(clause.words) else begin
