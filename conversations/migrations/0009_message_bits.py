"""The signs of a message's vector, in an index of their own, so that the nearest of one person's
many messages are found without reading the messages."""

from django.db import migrations

COLUMN = """
ALTER TABLE messages ADD COLUMN embedding_bits varbit
    GENERATED ALWAYS AS (binary_quantize(embedding)::varbit) STORED;
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0008_message_vectors")]
    operations = [
        migrations.RunSQL(COLUMN, "ALTER TABLE messages DROP COLUMN embedding_bits;"),
        migrations.RunSQL(
            """
            DROP INDEX idx_messages_embedding_model;
            CREATE INDEX idx_messages_embedding_model ON messages (user_id, embedding_model)
                INCLUDE (id, conversation_id, embedding_bits);
            """,
            """
            DROP INDEX idx_messages_embedding_model;
            CREATE INDEX idx_messages_embedding_model ON messages (user_id, embedding_model);
            """,
        ),
    ]
