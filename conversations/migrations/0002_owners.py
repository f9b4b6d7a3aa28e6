"""Foreign keys with the owner in them, so that a row can only hang on its own user's rows.

Deleting is the database's work: a user, a partner or a conversation takes its children along in
one statement, whichever way it is deleted. Facts point at their sources without a cascade,
because migration 0004 decides which of them outlive the source.
"""

from django.db import migrations

from convoai.database.sequences import keep_sequence

CASCADE = "ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED"
NO_ACTION = "DEFERRABLE INITIALLY DEFERRED"

# name, table, columns, referenced table and columns, action
FOREIGN_KEYS = [
    ("fk_conversations_user", "conversations", "user_id", "users (id)", CASCADE),
    (
        "fk_conversations_partner",
        "conversations",
        "user_id, partner_id",
        "conversation_partners (user_id, id)",
        CASCADE,
    ),
    (
        "fk_messages_conversation",
        "messages",
        "user_id, conversation_id",
        "conversations (user_id, id)",
        CASCADE,
    ),
    (
        "fk_conversation_topics_conversation",
        "conversation_topics",
        "user_id, conversation_id",
        "conversations (user_id, id)",
        CASCADE,
    ),
    ("fk_conversation_topics_topic", "conversation_topics", "topic_id", "topics (id)", CASCADE),
    (
        "fk_facts_partner",
        "extracted_facts",
        "user_id, partner_id",
        "conversation_partners (user_id, id)",
        CASCADE,
    ),
    (
        "fk_facts_conversation",
        "extracted_facts",
        "user_id, conversation_id",
        "conversations (user_id, id)",
        NO_ACTION,
    ),
    (
        "fk_facts_source_message",
        "extracted_facts",
        "user_id, source_message_id",
        "messages (user_id, id)",
        NO_ACTION,
    ),
    (
        "fk_facts_superseded_by",
        "extracted_facts",
        "user_id, superseded_by_id",
        "extracted_facts (user_id, id)",
        NO_ACTION,
    ),
]

TABLES = ["conversations", "messages", "topics", "conversation_topics", "extracted_facts"]


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0001_conversations"),
        ("partners", "0002_owner"),
    ]
    operations = [
        *(
            migrations.RunSQL(
                f"ALTER TABLE {table} ADD CONSTRAINT {name} "
                f"FOREIGN KEY ({columns}) REFERENCES {target} {action};",
                f"ALTER TABLE {table} DROP CONSTRAINT {name};",
            )
            for name, table, columns, target, action in FOREIGN_KEYS
        ),
        *(keep_sequence(table) for table in TABLES),
    ]
