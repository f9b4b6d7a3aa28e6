"""From "I adopted him last March" to words that stand alone: the third person, no subject."""

from __future__ import annotations

from collections.abc import Sequence

from convoai.analysis.offline.clauses import Clause, breaks, gap_after
from convoai.analysis.offline.lexicon import AUXILIARIES, IMPERATIVES, PRAISE_WORDS, words
from convoai.analysis.offline.ordinary import is_ordinary
from convoai.analysis.offline.predicates import predicate_of, predicate_of_dropped
from convoai.analysis.offline.reading import is_content
from convoai.analysis.offline.rendering import Names, Renderer
from convoai.analysis.offline.statements import NEWS
from convoai.analysis.offline.times import Moment
from convoai.analysis.offline.verbs import is_past

TRAILING = (" I guess", " I think", " I suppose", " you know", " haha", " lol", " though")
LONGEST_VALUE = 240


def worded(clause: Clause, names: Names, moments: Sequence[Moment] = ()) -> str:
    """The clause in the third person. Speaker's statements lose their subject; the listener is
    named; times told from the day of the talk become dates.
    """
    renderer = Renderer(clause, names, moments)
    at = clause.subject_at
    if at and clause.subject in {"speaker", "owned"} and _is_second(clause):
        return tidy(f"says that {_small_start(clause, renderer.span(0, len(clause.words)), 0)}")
    if clause.subject == "speaker":
        body = predicate_of(clause.words, at, renderer)
    elif clause.subject == "dropped":
        body = predicate_of_dropped(clause, renderer)
    elif (joint := _joint_subject(clause)) is not None:
        company = renderer.span(at, joint - 1)
        return tidy(
            _joined(
                predicate_of(clause.words, joint, renderer), f"with {_lowered(clause, company)}"
            )
        )
    elif clause.subject == "other" and _is_advice(clause):
        return tidy(_advice(clause, names, renderer))
    else:
        body = renderer.span(at, len(clause.words))
        if clause.subject != "owned":
            named = names.listener and body.startswith(names.listener)
            body = body if named else _small_start(clause, body)
            missing = "it " if clause.lower[at] in WITHOUT_IT else ""
            body = f"says that {missing}{body}"
    return tidy(_joined(body, _adjunct(clause, renderer)))


def rendered(clause: Clause, names: Names, moments: Sequence[Moment] = ()) -> str:
    """The clause as it stands, with its persons and times written out."""
    return tidy(Renderer(clause, names, moments).span(0, len(clause.words)))


def worded_of_other(
    clause: Clause, begin: int, names: Names, moments: Sequence[Moment] = ()
) -> str:
    """What is said of a third person, from word `begin` on, where the verb stands."""
    renderer = Renderer(clause, names, moments)
    before = clause.words[clause.subject_at : begin]
    body = renderer.span(begin, len(clause.words))
    if before and before[-1].lower.endswith("'s") and before[-1].text[0].isupper():
        body = f"is {body}"
    return tidy(_joined(body, _adjunct(clause, renderer)))


def tidy(text: str) -> str:
    """One line without loose ends, cut at a word when too long."""
    text = " ".join(text.split()).strip(" ,;:-–—\"'“”")
    if text.count('"') % 2:
        text = text.replace('"', "")
    for trailing in TRAILING:
        text = text.removesuffix(trailing).rstrip(" ,;:-–—")
    if len(text) <= LONGEST_VALUE:
        return text
    return text[:LONGEST_VALUE].rpartition(" ")[0].rstrip(" ,;:-") + " …"


# Said without their "it": "Seems like forever".
WITHOUT_IT = words(
    "seems feels looks sounds turns will would might could should means helps makes"
    " reminds keeps brings gives takes"
)


def _is_second(clause: Clause) -> bool:
    """Whether the speaker comes in after a whole statement: "It was hard, but I made it"."""
    at = clause.subject_at
    before = clause.lower[: at - 1]
    return clause.lower[at - 1] in {"and", "but", "so"} and sum(map(is_content, before)) >= 2


def _small_start(clause: Clause, body: str, at: int | None = None) -> str:
    """The body without its capital, unless it begins with a name."""
    at = clause.subject_at if at is None else at
    first = clause.words[at]
    inner = {word.text for word in clause.words[at + 1 :]}
    plain = first.lower.partition("'")[0]
    ordinary = is_ordinary(plain) or plain in inner
    initial = len(first.text) == 1 and first.lower != "a"
    return body[:1].lower() + body[1:] if ordinary and not initial else body


def _lowered(clause: Clause, text: str) -> str:
    return text if text.startswith("their") else _small_start(clause, text)


JOINT_WITHIN = 9
ADVISING = IMPERATIVES - words("been here thank thanks congrats let let's lets be")


def _joint_subject(clause: Clause) -> int | None:
    """Where "I" stands in "my brother and I went ..."; None when nobody else is in the subject."""
    lower = clause.lower
    for place in range(
        clause.subject_at + 1, min(len(lower) - 1, clause.subject_at + JOINT_WITHIN)
    ):
        if lower[place] == "i" and lower[place - 1] == "and":
            before = lower[clause.subject_at : place - 1]
            verbs = any(is_past(word) or word in AUXILIARIES for word in before) or any(
                breaks(gap_after(clause.sentence, word))
                for word in clause.words[clause.subject_at : place - 1]
            )
            return None if verbs or not before else place
    return None


def _is_advice(clause: Clause) -> bool:
    lower = clause.lower
    return clause.subject_at == 0 and len(lower) > 2 and lower[0] in ADVISING


def _advice(clause: Clause, names: Names, renderer: Renderer) -> str:
    """ "Don't rush it" becomes "advises Ben not to rush it"."""
    denied = clause.lower[0] == "don't"
    body = renderer.span(1, len(clause.words)) if denied else renderer.span(0, len(clause.words))
    who = f" {names.listener}" if names.listener else ""
    return f"advises{who} {'not to' if denied else 'to'} {body[:1].lower()}{body[1:]}"


def _adjunct(clause: Clause, renderer: Renderer) -> str:
    """What stands before the subject, when it says something: a time, a circumstance."""
    at = clause.subject_at
    joined = (place + 1 for place in reversed(range(at)) if clause.lower[place] in {"but", "so"})
    begin = next(joined, 0)
    before = clause.words[begin:at]
    told = any(word.start in renderer.first for word in before)
    content = {word.lower for word in before if is_content(word.lower)}
    if not told and content <= NEWS | PRAISE_WORDS:
        return ""
    text = renderer.span(begin, at).strip()
    first = before[0].lower
    return text[:1].lower() + text[1:] if first in SMALL or is_ordinary(first) else text


SMALL = words(
    "after before since during in on at every when as while until for with a an the over by to"
    " besides because although though whenever around from last next this some one two"
)


def _joined(body: str, adjunct: str) -> str:
    """The adjunct after the first part of the body, before an afterthought."""
    if not adjunct:
        return body
    places = [
        place
        for sign in (" - ", " – ", ", but ", ", so ", ", and ", "; ", ", which ")
        if (place := body.find(sign)) > 12
    ]
    cut = min(places, default=len(body))
    comma = "," if len(adjunct.split()) > 5 else ""
    return f"{body[:cut]}{comma} {adjunct}{body[cut:]}"
