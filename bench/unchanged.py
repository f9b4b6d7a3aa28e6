"""What suggestions, facts, profiles and insights cost: made anew, remembered, and unchanged (304).

    python bench/unchanged.py

One partner with 100 talks of 22 messages, 300 facts and 200 topic links; requests inside one
process, without HTTP. Queries and milliseconds (median of 50), all changes taken back at the end.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import project

TALKS, MESSAGES, FACTS = 100, 22, 300
REPEATED = 50
PATHS = ("suggestions/{}", "suggestions/{}/facts", "profiles/{}", "profiles/{}/insights")


def filled() -> Any:
    from conversations.models import Conversation, ConversationTopic, ExtractedFact, Message, Topic
    from convoai.accounts.models import User
    from partners.models import ConversationPartner

    user = User.objects.create(email="unchanged@example.org", username="unchanged")
    partner = ConversationPartner.objects.create(user=user, name="Dana")
    topics = [Topic.objects.create(name=f"Unchanged {number}") for number in range(20)]
    talks = Conversation.objects.bulk_create(
        Conversation(user=user, partner=partner, is_analyzed=True, summary="A talk about bread.")
        for _ in range(TALKS)
    )
    Message.objects.bulk_create(
        Message(user=user, conversation=talk, position=place, sender="user", content="I bake.")
        for talk in talks
        for place in range(MESSAGES)
    )
    ConversationTopic.objects.bulk_create(
        ConversationTopic(user=user, conversation=talk, topic=topics[(number + step) % 20])
        for number, talk in enumerate(talks)
        for step in (0, 7)
    )
    ExtractedFact.objects.bulk_create(
        ExtractedFact(
            user=user,
            partner=partner,
            conversation=talks[number % TALKS],
            category="interest",
            fact_key="hobby",
            fact_value=f"hobby {number}",
            many_valued=True,
        )
        for number in range(FACTS)
    )
    return partner


def timed(function: Any) -> float:
    """Milliseconds of one call."""
    begin = time.perf_counter()
    function()
    return (time.perf_counter() - begin) * 1000


def measured(client: Any, path: str, before: Any, **headers: str) -> tuple[int, float]:
    """Queries of one request, and the median of its milliseconds; `before` runs each time."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    took = []
    for _ in range(REPEATED):
        before()
        took.append(timed(lambda: client.get(path, headers=headers)))
    before()
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path, headers=headers)
    assert answer.status_code == (304 if headers else 200)
    return len(captured), statistics.median(took)


def main() -> None:
    project.set_up()
    from django.conf import settings
    from django.db import connection, transaction
    from rest_framework.test import APIClient

    from conversations.versions import knowledge_version
    from convoai.briefing import views
    from convoai.briefing.remembered import Remembered

    settings.ALLOWED_HOSTS = ["testserver"]

    def forget() -> None:
        views.REMEMBERED = Remembered()

    with transaction.atomic():
        partner = filled()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        client = APIClient()
        client.force_authenticate(partner.user)
        print("| request | anew: queries | ms | remembered: queries | ms | 304: queries | ms |")
        print("|---|--:|--:|--:|--:|--:|--:|")
        alone = [
            timed(lambda: knowledge_version(partner.user, partner.pk)) for _ in range(REPEATED)
        ]
        for path in PATHS:
            address = "/api/" + path.format(partner.pk)
            tag = client.get(address)["ETag"]
            cells = [
                measured(client, address, forget),
                measured(client, address, lambda: None),
                measured(client, address, lambda: None, **{"If-None-Match": tag}),
            ]
            shown = " | ".join(f"{count} | {took:.1f}" for count, took in cells)
            print(f"| `/api/{path.format('{id}')}` | {shown} |")
        print(f"the version alone: {statistics.median(alone):.1f} ms")
        transaction.set_rollback(True)


if __name__ == "__main__":
    main()
