"""What must not be taken at its word is recognised."""

from __future__ import annotations

import pytest

from convoai.analysis.offline import guards
from convoai.analysis.offline.sentences import Sentence, sentences_of


def sentence(text: str) -> Sentence:
    return sentences_of(text)[0]


def lower(text: str) -> list[str]:
    return [word.lower for word in sentence(text).words]


@pytest.mark.parametrize(
    "text", ["Do you like it?", "do you like it", "Is he well", "what is it", "Really?", "本当？"]
)
def test_questions_are_questions(text: str) -> None:
    assert guards.is_asked(sentence(text))


@pytest.mark.parametrize("text", ["I do like it.", "When I was nine I fell.", "Have fun!"])
def test_statements_are_no_questions(text: str) -> None:
    assert not guards.is_asked(sentence(text))


@pytest.mark.parametrize(
    "text", ["If it rains I stay", "unless I win", "I would have come", "suppose I go"]
)
def test_conditions_are_conditions(text: str) -> None:
    assert guards.is_conditional(lower(text))


@pytest.mark.parametrize("text", ["I wish I could", "I'd love to", "My dream is this", "I want it"])
def test_wishes_are_wishes(text: str) -> None:
    assert guards.is_wish(lower(text))


@pytest.mark.parametrize(
    "text",
    ["She said I'm late", "my boss told me so", "They say it rains", "He thinks I won",
     "I heard that you moved"],
)  # fmt: skip
def test_reports_are_reports(text: str) -> None:
    assert guards.is_reported(lower(text))


@pytest.mark.parametrize("text", ["I said so myself", "I told them the truth", "I read a book"])
def test_own_words_are_no_reports(text: str) -> None:
    assert not guards.is_reported(lower(text))


def test_a_joke_is_taken_back_by_the_next_sentence() -> None:
    first, second = sentences_of("I live in Atlantis. Just kidding!")
    assert guards.is_joke(first, second)
    assert not guards.is_joke(first)


def test_words_in_quotation_marks_are_not_the_speakers_own() -> None:
    assert guards.is_quotation(sentence("The card says “I love fishing”"))
    assert not guards.is_quotation(sentence('I read "War and Peace" in May'))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Dr. Moss called. I was out.", 2),
        ("It cost 3.50 euros, e.g. twice.", 1),
        ("Hi!!! How are you?? Fine...", 3),
        ("one\ntwo\n\nthree", 3),
        ("See example.org for more.", 1),
        ("... !!! ???", 0),
        ("", 0),
    ],
)
def test_sentences_end_where_they_end(text: str, count: int) -> None:
    assert len(sentences_of(text)) == count


def test_sentences_stand_where_they_say() -> None:
    text = "  Well, I’m off.  “Bye!” she said. 🎉 Next one "
    for found in sentences_of(text):
        assert text[found.start : found.end] == found.text
        for word in found.words:
            assert text[word.start : word.end] == word.text
