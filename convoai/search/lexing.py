"""From a question to what the search columns hold, and what else is known before searching."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from convoai.database.reading import reading_connection
from convoai.search.asking import asks_when, name_words, possible_names
from convoai.search.question import Question
from convoai.search.scope import Scope
from convoai.search.scope_sql import talks_of

SIMPLE = "simple"
# A word's other forms are looked for by its beginning, when it is long enough to have one.
SHORTEST_WITH_FORMS = 5
SHORTEST_BEGINNING = 4
ENDING = 2
# More terms than this say no more; one bit each in the answers of the database.
MOST_TERMS = 40
# The first letter of the scripts that migration 0007 of conversations tells by pairs (Thai).
UNSPACED = 0x0E01
# Between two quoted words of a tsquery; a lexeme cannot hold a blank.
DISTANCE = re.compile(r"(?<= )<\d+>(?= )")

PREPARE = """
WITH spoken AS (
    SELECT talk.language, count(*) AS talks FROM conversations AS talk WHERE {talks}
    GROUP BY talk.language
), term AS (
    SELECT number, convoai_query_text(words) AS words
    FROM unnest(%(terms)s::text[]) WITH ORDINALITY AS typed (words, number)
)
SELECT
    (SELECT json_agg(json_build_array(term.number - 1, spoken.language, ARRAY(
        SELECT json_build_array(lexeme, positions)
        FROM unnest(to_tsvector(convoai_search_config(spoken.language), term.words))
    ))) FROM term, spoken)::text,
    (SELECT json_agg(json_build_array(partner.id, partner.name))
     FROM conversation_partners AS partner
     WHERE partner.user_id = %(user_id)s
       AND regexp_split_to_array(lower(convoai_fold(partner.name)), '[^[:alnum:]]+')
           && %(names)s::text[])::text,
    (SELECT concat_ws(' ', username, split_part(email, '@', 1)) FROM users WHERE id = %(user_id)s),
    (SELECT count(*) FROM (SELECT FROM messages AS message {scope} LIMIT %(small)s + 1) AS counted),
    (SELECT coalesce(sum(talks), 0)::integer FROM spoken)
"""


@dataclass(frozen=True)
class Term:
    """A word to look for: what was typed, its tsquery, and that of its other forms ("" if none).

    `lexemes` and `beginnings` are what the queries name.
    """

    word: str
    query: str
    forms: str
    lexemes: tuple[str, ...]
    beginnings: tuple[str, ...]


@dataclass(frozen=True)
class Prepared:
    """Everything a search knows before it reads messages.

    `required` and `excluded` are tsqueries. `names` are the words of the question that may be
    names; `named_partners` are ids of the owner's partners with such a word in their name, and
    `partner_names` all words of these. `size` is the number of messages in scope, or one more
    than was asked for when there are more; `talks` is that of conversations. `together` are
    the required queries without the order of their words.
    """

    terms: list[Term]
    required: list[str]
    excluded: list[str]
    dropped: list[str]
    names: frozenset[str]
    user_names: frozenset[str]
    named_partners: frozenset[int]
    partner_names: frozenset[str]
    size: int
    talks: int
    asks_when: bool
    together: list[str]


def prepare(scope: Scope, question: Question, small: int) -> Prepared:
    """Look up the words of a question in the languages of the scope; one query.

    `small`: how many messages to count at most.
    """
    typed = [*question.words, *question.phrases, *question.excluded]
    asked = possible_names(question.text)
    talks, values = talks_of(scope)
    sql = PREPARE.format(talks=talks, scope=scope_clause(scope, talks))
    values |= {"terms": typed, "names": sorted(asked), "small": small}
    with reading_connection().cursor() as cursor:
        cursor.execute(sql, values)
        told, known, names, size, count = cursor.fetchone()
    partners = json.loads(known or "[]")
    lexed = Lexed(len(typed), json.loads(told or "[]"))
    words, first = question.words, len(question.words)
    terms = [term for number, word in enumerate(words) for term in lexed.terms(number, word)]
    required = []
    for alternatives in question.required:
        numbers = range(first, first + len(alternatives))
        first += len(alternatives)
        queries = [lexed.phrase(number) for number in numbers]
        for number, word in zip(numbers, alternatives, strict=True):
            terms += lexed.terms(number, word)
        required.append(either(queries))
    excluded = [lexed.phrase(number) for number in range(first, len(typed))]
    return Prepared(
        terms=distinct(terms)[:MOST_TERMS],
        required=[query for query in required if query],
        excluded=[query for query in excluded if query],
        dropped=[*question.dropped, *(w for n, w in enumerate(words) if lexed.is_empty(n))],
        names=asked,
        user_names=name_words(names or ""),
        named_partners=frozenset(pk for pk, _ in partners),
        partner_names=frozenset(word for _, name in partners for word in name_words(name)),
        size=size,
        talks=count,
        asks_when=asks_when(question.text),
        together=[DISTANCE.sub("&", query) for query in required if query],
    )


def scope_clause(scope: Scope, talks: str) -> str:
    if scope.partner_id is None and scope.conversation_id is None and scope.topic is None:
        return "WHERE message.user_id = %(user_id)s"
    return f"JOIN conversations AS talk ON talk.id = message.conversation_id WHERE {talks}"


class Lexed:
    """The lexemes of each typed term in each language, with their positions."""

    def __init__(self, count: int, told: Iterable[Sequence[Any]]) -> None:
        self.of: list[dict[str, list[tuple[int, str]]]] = [{} for _ in range(count)]
        for number, language, lexemes in told:
            self.of[number][language] = sorted(
                (place, lexeme) for lexeme, places in lexemes for place in places
            )
        for languages in self.of:
            # What a language with stop words leaves out, "simple" shall not bring back.
            others = [found for name, found in languages.items() if name != SIMPLE]
            if others and not any(others):
                languages.clear()

    def is_empty(self, number: int) -> bool:
        return not any(self.of[number].values())

    def terms(self, number: int, word: str) -> list[Term]:
        """One term per lexeme; one for all when there are several languages."""
        languages = [found for found in self.of[number].values() if found]
        if len(languages) == 1:
            return [term_of(word, [lexeme]) for _, lexeme in languages[0]]
        lexemes = dict.fromkeys(lexeme for found in languages for _, lexeme in found)
        return [term_of(word, list(lexemes))] if lexemes else []

    def phrase(self, number: int) -> str:
        """A tsquery for the words in their order, in any of the languages; "" without words."""
        return either([in_order(found) for found in self.of[number].values() if found])


def term_of(word: str, lexemes: list[str]) -> Term:
    longest = max(lexemes, key=len)
    beginning = ""
    if len(longest) >= SHORTEST_WITH_FORMS and longest.isalpha() and longest.isascii():
        beginning = longest[: max(SHORTEST_BEGINNING, len(longest) - ENDING)]
    return Term(
        word=word,
        query=either([one_word(lexeme) for lexeme in lexemes]),
        forms=quoted(beginning) + ":*" if beginning else "",
        lexemes=tuple(lexemes),
        beginnings=tuple(filter(None, [beginning, *(one for one in lexemes if is_half(one))])),
    )


def is_half(lexeme: str) -> bool:
    """Whether it is a single character of a script without spaces, whose words are pairs."""
    return len(lexeme) == 1 and ord(lexeme) >= UNSPACED


def one_word(lexeme: str) -> str:
    return quoted(lexeme) + (":*" if is_half(lexeme) else "")


def in_order(found: list[tuple[int, str]]) -> str:
    parts = [one_word(found[0][1])]
    for (before, _), (place, lexeme) in pairwise(found):
        parts.append(f"<{place - before}> {one_word(lexeme)}")
    return " ".join(parts)


def either(queries: Sequence[str]) -> str:
    some = list(dict.fromkeys(query for query in queries if query))
    return some[0] if len(some) == 1 else " | ".join(f"({query})" for query in some)


def quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def distinct(terms: Iterable[Term]) -> list[Term]:
    return list({term.query: term for term in terms}.values())
