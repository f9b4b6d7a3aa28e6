"""Conversations, messages, topics and facts in the admin."""

from conversations.admin.conversations import ConversationAdmin
from conversations.admin.facts import FactAdmin
from conversations.admin.messages import MessageAdmin
from conversations.admin.topics import TopicAdmin

__all__ = ["ConversationAdmin", "FactAdmin", "MessageAdmin", "TopicAdmin"]
