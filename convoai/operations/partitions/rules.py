"""Functions and triggers that hold across partitions what indexes and foreign keys held before.

They belong to the partitioned layout alone: made with it, dropped with it.
"""

from __future__ import annotations

# Through indexes also when the plan was made while a table was empty (see migration 0012).
INDEXED = "SET enable_seqscan = off"

FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION convoai_register_talks() RETURNS trigger LANGUAGE plpgsql {INDEXED} AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO conversation_ids (id, user_id, external_id, idempotency_key)
        SELECT id, user_id, external_id, idempotency_key FROM changed;
    ELSE
        -- Messages, topic links and facts hang on the registry and go along.
        DELETE FROM conversation_ids AS known USING changed WHERE known.id = changed.id;
    END IF;
    RETURN NULL;
END
$$;

-- Before, because a row that moves to another partition has no trigger after its update.
CREATE OR REPLACE FUNCTION convoai_rename_talk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE conversation_ids
    SET id = NEW.id, user_id = NEW.user_id, external_id = NEW.external_id,
        idempotency_key = NEW.idempotency_key
    WHERE id = OLD.id;
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION convoai_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'messages' THEN
        IF EXISTS (SELECT FROM extracted_facts WHERE source_message_id IS NOT NULL) THEN
            RAISE EXCEPTION 'cannot truncate messages while facts rest on them'
            USING ERRCODE = 'feature_not_supported', HINT = 'Truncate extracted_facts with it.';
        END IF;
    ELSE
        IF EXISTS (SELECT FROM messages) OR EXISTS (SELECT FROM conversation_topics)
           OR EXISTS (SELECT FROM extracted_facts WHERE conversation_id IS NOT NULL) THEN
            RAISE EXCEPTION 'cannot truncate conversations while other tables refer to them'
            USING ERRCODE = 'feature_not_supported',
                  HINT = 'Truncate messages, conversation_topics and extracted_facts with it.';
        END IF;
        DELETE FROM conversation_ids;
    END IF;
    RETURN NULL;
END
$$;

-- Two writers of one talk must not both find its next place free.
CREATE OR REPLACE FUNCTION convoai_check_messages() RETURNS trigger LANGUAGE plpgsql {INDEXED} AS $$
BEGIN
    PERFORM FROM conversations WHERE id IN (SELECT conversation_id FROM changed)
    ORDER BY id FOR NO KEY UPDATE;
    -- One look into the index for each row, by LATERAL and LIMIT: a join is planned as one of which
    -- the first pair comes soon, and compares each new row with all others when there is none.
    IF EXISTS (
        SELECT FROM changed CROSS JOIN LATERAL (
            SELECT FROM messages AS other WHERE other.conversation_id = changed.conversation_id
                AND other.position = changed.position AND other.id <> changed.id LIMIT 1
        ) AS double
    ) THEN
        PERFORM convoai_refuse_double('idx_messages_conversation_id');
    END IF;
    -- Rows with the same id and the same created_at are refused by the primary key.
    IF EXISTS (
        SELECT FROM changed CROSS JOIN LATERAL (
            SELECT FROM messages AS other WHERE other.id = changed.id
                AND other.created_at <> changed.created_at LIMIT 1
        ) AS double
    ) THEN
        PERFORM convoai_refuse_double('messages_pkey');
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION convoai_check_message() RETURNS trigger LANGUAGE plpgsql {INDEXED} AS $$
BEGIN
    PERFORM FROM conversations WHERE id = NEW.conversation_id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM messages AS other WHERE other.conversation_id = NEW.conversation_id
            AND other.position = NEW.position AND other.id <> OLD.id
    ) THEN
        PERFORM convoai_refuse_double('idx_messages_conversation_id');
    END IF;
    IF NEW.id <> OLD.id AND EXISTS (SELECT FROM messages WHERE id = NEW.id) THEN
        PERFORM convoai_refuse_double('messages_pkey');
    END IF;
    IF (NEW.id <> OLD.id OR NEW.user_id <> OLD.user_id)
       AND EXISTS (SELECT FROM extracted_facts WHERE source_message_id = OLD.id) THEN
        RAISE EXCEPTION
            'update on table "messages" violates foreign key constraint "fk_facts_source_message"'
        USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'fk_facts_source_message',
              TABLE = 'extracted_facts', SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION convoai_refuse_double(rule text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'duplicate key value violates unique constraint "%"', rule
    USING ERRCODE = 'unique_violation', CONSTRAINT = rule, TABLE = 'messages';
END
$$;

-- What a foreign key does: at the end, whether the fact as it is then has its message.
CREATE OR REPLACE FUNCTION convoai_check_source() RETURNS trigger LANGUAGE plpgsql {INDEXED} AS $$
DECLARE
    fact record;
BEGIN
    SELECT user_id, source_message_id INTO fact FROM extracted_facts WHERE id = NEW.id;
    IF fact.source_message_id IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM FROM messages WHERE id = fact.source_message_id AND user_id = fact.user_id
    FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'insert or update on table "extracted_facts" violates foreign key '
            'constraint "fk_facts_source_message"'
        USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'fk_facts_source_message',
              TABLE = 'extracted_facts', SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END
$$;
"""
DROP_FUNCTIONS = """
DROP FUNCTION IF EXISTS convoai_register_talks(), convoai_rename_talk(), convoai_emptied(),
    convoai_check_messages(), convoai_check_message(), convoai_refuse_double(text),
    convoai_check_source();
"""

# Triggers of one event fire in the order of their names: `registry_shrunk` before
# `release_facts`, as a cascade comes before a statement's trigger.
TRIGGERS: dict[str, dict[str, str]] = {
    "conversations": {
        "registry_grown": """
            AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION convoai_register_talks()""",
        "registry_shrunk": """
            AFTER DELETE ON {table} REFERENCING OLD TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION convoai_register_talks()""",
        "registry_changed": """
            BEFORE UPDATE OF id, user_id, external_id, idempotency_key ON {table} FOR EACH ROW
            WHEN (OLD.id <> NEW.id OR OLD.user_id <> NEW.user_id
                  OR OLD.external_id IS DISTINCT FROM NEW.external_id
                  OR OLD.idempotency_key IS DISTINCT FROM NEW.idempotency_key)
            EXECUTE FUNCTION convoai_rename_talk()""",
        "registry_emptied": """
            AFTER TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION convoai_emptied()""",
    },
    "messages": {
        "one_place": """
            AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION convoai_check_messages()""",
        "one_place_still": """
            BEFORE UPDATE OF id, user_id, conversation_id, position ON {table} FOR EACH ROW
            WHEN (OLD.id <> NEW.id OR OLD.user_id <> NEW.user_id
                  OR OLD.conversation_id <> NEW.conversation_id OR OLD.position <> NEW.position)
            EXECUTE FUNCTION convoai_check_message()""",
        "messages_emptied": """
            AFTER TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION convoai_emptied()""",
    },
}
SOURCE_TRIGGER = """
CREATE CONSTRAINT TRIGGER fk_facts_source_message
AFTER INSERT OR UPDATE OF source_message_id, user_id ON extracted_facts
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.source_message_id IS NOT NULL)
EXECUTE FUNCTION convoai_check_source()
"""
