"""The tables of what was said, and of what was learned from it."""

from conversations.models.conversation import Conversation
from conversations.models.fact import ExtractedFact
from conversations.models.message import Message
from conversations.models.topic import ConversationTopic, Topic

__all__ = ["Conversation", "ConversationTopic", "ExtractedFact", "Message", "Topic"]
