"""Search columns written by the database, so that no way of writing can forget or break them.

A tsvector refuses more than 1,048,575 bytes, and the worst text makes 10 bytes of it per
character: parts of fewer than 100,000 characters can never overflow. `messages.search` covers a
message; `conversations.transcript_search` covers title, summary and the beginning of the talk,
from its transcript or, when it has none, from its messages.
"""

from django.db import migrations

CONFIG = """
CREATE FUNCTION convoai_search_config(language text) RETURNS regconfig
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(
        (SELECT oid FROM pg_catalog.pg_ts_config
         WHERE cfgname = language AND cfgnamespace = 'pg_catalog'::regnamespace),
        'pg_catalog.simple'::regconfig
    )::regconfig
$$;
"""

MESSAGE_SEARCH = """
CREATE FUNCTION convoai_message_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search := to_tsvector(
        convoai_search_config(
            (SELECT language FROM conversations WHERE id = NEW.conversation_id)),
        left(NEW.content, 100000));
    RETURN NEW;
END
$$;
CREATE TRIGGER message_search BEFORE INSERT OR UPDATE OF content, search ON messages
    FOR EACH ROW EXECUTE FUNCTION convoai_message_search();
"""

TRANSCRIPT_SEARCH = """
CREATE FUNCTION convoai_transcript_search() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    config regconfig := convoai_search_config(NEW.language);
    words text;
BEGIN
    IF octet_length(NEW.full_transcript) > 0 THEN
        words := left(NEW.full_transcript, 80000);
    ELSE
        SELECT left(string_agg(content, E'\\n' ORDER BY position), 80000) INTO words
        FROM (
            SELECT position, left(content, 80000) AS content,
                   sum(length(content)) OVER (ORDER BY position) - length(content) AS before
            FROM messages WHERE conversation_id = NEW.id
        ) AS turn
        WHERE before < 80000;
    END IF;
    NEW.transcript_search :=
        setweight(to_tsvector(config, left(coalesce(NEW.title, ''), 500)), 'A')
        || setweight(to_tsvector(config, left(coalesce(NEW.summary, ''), 10000)), 'B')
        || to_tsvector(config, coalesce(words, ''));
    RETURN NEW;
END
$$;
CREATE TRIGGER transcript_search
    BEFORE INSERT OR UPDATE OF title, summary, full_transcript, language, transcript_search
    ON conversations
    FOR EACH ROW EXECUTE FUNCTION convoai_transcript_search();
"""

# An UPDATE that names transcript_search makes its own trigger write it anew. octet_length() and
# not a comparison, because it tells the size of a stored transcript without reading it.
REFRESH = """
CREATE FUNCTION convoai_talks_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE conversations SET transcript_search = NULL
    WHERE id IN (SELECT conversation_id FROM changed)
      AND coalesce(octet_length(full_transcript), 0) = 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER talks_grown AFTER INSERT ON messages REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION convoai_talks_changed();
CREATE TRIGGER talks_shrunk AFTER DELETE ON messages REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION convoai_talks_changed();

CREATE FUNCTION convoai_talk_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE conversations SET transcript_search = NULL
    WHERE id = NEW.conversation_id AND coalesce(octet_length(full_transcript), 0) = 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER talk_changed AFTER UPDATE OF content ON messages
    FOR EACH ROW WHEN (OLD.content IS DISTINCT FROM NEW.content)
    EXECUTE FUNCTION convoai_talk_changed();

CREATE FUNCTION convoai_language_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE messages SET search = NULL WHERE conversation_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER language_changed AFTER UPDATE OF language ON conversations
    FOR EACH ROW WHEN (OLD.language IS DISTINCT FROM NEW.language)
    EXECUTE FUNCTION convoai_language_changed();
"""

DROP_REFRESH = """
DROP TRIGGER language_changed ON conversations;
DROP TRIGGER talk_changed ON messages;
DROP TRIGGER talks_shrunk ON messages;
DROP TRIGGER talks_grown ON messages;
DROP FUNCTION convoai_language_changed();
DROP FUNCTION convoai_talk_changed();
DROP FUNCTION convoai_talks_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0002_owners")]
    operations = [
        migrations.RunSQL(CONFIG, "DROP FUNCTION convoai_search_config(text);"),
        migrations.RunSQL(
            MESSAGE_SEARCH,
            "DROP TRIGGER message_search ON messages; DROP FUNCTION convoai_message_search();",
        ),
        migrations.RunSQL(
            TRANSCRIPT_SEARCH,
            "DROP TRIGGER transcript_search ON conversations; "
            "DROP FUNCTION convoai_transcript_search();",
        ),
        migrations.RunSQL(REFRESH, DROP_REFRESH),
    ]
