"""Facts can be pinned, and correcting a message heals as deleting it does.

A pinned fact was touched by the person: it outlives its source as a confirmed one does. When a
message is corrected so that a quote is gone from it (or was said by the other speaker), a fact
that rests on it alone is retired: no longer current, without evidence, up for review; the older
value that it had closed becomes current again. What the person touched stays and loses the quote.
"""

from importlib import import_module

from django.db import migrations, models

deleting = import_module("conversations.migrations.0004_deleting")

KEPT = (
    "(fact.origin = 'user' OR fact.review IN ('confirmed', 'corrected')"
    " OR fact.pinned_at IS NOT NULL)"
)
RELEASE = deleting.RELEASE.replace(deleting.KEPT, KEPT)

# As in 0004, but of facts given by number, so that retired facts heal the same way as deleted
# ones. `next_ids` says what each of them was superseded by.
HEAL = """
CREATE FUNCTION convoai_heal_older(ids bigint[], next_ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM extracted_facts WHERE superseded_by_id = ANY (ids)) THEN
        RETURN;
    END IF;
    WITH RECURSIVE gone AS (
        SELECT pair.id, pair.superseded_by_id
        FROM unnest(ids, next_ids) AS pair(id, superseded_by_id)
    ), chain AS (
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
END
$$;
CREATE FUNCTION convoai_heal_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM convoai_heal_older(array_agg(id), array_agg(superseded_by_id)) FROM gone;
    RETURN NULL;
END
$$;
CREATE TRIGGER heal_facts AFTER DELETE ON extracted_facts REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION convoai_heal_facts();
"""
DROP_HEAL = deleting.DROP_HEAL + "DROP FUNCTION convoai_heal_older(bigint[], bigint[]);"

# A quote stands where it stood, or is found again elsewhere in the new words, or is gone.
REREAD = f"""
CREATE FUNCTION convoai_reread_quotes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    retired_ids bigint[];
    successor_ids bigint[];
BEGIN
    UPDATE extracted_facts AS fact
    SET quote_start = position(fact.quote IN NEW.content) - 1, updated_at = now()
    WHERE fact.source_message_id = NEW.id AND fact.quote <> ''
      AND position(fact.quote IN NEW.content) > 0
      AND substr(NEW.content, fact.quote_start + 1, length(fact.quote))
          IS DISTINCT FROM fact.quote;
    WITH before AS (
        SELECT fact.id, fact.superseded_by_id FROM extracted_facts AS fact
        WHERE fact.source_message_id = NEW.id AND fact.quote <> ''
          AND (position(fact.quote IN NEW.content) = 0
               OR (NEW.sender <> OLD.sender AND fact.subject IN ('user', 'partner')
                   AND fact.subject <> NEW.sender))
          AND fact.review <> 'rejected' AND NOT {KEPT}
        FOR UPDATE
    ), retired AS (
        UPDATE extracted_facts AS fact
        SET is_current = false, valid_to = NULL, superseded_by_id = NULL, review = 'needs_review',
            source_message_id = NULL, quote = '', quote_start = NULL, updated_at = now()
        FROM before WHERE fact.id = before.id
        RETURNING before.id, before.superseded_by_id
    )
    SELECT array_agg(id), array_agg(superseded_by_id) INTO retired_ids, successor_ids FROM retired;
    PERFORM convoai_heal_older(retired_ids, successor_ids);
    UPDATE extracted_facts AS fact
    SET source_message_id = NULL, quote = '', quote_start = NULL, updated_at = now()
    WHERE fact.source_message_id = NEW.id AND fact.quote <> ''
      AND position(fact.quote IN NEW.content) = 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER reread_quotes AFTER UPDATE OF content, sender ON messages FOR EACH ROW
    WHEN (OLD.content IS DISTINCT FROM NEW.content OR OLD.sender IS DISTINCT FROM NEW.sender)
    EXECUTE FUNCTION convoai_reread_quotes();
"""
DROP_REREAD = """
DROP TRIGGER reread_quotes ON messages;
DROP FUNCTION convoai_reread_quotes();
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0005_analysis_claim")]
    operations = [
        migrations.AddField(
            model_name="extractedfact",
            name="pinned_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.RunSQL(
            [deleting.DROP_RELEASE, RELEASE], [deleting.DROP_RELEASE, deleting.RELEASE]
        ),
        migrations.RunSQL([deleting.DROP_HEAL, HEAL], [DROP_HEAL, deleting.HEAL]),
        migrations.RunSQL(REREAD, DROP_REREAD),
    ]
