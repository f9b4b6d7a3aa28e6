"""One page before the next talk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from conversations.models import Conversation
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.factories import make_conversation, make_fact, make_partner, texts

MARCH = datetime(2025, 3, 1, 12, tzinfo=UTC)
JUNE = datetime(2025, 6, 1, 12, tzinfo=UTC)
SECTIONS = ("who", "pinned", "last_talk", "changes", "coming_up", "remember", "ask", "avoid")


def read(api: APIClient, partner: ConversationPartner, as_of: str = "") -> dict[str, Any]:
    asked = {"as_of": as_of} if as_of else {}
    response = api.get(f"/api/partners/{partner.pk}/briefing", asked)
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def talk_with(partner: ConversationPartner, at: datetime, **fields: Any) -> Conversation:
    return make_conversation(partner, "Hello.", is_analyzed=True, started_at=at, **fields)


def lines(body: dict[str, Any]) -> list[dict[str, Any]]:
    promises = [line for side in body["promises"].values() for line in side]
    return [*promises, *(line for section in SECTIONS for line in body[section])]


@pytest.fixture
def dana(alice: User) -> ConversationPartner:
    """Dana moved between two talks, and much else is known of her."""
    partner = make_partner(alice, "Dana", relationship="neighbour")
    early = talk_with(
        partner, MARCH, summary="They spoke of Ghent.", suggested_questions=["Ghent?"]
    )
    late = talk_with(
        partner,
        JUNE,
        summary="Dana moved. She likes it. She said more.",
        suggested_questions=["How is life in Ghent?", "How is life in Porto?", "And you?"],
        action_items=["You: send the recipe (by 3 June 2025)", "Dana: bring the book", 7],
        analyzer="offline/1",
    )
    said = late.messages.get()
    new = make_fact(
        partner, "home_city", "Porto", conversation=late, source_message=said, valid_from=JUNE
    )
    make_fact(
        partner,
        "home_city",
        "Ghent",
        conversation=early,
        valid_from=MARCH,
        is_current=False,
        valid_to=JUNE,
        superseded_by=new,
    )
    for key, value, talk in (
        ("allergy", "walnuts", early),
        ("event", "adopted a guinea pig", late),
        ("hobby", "pottery", early),
        ("plan", "is going to sell the boat", late),
    ):
        make_fact(
            partner,
            key,
            value,
            conversation=talk,
            source_message=talk.messages.get(),
            many_valued=True,
            valid_from=talk.started_at,
            confidence=0.8,
        )
    make_fact(partner, "pet", "a tiger", conversation=late, review="needs_review", many_valued=True)
    make_fact(partner, "hobby", "golf", conversation=late, subject="user", many_valued=True)
    return partner


def test_a_partner_without_talks_has_a_short_page(api: APIClient, alice: User) -> None:
    body = read(api, make_partner(alice, "Dana"))
    assert texts(body["who"], "text") == ["Dana"]
    assert body["how_long"]["text"].startswith("Known for less than a day")
    assert body["promises"] == {"yours": [], "theirs": [], "others": []}
    assert [body[name] for name in SECTIONS[1:]] == [[]] * 7


def test_each_section_says_what_is_known(api: APIClient, dana: ConversationPartner) -> None:
    body = read(api, dana, "2025-06-08")
    assert texts(body["who"], "text") == ["Dana, neighbour", "Dana lives in Porto"]
    assert body["how_long"]["text"] == "Known for 3 months (since 1 March 2025); 2 talks."
    assert texts(body["last_talk"], "text") == ["Dana moved.", "She likes it."]
    assert texts(body["changes"], "text") == [
        "Dana lives in Porto (before: Ghent)",
        "Dana adopted a guinea pig",
        "Dana is going to sell the boat",
    ]
    assert texts(body["promises"]["yours"], "text") == ["send the recipe (was due 3 June 2025)"]
    assert texts(body["promises"]["theirs"], "text") == ["bring the book"]
    assert texts(body["coming_up"], "text") == ["Dana is going to sell the boat"]
    assert texts(body["remember"], "text") == ["Dana enjoys pottery"]
    assert (body["remember"][0]["age_days"], body["remember"][0]["confidence"]) == (99, 0.8)
    assert texts(body["avoid"], "text") == ["Dana is allergic to walnuts"]
    assert "tiger" not in str(body)
    assert "golf" not in str(body)


def test_questions_about_what_no_longer_holds_are_left_out(
    api: APIClient, dana: ConversationPartner
) -> None:
    assert texts(read(api, dana)["ask"], "text") == ["How is life in Porto?", "And you?"]


def test_every_line_names_what_it_rests_on(api: APIClient, dana: ConversationPartner) -> None:
    body = read(api, dana)
    known = set(dana.facts.values_list("pk", flat=True))
    unnamed = [line for line in lines(body) if not line["fact_ids"] + line["conversation_ids"]]
    # The first line is the partner's own record.
    assert unnamed == [body["who"][0]]
    assert {pk for line in lines(body) for pk in line["fact_ids"]} <= known
    moved = body["changes"][0]
    assert (len(moved["fact_ids"]), len(moved["conversation_ids"])) == (2, 2)
    assert moved["message_ids"] == [Conversation.objects.get(started_at=JUNE).messages.get().pk]


def test_a_past_day_reads_as_it_did(api: APIClient, dana: ConversationPartner) -> None:
    """Nothing that was learned in June appears in May, not even that Ghent was left."""
    body = read(api, dana, "2025-05-01")
    assert texts(body["who"], "text") == ["Dana, neighbour", "Dana lives in Ghent"]
    assert body["how_long"]["text"] == "Known for 2 months (since 1 March 2025); 1 talk."
    assert texts(body["ask"], "text") == ["Ghent?"]
    assert body["changes"] == []
    assert body["promises"] == {"yours": [], "theirs": [], "others": []}
    shown = str(lines(body))
    for later in ("Porto", "guinea", "boat", "recipe"):
        assert later not in shown


def test_what_begins_later_is_coming_up(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    talk = talk_with(partner, JUNE)
    make_fact(
        partner,
        "event",
        "is getting married in September 2025",
        conversation=talk,
        valid_from=datetime(2025, 9, 1, tzinfo=UTC),
        many_valued=True,
    )
    make_fact(partner, "birthday", "3 July", conversation=talk)
    body = read(api, partner, "2025-06-08")
    assert texts(body["coming_up"], "date") == ["2025-07-03", "2025-09-01"]
    assert texts(body["coming_up"], "text")[1] == "Dana is getting married in September 2025"
    assert body["remember"] == []


def test_a_plan_whose_day_has_come_is_asked_about(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    talk = talk_with(partner, MARCH)
    make_fact(
        partner,
        "plan",
        "is going to run a marathon in May 2025",
        conversation=talk,
        valid_from=datetime(2025, 5, 1, tzinfo=UTC),
        many_valued=True,
    )
    assert texts(read(api, partner, "2025-04-01")["ask"], "text") == []
    assert texts(read(api, partner, "2025-06-01")["ask"], "text") == [
        "I remember that you are going to run a marathon in May 2025. What came of it?"
    ]


def test_a_talk_that_is_not_analysed_says_so(api: APIClient, alice: User) -> None:
    partner = make_partner(alice)
    make_conversation(partner, "Hello.", title="Lunch")
    assert texts(read(api, partner)["last_talk"], "text") == ["Lunch: not analysed yet."]


def test_markdown_is_given_to_those_who_ask_for_it(
    api: APIClient, dana: ConversationPartner
) -> None:
    path = f"/api/partners/{dana.pk}/briefing?as_of=2025-06-08"
    answer = api.get(path, headers={"Accept": "text/markdown"})
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert "Accept" in answer["Vary"]
    page = answer.content.decode()
    assert page.startswith("# Dana\n")
    assert "\n## To avoid\n\n- Dana is allergic to walnuts — fact " in page
    assert "- Dana enjoys pottery (heard 99 days ago, 80% sure) — fact " in page
    for accepted in ("*/*", "application/json, text/markdown;q=0.5", "text/html"):
        plain = api.get(path, headers={"Accept": accepted})
        assert plain["Content-Type"] == "application/json"


def test_markdown_shows_what_was_said_and_does_not_obey_it(api: APIClient, alice: User) -> None:
    partner = make_partner(alice, "Dana\n# Owned")
    make_fact(partner, "hobby", "<script>x</script> [here](javascript:x)", many_valued=True)
    answer = api.get(f"/api/partners/{partner.pk}/briefing", headers={"Accept": "text/markdown"})
    page = answer.content.decode()
    assert "# Dana \\# Owned" in page
    assert "<script" not in page.replace("\\<", "")
    assert "[here]" not in page.replace("\\[", "")


def test_errors_are_json_also_for_markdown(api: APIClient, bob: User) -> None:
    for pk in (999_999, make_partner(bob).pk):
        answer = api.get(f"/api/partners/{pk}/briefing", headers={"Accept": "text/markdown"})
        assert answer.status_code == 404
        assert answer.json()["detail"] == f"Partner {pk} not found"


def test_five_queries_and_the_partner_whatever_is_known(
    api: APIClient, dana: ConversationPartner
) -> None:
    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            read(api, dana)
        return len(queries)

    assert counted() == 6
    for number in range(30):
        talk = talk_with(dana, timezone.now() - timedelta(days=number))
        make_fact(dana, f"key {number}", conversation=talk)
    assert counted() == 6
