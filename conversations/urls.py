"""Routes of conversations, messages, topics and facts, mounted under /api/."""

from typing import Any

from django.urls import path

from conversations.views.conversations import ConversationViewSet, DemoViewSet
from conversations.views.facts import FactViewSet, PartnerFactsViewSet
from conversations.views.messages import ConversationMessagesViewSet, MessageViewSet
from conversations.views.promises import PromisesViewSet
from conversations.views.topics import TopicViewSet

COLLECTION: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}

urlpatterns = [
    path("conversations/", ConversationViewSet.as_view(COLLECTION), name="conversations"),
    path("conversations/<int:pk>", ConversationViewSet.as_view(ONE), name="conversation"),
    path(
        "conversations/<int:pk>/messages",
        ConversationMessagesViewSet.as_view(COLLECTION),
        name="conversation-messages",
    ),
    path(
        "conversations/<int:pk>/promises",
        PromisesViewSet.as_view({"get": "list", "patch": "mark"}),
        name="conversation-promises",
    ),
    path("messages/<int:pk>", MessageViewSet.as_view(ONE), name="message"),
    path("topics", TopicViewSet.as_view({"get": "list"}), name="topics"),
    path("facts", FactViewSet.as_view(COLLECTION), name="facts"),
    path("facts/bulk", FactViewSet.as_view({"post": "judge"}), name="facts-bulk"),
    path("facts/<int:pk>", FactViewSet.as_view(ONE), name="fact"),
    path("facts/<int:pk>/confirm", FactViewSet.as_view({"post": "confirm"}), name="fact-confirm"),
    path("facts/<int:pk>/correct", FactViewSet.as_view({"post": "correct"}), name="fact-correct"),
    path("facts/<int:pk>/reject", FactViewSet.as_view({"post": "reject"}), name="fact-reject"),
    path(
        "facts/<int:pk>/pin",
        FactViewSet.as_view({"post": "pin", "delete": "unpin"}),
        name="fact-pin",
    ),
    path(
        "suggestions/<int:pk>/facts",
        PartnerFactsViewSet.as_view({"get": "list"}),
        name="partner-facts",
    ),
    path("demo", DemoViewSet.as_view({"post": "create", "delete": "destroy"}), name="demo"),
]
