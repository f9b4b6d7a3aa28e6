"""Snippets: the best part of a text, escaped, with marks where the question's words stand."""

from __future__ import annotations

import re
from typing import Any

import pytest

from convoai.accounts.models import User
from convoai.search.marking import Marker
from convoai.search.question import parse_question
from convoai.search.snippets import LENGTH, snippet
from tests.factories import make_conversation, make_partner

pytestmark = pytest.mark.django_db


def cut(question: str, text: str, language: str = "english") -> str:
    marker = Marker(parse_question(question))
    marker.prepare([(language, text)])
    return snippet(text, marker.places(language, text))


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("bees", "My sister keeps bees.", "My sister keeps <mark>bees</mark>."),
        ("keeping a bee", "She keeps bees.", "She <mark>keeps</mark> <mark>bees</mark>."),
        ("BEES", "Bees!", "<mark>Bees</mark>!"),
        ("cafe", "In the Café Élan.", "In the <mark>Café</mark> Élan."),
        ("élan", "In the cafe elan.", "In the cafe <mark>elan</mark>."),
        ("cafe", "In the Cafe\u0301.", "In the <mark>Cafe\u0301</mark>."),
        ("Dana's house", "The house of Dana.", "The <mark>house</mark> of <mark>Dana</mark>."),
        ('"old lighthouse"', "An old lighthouse", "An <mark>old</mark> <mark>lighthouse</mark>"),
        ("the sea", "The sea", "The <mark>sea</mark>"),
        ("sea -boat", "A boat at sea", "A boat at <mark>sea</mark>"),
        ("dying", "It dies.", "It <mark>dies</mark>."),
        ("beekeeper", "My sister keeps bees.", "My sister keeps bees."),
        ("ＢＥＥ", "A bee.", "A <mark>bee</mark>."),
        ("天気", "今日は天気がいい。", "今日は<mark>天気</mark>がいい。"),
        ("天気予報", "今日は天気がいい。", "今日は<mark>天気</mark>がいい。"),
        ("กิน", "ฉันกินข้าว", "ฉัน<mark>กิน</mark>ข้าว"),
        ("寿司 sushi", "Sushi寿司", "<mark>Sushi寿司</mark>"),
        ("a b", "line\n\n  two\tb", "line two <mark>b</mark>"),
    ],
)
def test_the_words_are_marked_in_any_of_their_forms(
    question: str, text: str, expected: str
) -> None:
    assert cut(question, text) == expected


def test_words_are_marked_in_the_language_of_the_talk() -> None:
    assert cut("Katze", "Zwei Katzen.", "german") == "Zwei <mark>Katzen</mark>."
    assert cut("Katze", "Zwei Katzen.", "simple") == "Zwei Katzen."
    assert cut("Katzen", "Zwei Katzen.", "klingon") == "Zwei <mark>Katzen</mark>."


@pytest.mark.bad_input(22)
def test_what_was_said_is_escaped_and_no_entity_is_split() -> None:
    hostile = "<script>alert('bees & \"honey\"')</script> <img src=x onerror=bees>"
    shown = cut("script bees amp", hostile)
    assert "<mark>script</mark>" in shown
    assert "<mark>bees</mark>" in shown
    assert not re.search(r"<(?!/?mark>)", shown)
    assert shown.replace("<mark>", "").replace("</mark>", "") == (
        "&lt;script&gt;alert(&#x27;bees &amp; &quot;honey&quot;&#x27;)&lt;/script&gt; "
        "&lt;img src=x onerror=bees&gt;"
    )
    for before in range(30):
        long = cut("bees", "&" * (LENGTH + before) + " bees " + "<" * LENGTH)
        assert re.fullmatch(r"…(&amp;)* ?<mark>bees</mark> ?(&lt;)*…", long)


@pytest.mark.bad_input(22)
@pytest.mark.parametrize("q", ["<mark>", "</mark><script>", "&lt;", "&amp; bees", '"><b>'])
def test_markup_in_the_question_comes_back_escaped(q: str) -> None:
    assert not re.search(r"<(?!/?mark>)", cut(q, "A </mark><script> & <b>bees</b> &lt; mark amp"))


def test_the_part_with_most_of_the_question_is_shown() -> None:
    filler = "and then we went on and on about nothing much at all " * 40
    text = f"bees {filler} bees sell honey {filler} honey honey"
    shown = cut("Who sells honey of bees?", text)
    assert "<mark>bees</mark> <mark>sell</mark> <mark>honey</mark>" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    plain = re.sub(r"</?mark>", "", shown)
    assert len(plain) <= LENGTH + 2
    assert set(plain.strip("…").split()) <= set(text.split()), "cut between words only"


def test_a_text_that_was_found_by_its_meaning_shows_its_beginning() -> None:
    text = "Nothing of it is here. " * 40
    shown = cut("bees", text)
    assert "<mark>" not in shown
    assert shown.startswith("Nothing of it is here.")
    assert shown.endswith("…")


@pytest.mark.bad_input(28)
@pytest.mark.parametrize("text", ["x" * 100_000, "日" * 100_000, "é" * 100_000, "\u0301" * 5000])
def test_a_single_long_word_has_a_snippet(text: str) -> None:
    assert len(cut("日本 x" if text[0] == "日" else "xx", text)) < 5000


def test_a_marked_word_that_is_longer_than_a_snippet_is_not_cut_open() -> None:
    shown = cut("x" * 300, "x" * 300)
    assert shown.count("<mark>") == shown.count("</mark>")


def test_the_api_answers_with_snippets_of_what_was_said(api: Any, alice: User) -> None:
    make_conversation(make_partner(alice), "Zwei Katzen <b>schlafen</b>.", language="german")
    (result,) = api.get("/api/search?q=Katze").json()["results"]
    assert result["snippet"] == "Zwei <mark>Katzen</mark> &lt;b&gt;schlafen&lt;/b&gt;."
