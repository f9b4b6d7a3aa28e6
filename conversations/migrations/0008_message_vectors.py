"""Vectors that no way of writing can leave wrong.

A message's vector goes when its words or its speaker change. A talk's vector is the mean of the
vectors of its last messages, of the model of the newest one, of length 1, with zeros behind it up
to 4096 numbers; it is written whenever these change. A vector without a length compares with
nothing, and is refused.
"""

from typing import Any

from django.db import migrations, models
from django.utils import timezone

# Inline, so that comparing the vectors of many messages reads no second table.
INLINE = "ALTER TABLE messages ALTER COLUMN embedding SET STORAGE MAIN;"
NOT_INLINE = "ALTER TABLE messages ALTER COLUMN embedding SET STORAGE EXTERNAL;"

LENGTHS = """
ALTER TABLE messages ADD CONSTRAINT messages_embedding_length
    CHECK (l2_norm(embedding) > 0 AND embedding_model IS NOT NULL OR embedding IS NULL);
ALTER TABLE conversations ADD CONSTRAINT conversations_embedding_length
    CHECK (vector_norm(embedding) > 0 AND embedding_model IS NOT NULL OR embedding IS NULL);
"""
NO_LENGTHS = """
ALTER TABLE conversations DROP CONSTRAINT conversations_embedding_length;
ALTER TABLE messages DROP CONSTRAINT messages_embedding_length;
"""

# A writer that brings the vector of the new words along keeps it.
CLEAR = """
CREATE FUNCTION convoai_clear_vector() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.embedding IS NOT DISTINCT FROM OLD.embedding THEN
        NEW.embedding := NULL;
        NEW.embedding_model := NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER clear_vector BEFORE UPDATE OF content, speaker ON messages
    FOR EACH ROW WHEN (OLD.content IS DISTINCT FROM NEW.content
                       OR OLD.speaker IS DISTINCT FROM NEW.speaker)
    EXECUTE FUNCTION convoai_clear_vector();
"""
KEEP = "DROP TRIGGER clear_vector ON messages; DROP FUNCTION convoai_clear_vector();"

# The last 2,000 messages: adding to a talk of any length takes a bounded time.
TALKS = """
CREATE FUNCTION convoai_embed_talks(ids bigint[]) RETURNS void LANGUAGE sql AS $$
    UPDATE conversations AS talk
    SET embedding = found.vector, embedding_model = found.model
    FROM (
        SELECT wanted.id, mean.model, CASE WHEN vector_norm(mean.vector) > 0 THEN
            (l2_normalize(mean.vector)::real[]
             || array_fill(0::real, ARRAY[4096 - vector_dims(mean.vector)]))::vector END AS vector
        FROM unnest(ids) AS wanted(id) LEFT JOIN LATERAL (
            SELECT min(newest.embedding_model) AS model, avg(recent.embedding::vector) AS vector
            FROM (
                SELECT embedding_model, vector_dims(embedding) AS size FROM messages
                WHERE conversation_id = wanted.id AND vector_dims(embedding) <= 4096
                ORDER BY position DESC LIMIT 1
            ) AS newest, (
                SELECT embedding, embedding_model FROM messages
                WHERE conversation_id = wanted.id ORDER BY position DESC LIMIT 2000
            ) AS recent
            WHERE recent.embedding_model = newest.embedding_model
              AND vector_dims(recent.embedding) = newest.size
        ) AS mean ON true
    ) AS found
    WHERE talk.id = found.id
      AND (talk.embedding_model IS NOT NULL OR found.vector IS NOT NULL)
$$;

CREATE FUNCTION convoai_vectors_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT array_agg(DISTINCT after.conversation_id ORDER BY after.conversation_id) INTO ids
        FROM after JOIN before ON before.id = after.id
        WHERE after.embedding IS DISTINCT FROM before.embedding
           OR after.embedding_model IS DISTINCT FROM before.embedding_model;
    ELSE
        SELECT array_agg(DISTINCT conversation_id ORDER BY conversation_id) INTO ids
        FROM changed WHERE embedding IS NOT NULL;
    END IF;
    IF ids IS NOT NULL THEN
        PERFORM convoai_embed_talks(ids);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER vectors_grown AFTER INSERT ON messages REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION convoai_vectors_changed();
CREATE TRIGGER vectors_shrunk AFTER DELETE ON messages REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION convoai_vectors_changed();
CREATE TRIGGER vectors_changed AFTER UPDATE ON messages
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION convoai_vectors_changed();
"""
NO_TALKS = """
DROP TRIGGER vectors_changed ON messages;
DROP TRIGGER vectors_shrunk ON messages;
DROP TRIGGER vectors_grown ON messages;
DROP FUNCTION convoai_vectors_changed();
DROP FUNCTION convoai_embed_talks(bigint[]);
"""

SCHEDULE = "embedding"


def add_schedule(apps: Any, schema_editor: Any) -> None:
    """The worker embeds once a minute what has no vector of today's model."""
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        name=SCHEDULE,
        defaults={
            "func": "conversations.services.embedding.embed_in_background",
            # Not kept among the results, where it would crowd out those of analyses.
            "kwargs": "q_options={'save': False}",
            "schedule_type": "I",
            "minutes": 1,
            "next_run": timezone.now(),
        },
    )


def remove_schedule(apps: Any, schema_editor: Any) -> None:
    apps.get_model("django_q", "Schedule").objects.filter(name=SCHEDULE).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0007_search"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]
    operations = [
        migrations.RunSQL(INLINE, NOT_INLINE),
        migrations.RunSQL(LENGTHS, NO_LENGTHS),
        migrations.RunSQL(CLEAR, KEEP),
        migrations.RunSQL(TALKS, NO_TALKS),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["user", "embedding_model"], name="idx_messages_embedding_model"
            ),
        ),
        migrations.RunPython(add_schedule, remove_schedule),
    ]
