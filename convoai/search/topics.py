"""Which topic a search means."""

from __future__ import annotations

from conversations.models import Topic
from convoai.accounts.models import User
from convoai.database.fields import casefold_key

# The number of no row: nothing is about a topic that the user does not have.
NO_TOPIC = 0


def topic_id(user: User, name: str) -> int:
    """The number of the user's topic of this name, in any case; NO_TOPIC without one."""
    topics = Topic.objects.filter(conversation_topics__user_id=user.pk)
    found = topics.filter(name_key=casefold_key(name)).values_list("pk", flat=True).first()
    return found or NO_TOPIC
