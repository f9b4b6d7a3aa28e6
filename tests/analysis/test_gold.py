"""The gold file: what each small case must and must not bring to light.

Every line: what is said, by whom, the facts to expect (key, a part of the value, the subject;
`*` is any key; `since` a day, or empty for the talk itself) and the keys that must not come of it
(`*` is any at all); `before` is what the other one said just before. Talks are on Wednesday, 10
May 2023.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from convoai.analysis.result import FactFound, Sender
from tests.analysis.talks import analysis_of, turn

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "gold.jsonl").read_text(encoding="utf-8").splitlines()
]
FEWEST_CASES = 350


@pytest.mark.parametrize("case", CASES, ids=[f"{case['kind']}-{case['id']}" for case in CASES])
def test_facts_of_the_gold_file_are_found(case: dict[str, Any]) -> None:
    other: Sender = "user" if case["speaker"] == "partner" else "partner"
    before = [turn(case["before"], other, 1)] if "before" in case else []
    found = analysis_of([*before, turn(case["say"], case["speaker"], 2)]).facts
    facts = [fact for fact in found if fact.source_message_id == 2]
    told = [(fact.subject, fact.fact_key, fact.fact_value) for fact in facts]
    for expected in case["expect"]:
        assert any(_is(fact, expected) for fact in facts), f"{expected} is not among {told}"
    for key in case["never"]:
        wrong = [fact for fact in facts if key in {"*", fact.fact_key} and _is_own(fact)]
        assert not wrong, f"{key} must not come of this: {told}"


def _is(fact: FactFound, expected: dict[str, str]) -> bool:
    since = f"{fact.valid_from:%Y-%m-%d}" if fact.valid_from else ""
    return (
        expected["key"] in {"*", fact.fact_key}
        and expected["value"].casefold() in fact.fact_value.casefold()
        and expected.get("subject", fact.subject) == fact.subject
        and expected.get("since", since) == since
    )


def _is_own(fact: FactFound) -> bool:
    return fact.subject in {"partner", "user"}


def test_the_gold_file_is_broad() -> None:
    kinds = Counter(case["kind"] for case in CASES)
    assert len(CASES) >= FEWEST_CASES
    assert len({case["say"] for case in CASES}) == len(CASES)
    assert min(kinds[kind] for kind in ("work", "negation", "time", "third", "many", "odd")) >= 5
