"""Facts stand only on words that stand in the message of the one who said them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from convoai.analysis.evidence import checked
from convoai.analysis.result import FactFound
from tests.analysis.talks import talk

TURNS = talk("Hello 🎉 I live in Lyon.", "I live in Nice.")
FACT = FactFound("personal", "home_city", "Lyon", 0.9, "partner", "I live in Lyon", 8, 1, False)


def test_a_fact_with_its_words_stands() -> None:
    assert checked([FACT], TURNS) == ([FACT], [])


def test_a_wrong_place_is_set_right() -> None:
    for start in (0, 9, -3, 10_000):
        assert checked([replace(FACT, quote_start=start)], TURNS) == ([FACT], [])


@pytest.mark.bad_input(121)
@pytest.mark.parametrize(
    "changes",
    [
        {"quote": "I live in Paris"},
        {"quote": ""},
        {"quote": " "},
        {"source_message_id": 99},
        {"source_message_id": 2},
        {"subject": "user"},
        {"source_message_id": 2, "quote": "I live in Nice"},
    ],
)
def test_a_fact_without_its_words_or_of_another_speaker_falls(changes: dict[str, Any]) -> None:
    fact = replace(FACT, **changes)
    assert checked([fact], TURNS) == ([], [fact])


def test_a_third_person_may_be_spoken_of_by_either() -> None:
    fact = replace(FACT, subject="Ngozi", source_message_id=2, quote="Nice", quote_start=10)
    assert checked([fact], TURNS) == ([fact], [])
