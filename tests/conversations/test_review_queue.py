"""The facts that wait for a person's word."""

from __future__ import annotations

import pytest
from django.test import Client
from rest_framework.test import APIClient

from conversations.models import ExtractedFact
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.factories import make_fact, make_partner, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def dana(alice: User) -> ConversationPartner:
    return make_partner(alice)


def queue(api: APIClient, waiting: str = "true") -> list[str]:
    answer = api.get(f"/api/facts?to_review={waiting}&ordering=id")
    return [fact["fact_value"] for fact in answer.json()]


@pytest.fixture
def facts(dana: ConversationPartner) -> dict[str, ExtractedFact]:
    def fact(value: str, **fields: object) -> ExtractedFact:
        return make_fact(dana, "hobby", value, many_valued=True, **fields)

    return {
        "doubtful": fact("doubtful", review="needs_review", is_current=False),
        "hardly sure": fact("hardly sure", confidence=0.4),
        "sure": fact("sure", confidence=0.9),
        "past": fact("past", confidence=0.4, is_current=False),
        "confirmed": fact("confirmed", confidence=0.4, review="confirmed"),
    }


def test_the_queue_holds_what_is_in_doubt_or_hardly_sure(
    api: APIClient, bobs_api: APIClient, facts: dict[str, ExtractedFact]
) -> None:
    assert queue(api) == ["doubtful", "hardly sure"]
    assert queue(api, "false") == ["sure", "past", "confirmed"]
    assert queue(bobs_api) == []


def test_a_verdict_takes_facts_out_of_the_queue(
    api: APIClient, facts: dict[str, ExtractedFact]
) -> None:
    api.post(f"/api/facts/{facts['doubtful'].pk}/reject")
    api.post(f"/api/facts/{facts['hardly sure'].pk}/confirm")
    assert queue(api) == []


def test_the_admin_shows_the_queue(client: Client, facts: dict[str, ExtractedFact]) -> None:
    client.force_login(make_user("olivia", is_staff=True, is_superuser=True))
    page = client.get("/admin/conversations/extractedfact/?to_review=yes").content.decode()
    assert f"/extractedfact/{facts['hardly sure'].pk}/change/" in page
    assert f"/extractedfact/{facts['sure'].pk}/change/" not in page
