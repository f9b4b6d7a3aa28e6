"""What deleting does to facts, held by the database for every way of deleting.

A fact that rests only on a deleted message or conversation goes with it. One that the person
made, confirmed or corrected rests on the person's word too: it stays and loses the quote.
When a newer value goes, the older one that it had closed becomes current again.
"""

from django.db import migrations

KEPT = "(fact.origin = 'user' OR fact.review IN ('confirmed', 'corrected'))"

RELEASE = f"""
CREATE FUNCTION convoai_release_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'messages' THEN
        UPDATE extracted_facts AS fact
        SET source_message_id = NULL, quote = '', quote_start = NULL, updated_at = now()
        FROM gone WHERE fact.source_message_id = gone.id AND {KEPT};
        DELETE FROM extracted_facts AS fact USING gone WHERE fact.source_message_id = gone.id;
    ELSE
        UPDATE extracted_facts AS fact
        SET conversation_id = NULL, quote = '', quote_start = NULL, updated_at = now()
        FROM gone WHERE fact.conversation_id = gone.id AND {KEPT};
        DELETE FROM extracted_facts AS fact USING gone WHERE fact.conversation_id = gone.id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER release_facts AFTER DELETE ON messages REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION convoai_release_facts();
CREATE TRIGGER release_facts AFTER DELETE ON conversations REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION convoai_release_facts();
"""

DROP_RELEASE = """
DROP TRIGGER release_facts ON conversations;
DROP TRIGGER release_facts ON messages;
DROP FUNCTION convoai_release_facts();
"""

# `successor` follows superseded_by through the deleted facts to the first that is left, or none.
# An older fact with a successor left stays closed and points at it. Without one it is reopened,
# unless it was rejected or another value of the key is current; of several older values of one
# key the latest is reopened and the others point at it.
HEAL = """
CREATE FUNCTION convoai_heal_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM gone JOIN extracted_facts AS older ON older.superseded_by_id = gone.id
    ) THEN
        RETURN NULL;
    END IF;
    WITH RECURSIVE chain AS (
        SELECT id AS gone_id, superseded_by_id AS next_id FROM gone
        UNION
        SELECT chain.gone_id, gone.superseded_by_id FROM chain JOIN gone ON gone.id = chain.next_id
    ), successor AS (
        SELECT gone_id, next_id FROM chain
        WHERE next_id IS NULL OR NOT EXISTS (SELECT FROM gone WHERE gone.id = chain.next_id)
    ), older AS (
        SELECT fact.id, successor.next_id, fact.many_valued, fact.review,
               first_value(fact.id) OVER same_key AS latest_id,
               EXISTS (
                   SELECT FROM extracted_facts AS other
                   WHERE other.partner_id = fact.partner_id AND other.subject = fact.subject
                     AND other.fact_key = fact.fact_key AND other.is_current
               ) AS has_current
        FROM extracted_facts AS fact JOIN successor ON fact.superseded_by_id = successor.gone_id
        WINDOW same_key AS (
            PARTITION BY fact.partner_id, fact.subject, fact.fact_key, successor.next_id IS NULL
            ORDER BY fact.valid_from DESC NULLS LAST, fact.id DESC
        )
    ), healed AS (
        SELECT id, next_id, latest_id,
               next_id IS NULL AND review <> 'rejected'
               AND (many_valued OR (id = latest_id AND NOT has_current)) AS reopened
        FROM older
    )
    UPDATE extracted_facts AS fact
    SET is_current = healed.reopened,
        superseded_by_id = CASE
            WHEN healed.next_id IS NOT NULL THEN healed.next_id
            WHEN healed.reopened OR healed.id = healed.latest_id THEN NULL
            ELSE healed.latest_id END,
        valid_to = CASE
            WHEN healed.reopened THEN NULL
            ELSE coalesce(
                (SELECT valid_from FROM extracted_facts WHERE id = healed.next_id),
                fact.valid_to) END,
        updated_at = now()
    FROM healed WHERE fact.id = healed.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER heal_facts AFTER DELETE ON extracted_facts REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION convoai_heal_facts();
"""

DROP_HEAL = """
DROP TRIGGER heal_facts ON extracted_facts;
DROP FUNCTION convoai_heal_facts();
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0003_search")]
    operations = [
        migrations.RunSQL(RELEASE, DROP_RELEASE),
        migrations.RunSQL(HEAL, DROP_HEAL),
    ]
