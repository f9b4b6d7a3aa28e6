"""The talk that the Demo button makes and takes away."""

from __future__ import annotations

from django.utils import timezone
from rest_framework.test import APIClient

from conversations import demo
from conversations.models import Conversation, Message
from conversations.services.conversations import delete_conversation
from convoai.accounts.models import User
from partners.models import ConversationPartner
from tests.factories import make_conversation, make_partner


def test_the_button_makes_a_talk_and_takes_it_away(api: APIClient, alice: User) -> None:
    made = api.post("/api/demo")
    assert made.status_code == 201
    assert made.json()["id"] == Conversation.objects.owned_by(alice).get().pk
    again = api.post("/api/demo")
    assert again.json()["id"] == made.json()["id"]
    detail = api.get(f"/api/conversations/{made.json()['id']}").json()
    assert len(detail["messages"]) == 8
    assert api.delete("/api/demo").status_code == 204
    assert api.get("/api/partners").json() == []
    assert api.delete("/api/demo").status_code == 204


def test_nobody_presses_the_button(nobody: APIClient, db: None) -> None:
    assert nobody.post("/api/demo").status_code == 401
    assert nobody.delete("/api/demo").status_code == 401
    assert not Conversation.objects.exists()


def test_demo_makes_sarah_and_a_talk_of_eight_messages(alice: User) -> None:
    conversation = demo.create_demo(user=alice)
    assert conversation.partner.name == "Sarah Johnson"
    assert conversation.source == "demo"
    assert not conversation.is_analyzed
    messages = list(conversation.messages.order_by("position"))
    assert len(messages) == 8
    assert messages[0].timestamp == conversation.started_at
    assert conversation.ended_at
    assert messages[-1].timestamp < conversation.ended_at <= timezone.now()


def test_demo_again_is_the_same_talk(alice: User) -> None:
    first = demo.create_demo(user=alice)
    assert demo.create_demo(user=alice) == first
    assert ConversationPartner.objects.owned_by(alice).count() == 1
    assert Message.objects.owned_by(alice).count() == 8


def test_demo_leaves_another_sarah_johnson_alone(alice: User, bob: User) -> None:
    own = make_partner(alice, "Sarah Johnson", notes="From the choir.")
    bobs = demo.create_demo(user=bob)
    conversation = demo.create_demo(user=alice)
    assert conversation.partner not in (own, bobs.partner)
    demo.remove_demo(user=alice)
    assert list(ConversationPartner.objects.owned_by(alice)) == [own]
    assert list(Conversation.objects.owned_by(bob)) == [bobs]


def test_removing_the_demo_leaves_nothing(alice: User) -> None:
    demo.create_demo(user=alice)
    demo.remove_demo(user=alice)
    demo.remove_demo(user=alice)
    assert not ConversationPartner.objects.owned_by(alice).exists()
    assert not Message.objects.owned_by(alice).exists()


def test_removing_the_demo_keeps_a_sarah_who_became_real(alice: User) -> None:
    partner = demo.create_demo(user=alice).partner
    make_conversation(partner, "How was the race?")
    demo.remove_demo(user=alice)
    assert list(ConversationPartner.objects.owned_by(alice)) == [partner]
    assert Conversation.objects.owned_by(alice).count() == 1


def test_removing_the_demo_keeps_a_sarah_with_changes(alice: User) -> None:
    partner = demo.create_demo(user=alice).partner
    partner.notes = "Birthday in June."
    partner.save()
    demo.remove_demo(user=alice)
    assert list(ConversationPartner.objects.owned_by(alice)) == [partner]


def test_demo_again_takes_the_sarah_that_was_left_over(alice: User) -> None:
    conversation = demo.create_demo(user=alice)
    partner = conversation.partner
    delete_conversation(conversation=conversation)
    assert demo.create_demo(user=alice).partner == partner
