"""What kind of statement a clause makes: a plan, a taste, an event, work, people, a feeling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from convoai.analysis.offline.clauses import Subject
from convoai.analysis.offline.guards import has_phrase, is_conditional, is_wish, joined
from convoai.analysis.offline.lexicon import FAMILY_WORDS, words
from convoai.analysis.offline.professions import is_profession
from convoai.analysis.offline.verbs import is_adverb, is_participle, is_past
from convoai.analysis.offline.vocabulary import TOPICS, TOPICS_OF_WORD
from convoai.analysis.result import Category

WORK = words(
    "job jobs work working worked boss office company client clients career promotion promoted"
    " interview salary manager meeting meetings project projects startup business business"
    " colleague colleagues coworkers deadline workplace team employer shift shifts retired hired"
    " fired resigned internship intern freelance customers sales contract profession"
)
HEALTH = words(
    "sick ill doctor hospital surgery diet weight injury injured allergic allergy asthma diagnosed"
    " therapy therapist medication migraine pain diabetes cancer recovery symptoms"
    " appointment dentist broke sprained fever flu covid anxiety depression insomnia pregnant"
)
BODY = words(
    "arm arms leg wrist ankle foot toe finger rib ribs nose collarbone hip hand shoulder knee tooth"
    " elbow bone bones jaw neck back"
)
# One can work there, or as one.
WORKPLACES = words("doctor hospital surgery therapy therapist dentist recovery")
WORKING = words("work works working worked")
BEING = words("i'm im am is was i've been")
FEELINGS = words(
    "happy sad excited nervous anxious proud grateful thankful tired exhausted stressed swamped"
    " overwhelmed worried scared afraid lonely upset angry frustrated relieved inspired motivated"
    " blessed lucky hopeful bored confused embarrassed jealous calm thrilled stoked pumped"
    " disappointed heartbroken devastated ecstatic content glad feel feeling felt feels"
)
OPINIONS = words(
    "think thinks bet hear heard believe believes thought guess suppose agree find reckon consider"
    " appreciate admire respect value understand realize realized know remember"
)
LIKES = words(
    "love loves loved like likes enjoy enjoys enjoyed adore adores fan favorite favourite"
    " passionate passion obsessed prefer into hooked fond keen interested loving enjoying"
)
FONDNESS = words("favorite favourite passion fan obsessed")
PLANS = (
    "going to", "gonna", "planning", "plan to", "plan on", "will", "i'll", "we'll", "about to",
    "looking forward", "thinking of", "thinking about", "considering", "signed up", "booked",
    "set to", "scheduled", "aiming to", "intend to", "decided to", "hoping to", "next week",
    "next month", "next year", "tomorrow",
)  # fmt: skip
DREAMS = (
    "my goal is", "my goals are", "my dream", "my dreams", "my aim is", "my ambition", "our goal",
    "our dream",
    "goal is", "dream is", "dream of", "aspire to", "dream job", "dream trip", "dreaming of",
)  # fmt: skip
# Look past, and are present where nothing else says so.
PRESENT = words("bet read put let hurt cost")
OWN: frozenset[Subject] = frozenset({"speaker", "owned", "dropped"})
HABITS = words(
    "usually often always sometimes every weekly daily regularly everyday mornings weekends"
)
DISLIKES = (
    "hate", "can't stand", "don't like", "do not like", "don't enjoy", "not a fan", "dislike",
    "not into", "don't care for", "sick of", "loathe", "despise", "can't bear",
    "never liked", "never really liked", "never enjoyed", "never really enjoyed", "never cared for",
)  # fmt: skip
LEARNING = words(
    "study studying studied learn learning learned course class classes degree school university"
    " college graduated exam exams"
)


# Said for the listener's sake, or of what the two share.
SUPPORT = (
    "here for", "proud of you", "got your back", "behind you", "support you", "happy for you",
    "help you", "hope you", "sure you", "glad you", "root for you", "rooting for you", "with you",
    "advise you", "recommend", "suggest", "appreciate you", "appreciate your", "thank you",
    "your support", "your friendship",
)  # fmt: skip
# Of what one has: a thing, no chance, time or feeling.
HAVING = words("have own got")
NOT_OWNED = words(
    "time chance idea feeling blast fun power ability opportunity feelings ideas plan plans trouble"
    " need sense hope faith day week month year weekend break doubt moment luck rest look talk chat"
    " so too much many to been power say hard tough rough great good lot way impact choice"
)
COUNTED = words("a an my our some two three four five six several another lots plenty")
GUESSING = words("bet guess hear heard suppose reckon")
OFFERS = ("can", "could", "will", "i'll", "would be happy", "happy to", "let me")
ABLE = words("can could able know")
PERSONAL_PRONOUNS = words("he she they he's she's they're they've his her their")
# The key of a statement that nothing else than its topic tells apart.
BY_TOPIC: dict[Category, str] = {
    "interest": "pastime",
    "preference": "pastime",
    "relationship": "people",
    "work": "work_life",
    "life_event": "event",
}
# So many words from the verb on decide whether it is a plan, a wish or a dislike.
HEAD = 6


def kind_of(
    lower: Sequence[str], verb_at: int, subject: Subject = "speaker"
) -> tuple[str, Category]:
    """(key, category) of a statement whose verb stands at or after `verb_at`."""
    text = joined(lower)
    have = frozenset(lower)
    verb = next((word for word in lower[verb_at:] if not is_adverb(word)), "")
    happened = is_past(verb) and "'" not in lower[max(verb_at - 1, 0)] and verb not in PRESENT
    head = lower[max(verb_at - 1, 0) : verb_at + HEAD]
    start = joined(head)
    if has_phrase(start, DISLIKES):
        return "dislike", "preference"
    if subject in OWN and (verb in GUESSING or is_conditional(lower)):
        return _of_condition(lower)
    if is_wish(head) or (has_phrase(text, DREAMS) and not has_phrase(start, PLANS)):
        return "wish", "personal"
    if has_phrase(start, PLANS) or (has_phrase(text, PLANS) and not happened):
        return ("support", "relationship") if has_phrase(text, SUPPORT) else ("plan", "life_event")
    if subject in OWN and has_phrase(text, SUPPORT):
        return "support", "relationship"
    if (verb in LIKES and subject in OWN) or have & {
        "favorite",
        "favourite",
        "passion",
        "fan",
        "obsessed",
    }:
        return "like", "preference"
    if ill := _of_health(have):
        works = ill <= WORKPLACES and _tells_of_work(head)
        return ("work_life", "work") if works else ("health", "personal")
    if happened and verb not in {"was", "were", "felt", "thought", "knew", "loved", "had"}:
        return ("work_event", "work") if have & WORK else ("event", "life_event")
    if have & WORK:
        return "work_life", "work"
    if have & LEARNING:
        return "learning", "interest"
    if have & FEELINGS:
        return "feeling", "personal"
    if verb in OPINIONS:
        return "opinion", "personal"
    if have & FAMILY_WORDS:
        return "people", "relationship"
    if have & HABITS:
        return "habit", "interest"
    return _plainer(lower, verb_at, subject, verb, happened)


def _of_health(have: frozenset[str]) -> frozenset[str]:
    """The words of health; what broke is one only where it is a part of the body."""
    return (have & HEALTH) - (frozenset() if have & BODY else {"broke"})


def _tells_of_work(head: Sequence[str]) -> bool:
    """ "Works at the hospital", "is a nurse": of one's work there, not of being ill."""
    return any(
        (one in WORKING and two in {"as", "at", "for", "in"})
        or (one in BEING and two in {"a", "an", "the"} and any(map(is_profession, head)))
        for one, two in pairwise(head)
    )


def _of_condition(lower: Sequence[str]) -> tuple[str, Category]:
    """What is only guessed, or holds under a condition: an offer to the listener, or a view."""
    offers = "you" in lower and has_phrase(joined(lower), OFFERS)
    return ("support", "relationship") if offers else ("opinion", "personal")


def _plainer(
    lower: Sequence[str], verb_at: int, subject: Subject, verb: str, happened: bool
) -> tuple[str, Category]:
    """The key of a statement that no word of its own decides: by its build, then its topic."""
    topic = _topic_of(lower)
    if subject in OWN and verb in {"can", "could", "would"} and "you" in lower:
        return "support", "relationship"
    if subject == "owned" and any(is_past(word) for word in lower[1:7]):
        return "event", "life_event"
    if subject not in OWN:
        if lower[0] in PERSONAL_PRONOUNS:
            return "people", "relationship"
        return "opinion", "personal"
    if happened or verb in {"was", "were", "had"} or "had" in lower[verb_at - 1 : verb_at]:
        return "event", "life_event"
    if is_doing(lower, verb_at):
        return "activity", TOPICS[topic][0] if topic else "life_event"
    if verb in HAVING and _is_thing(lower, verb_at):
        return "possession", "personal"
    if topic and TOPICS[topic][0] in BY_TOPIC:
        return BY_TOPIC[TOPICS[topic][0]], TOPICS[topic][0]
    if verb in ABLE:
        return "ability", "personal"
    following = next((word for word in lower[verb_at + 1 :] if not is_adverb(word)), "")
    perfect = verb == "have" and is_participle(following)
    if perfect or verb == "been" or lower[max(verb_at - 1, 0)] in {"i've", "we've", "i'd"}:
        return "event", "life_event"
    if lower[max(verb_at - 1, 0)] in {"i'm", "we're"} or verb in {"am", "are"}:
        return "trait", "personal"
    if subject == "owned":
        return "trait", "personal"
    return "about", "personal"


def is_doing(lower: Sequence[str], verb_at: int) -> bool:
    """Whether the speaker is, or has been, at something: "I'm learning", "been reading"."""
    head = lower[max(verb_at - 1, 0) : verb_at + 4]
    return any(
        one in {"i'm", "we're", "am", "are", "been", "im", "keep", "started", "start"}
        and two.endswith("ing")
        and len(two) > 4
        for one, two in pairwise(word for word in head if not is_adverb(word))
    ) or (lower[0].endswith("ing") and len(lower[0]) > 4)


def _is_thing(lower: Sequence[str], verb_at: int) -> bool:
    at = next((at for at in range(verb_at, len(lower)) if lower[at] in HAVING), verb_at)
    after = lower[at + 1 : at + 5]
    return bool(after) and after[0] in COUNTED and not NOT_OWNED & frozenset(after)


def _topic_of(lower: Sequence[str]) -> str:
    """The topic that most of the words show, the first of equals; '' when none."""
    shown = Counter(topic for word in lower for topic in TOPICS_OF_WORD.get(word, ()))
    return max(shown, key=lambda topic: shown[topic], default="")
