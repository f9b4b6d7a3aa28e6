"""What kind of statement a clause makes: a plan, a taste, an event, work, people, a feeling."""

from __future__ import annotations

from collections.abc import Sequence

from convoai.analysis.offline.guards import has_phrase, is_wish, joined
from convoai.analysis.offline.lexicon import FAMILY_WORDS, words
from convoai.analysis.offline.verbs import is_adverb, is_past
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
FEELINGS = words(
    "happy sad excited nervous anxious proud grateful thankful tired exhausted stressed swamped"
    " overwhelmed worried scared afraid lonely upset angry frustrated relieved inspired motivated"
    " blessed lucky hopeful bored confused embarrassed jealous calm thrilled stoked pumped"
    " disappointed heartbroken devastated ecstatic content glad feel feeling felt feels"
)
OPINIONS = words(
    "think thinks believe believes thought guess suppose agree find reckon consider appreciate"
    " admire respect value understand realize realized know remember"
)
LIKES = words(
    "love loves loved like likes enjoy enjoys enjoyed adore adores fan favorite favourite"
    " passionate passion obsessed prefer into hooked fond keen interested loving enjoying"
)
PLANS = (
    "going to", "gonna", "planning", "plan to", "plan on", "will", "i'll", "we'll", "about to",
    "looking forward", "thinking of", "thinking about", "considering", "signed up", "booked",
    "set to", "scheduled", "aiming to", "intend to", "decided to", "hoping to", "next week",
    "next month", "next year", "tomorrow",
)  # fmt: skip
GOALS = words("goal goals dream dreams aim ambition aspire aspiring")
HABITS = words(
    "usually often always sometimes every weekly daily regularly everyday mornings weekends"
)
DISLIKES = (
    "hate", "can't stand", "don't like", "do not like", "don't enjoy", "not a fan", "dislike",
    "not into", "don't care for", "sick of", "loathe", "despise", "can't bear",
)  # fmt: skip
LEARNING = words(
    "study studying studied learn learning learned course class classes degree school university"
    " college graduated exam exams"
)


# So many words from the verb on decide whether it is a plan, a wish or a dislike.
HEAD = 6


def kind_of(lower: Sequence[str], verb_at: int) -> tuple[str, Category]:
    """(key, category) of a statement whose verb stands at or after `verb_at`."""
    text = joined(lower)
    have = frozenset(lower)
    verb = next((word for word in lower[verb_at:] if not is_adverb(word)), "")
    happened = is_past(verb) and "'" not in lower[max(verb_at - 1, 0)]
    head = lower[max(verb_at - 1, 0) : verb_at + HEAD]
    start = joined(head)
    if has_phrase(start, DISLIKES):
        return "dislike", "preference"
    if is_wish(head) or have & GOALS:
        return "wish", "personal"
    if has_phrase(start, PLANS) or (has_phrase(text, PLANS) and not happened):
        return "plan", "life_event"
    if verb in LIKES or have & {"favorite", "favourite", "passion", "fan", "obsessed"}:
        return "like", "preference"
    if have & HEALTH:
        return "health", "personal"
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
    return "about", _category_of(lower)


def _category_of(lower: Sequence[str]) -> Category:
    """The category of the topic that the words show first, where they show one."""
    for word in lower:
        for topic in TOPICS_OF_WORD.get(word, ()):
            return TOPICS[topic][0]
    return "personal"
