"""What the partitioned layout consists of, by name."""

from __future__ import annotations

# The first is referred to by the second.
TABLES = ("conversations", "messages")
# Ids and names of all talks, in one table of its own, so that they can be unique across
# partitions and be referred to.
REGISTRY = "conversation_ids"
REGISTERED = ("id", "user_id", "external_id", "idempotency_key")
# Where tables are built while the others are used, and where replaced ones wait to be dropped.
WORK = "convoai_partitioning"
REPLACED = "convoai_replaced"
# Where detached periods are kept.
ARCHIVE = "convoai_archive"

# Rules that one partition alone cannot hold. Those of conversations move to the registry.
REGISTRY_RULES = (
    "uq_conversations_owner",
    "uq_conversations_external_id",
    "uq_conversations_idempotency_key",
)
# Those of messages get the key behind their columns, and a trigger holds the rule.
WIDENED_RULES = {
    "idx_messages_conversation_id": ("conversation_id", "position"),
    "uq_messages_owner": ("user_id", "id"),
}
# There in another order than before: an id must have no index but those that begin with it. While
# statistics say that a table is empty, the planner takes all of them for equally good, and one
# that has the id behind the owner is read from end to end for each new row.
WIDENED_ORDER = {"uq_messages_owner": ("id", "user_id")}
# Look-ups that the indexes in the registry served before.
LOOKUPS = {
    "idx_conversations_external_id": "(user_id, external_id)",
    "idx_conversations_idempotency_key": (
        "(user_id, idempotency_key) WHERE idempotency_key IS NOT NULL"
    ),
}
# Foreign keys that lead from tables that stay as they are; the last becomes a trigger.
INWARD = {
    "fk_conversation_topics_conversation": "conversation_topics",
    "fk_facts_conversation": "extracted_facts",
    "fk_facts_source_message": "extracted_facts",
}
SOURCE = "fk_facts_source_message"

# Triggers on the tables in use that note, during a conversion, which rows changed.
NOTING = ("noted_insert", "noted_update", "noted_delete", "noted_truncate")
# Of the session that changes the layout: one at a time.
LOCK_KEY = 0x636F6E76_50415254
