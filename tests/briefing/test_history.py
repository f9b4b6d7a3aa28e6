"""The values a key has had, and the queue of facts to review."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from convoai.accounts.models import User
from tests.factories import make_fact, make_partner, texts

MARCH = datetime(2025, 3, 1, tzinfo=UTC)
JUNE = datetime(2025, 6, 1, tzinfo=UTC)


def history(api: APIClient, **asked: Any) -> list[dict[str, Any]]:
    response = api.get("/api/facts/history", asked)
    assert response.status_code == 200
    rows: list[dict[str, Any]] = response.json()
    return rows


def test_all_values_of_a_key_the_newest_first(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    new = make_fact(partner, "home_city", "Porto", valid_from=JUNE)
    old = make_fact(
        partner,
        "home_city",
        "Ghent",
        valid_from=MARCH,
        valid_to=JUNE,
        is_current=False,
        superseded_by=new,
    )
    make_fact(partner, "home_city", "Oslo", subject="Ben")
    make_fact(partner, "employer", "Nordlicht")
    make_fact(make_partner(alice), "home_city", "Rome")
    rows = history(api, partner_id=partner.pk, key="home_city", subject="partner")
    assert texts(rows, "fact_value") == ["Porto", "Ghent"]
    assert texts(rows, "valid_from") == ["2025-06-01T00:00:00Z", "2025-03-01T00:00:00Z"]
    assert texts(rows, "valid_to") == [None, "2025-06-01T00:00:00Z"]
    assert (rows[1]["id"], rows[1]["superseded_by"]) == (old.pk, new.pk)


def test_only_own_facts_have_a_history(api: APIClient, bob: User) -> None:
    partner = make_partner(bob)
    make_fact(partner)
    assert history(api, partner_id=partner.pk, key="employer") == []


@pytest.mark.parametrize("asked", [{"partner_id": "x"}, {"key": "a\x00b"}])
def test_parameters_that_do_not_fit_are_refused(api: APIClient, asked: dict[str, str]) -> None:
    response = api.get("/api/facts/history", asked)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", *asked]


def test_the_review_queue_lists_what_needs_review(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    make_fact(partner)
    doubtful = make_fact(partner, value="Harbour", is_current=False, review="needs_review")
    rows = api.get("/api/facts", {"review": "needs_review"}).json()
    assert texts(rows, "id") == [doubtful.pk]


@pytest.mark.parametrize(
    ("word", "body"), [("confirm", None), ("correct", {"fact_value": "Harbour"})]
)
def test_the_persons_word_lifts_a_doubt(
    api: APIClient, alice: User, word: str, body: dict[str, str] | None
) -> None:
    """A doubtful contradiction waits beside the current value, and replaces it when confirmed."""
    partner = make_partner(alice)
    old = make_fact(partner)
    doubtful = make_fact(partner, value="Harbour", is_current=False, review="needs_review")
    answer = api.post(f"/api/facts/{doubtful.pk}/{word}", body)
    assert (answer.status_code, answer.json()["is_current"]) == (200, True)
    rows = history(api, partner_id=partner.pk, key="employer")
    assert {row["id"]: row["is_current"] for row in rows} == {doubtful.pk: True, old.pk: False}
    assert api.get("/api/facts", {"review": "needs_review"}).json() == []
