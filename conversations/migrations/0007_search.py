"""What messages and talks are found by: every word, without accents, whoever's it is.

Both sides of a search go through `convoai_search_text`: it takes accents off, tells Chinese,
Japanese, Korean and Thai by pairs of characters, and cuts endless words, so that the words of a
question meet those of a message. Each search column also holds its owner as a word that no text
can produce (it has a space in it), so that one GIN index answers for one person.

A tsvector refuses more than 1,048,575 bytes, and the worst text makes 10 bytes of it per
character, or 16 bytes for 3 characters of pairs. The words beyond the first 100,000 characters
of a message stand in `messages.search_rest`, which has its own index and no limit.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

# Marks are taken off Latin and Greek letters, Hebrew and Arabic points and Thai tone marks go;
# other marks make another letter (й is not и), and ё is written е by most.
FOLD = r"""
CREATE FUNCTION convoai_fold(words text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN octet_length(words) = length(words) THEN words ELSE
        replace(translate(
            normalize(regexp_replace(
                normalize(words, NFD),
                '([a-zA-Z\u0370-\u03ff])[\u0300-\u036f]+|[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u0652\u0670\u0e47-\u0e4e]',
                '\1', 'g'), NFKC),
            'đĐłŁøØħĦıðÐёЁ’', 'dDlLoOhHidDеЕ'''), 'ß', 'ss')
    END
$$;
"""

# Doubling each character with a space between makes the pairs: 天気の -> 天 天気 気の の.
UNSPACED = r"\u0e01-\u0e3a\u0e40-\u0e46\u0e81-\u0ede\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
TEXT = rf"""
CREATE FUNCTION convoai_search_text(words text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    -- Or the parser takes <script>…</script> for a tag and "and/or" for the name of a file.
    folded text := translate(convoai_fold(words), '<>/', '   ');
BEGIN
    IF octet_length(folded) > length(folded) AND folded ~ '[{UNSPACED}]' THEN
        folded := regexp_replace(
            regexp_replace(folded, '([{UNSPACED}]+)', ' \1 ', 'g'),
            '([{UNSPACED}])', '\1 \1', 'g');
    END IF;
    IF length(folded) > 200 AND folded ~ '\S{{201}}' THEN
        folded := regexp_replace(folded, '(\S{{200}})', '\1 ', 'g');
    END IF;
    RETURN folded;
END
$$;
"""

# A question is told by pairs alone: the single characters at both ends are for texts.
QUERY_TEXT = rf"""
CREATE FUNCTION convoai_query_text(words text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT regexp_replace(regexp_replace(
        convoai_search_text(words),
        '([{UNSPACED}]) (([{UNSPACED}]{{2}} )+)[{UNSPACED}]', '\2', 'g'),
        '([{UNSPACED}]) \1(\s|$)', '\1\2', 'g')
$$;
"""

MESSAGE_SEARCH = """
CREATE FUNCTION convoai_owner_word(owner bigint) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_to_tsvector(ARRAY['owner ' || owner])
$$;

CREATE FUNCTION convoai_words_of(config regconfig, words text, owner bigint) RETURNS text[]
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE AS $$
DECLARE
    found text[] := ARRAY['owner ' || owner];
    start integer := 1;
    stop integer;
BEGIN
    -- Parts of 50,000 characters, each begun 500 earlier so that no word is cut in all of them.
    WHILE start <= length(words) LOOP
        found := found || tsvector_to_array(to_tsvector(config, substr(words, start, 50500)));
        start := start + 50000;
    END LOOP;
    RETURN (SELECT array_agg(DISTINCT word) FROM unnest(found) AS word);
END
$$;

-- A tsvector counts words up to the 16,383rd only: whether a long text holds them in this order.
CREATE FUNCTION convoai_holds_in_order(talk bigint, content text, query tsquery) RETURNS boolean
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE AS $$
DECLARE
    config regconfig := convoai_search_config(
        (SELECT language FROM conversations WHERE id = talk));
    words text := convoai_search_text(content);
    start integer := 1;
BEGIN
    WHILE start <= length(words) LOOP
        IF to_tsvector(config, substr(words, start, 20000)) @@ query THEN
            RETURN true;
        END IF;
        start := start + 19000;
    END LOOP;
    RETURN false;
END
$$;

CREATE OR REPLACE FUNCTION convoai_message_search() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    spoken text := (SELECT language FROM conversations WHERE id = NEW.conversation_id);
    config regconfig := 'pg_catalog.english';
    words text := convoai_search_text(NEW.content);
BEGIN
    IF spoken IS DISTINCT FROM 'english' THEN
        config := convoai_search_config(spoken);
    END IF;
    NEW.search_rest := NULL;
    IF length(words) > 100000 THEN
        NEW.search_rest := convoai_words_of(config, substr(words, 99501), NEW.user_id);
        words := left(words, 100000);
    END IF;
    NEW.search := to_tsvector(config, words) || convoai_owner_word(NEW.user_id);
    RETURN NEW;
END
$$;
DROP TRIGGER message_search ON messages;
CREATE TRIGGER message_search
    BEFORE INSERT OR UPDATE OF content, search, search_rest, user_id, conversation_id ON messages
    FOR EACH ROW EXECUTE FUNCTION convoai_message_search();
"""

OLD_MESSAGE_SEARCH = """
DROP TRIGGER message_search ON messages;
CREATE OR REPLACE FUNCTION convoai_message_search() RETURNS trigger LANGUAGE plpgsql AS $$
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
DROP FUNCTION convoai_holds_in_order(bigint, text, tsquery);
DROP FUNCTION convoai_words_of(regconfig, text, bigint);
DROP FUNCTION convoai_owner_word(bigint);
"""

TALK = """
CREATE OR REPLACE FUNCTION convoai_transcript_search() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    config regconfig := convoai_search_config(NEW.language);
    words text;
BEGIN
    IF octet_length(NEW.full_transcript) > 0 THEN
        words := left(NEW.full_transcript, {size});
    ELSE
        SELECT left(string_agg(content, E'\\n' ORDER BY position), {size}) INTO words
        FROM (
            SELECT position, left(content, {size}) AS content,
                   sum(length(content)) OVER (ORDER BY position) - length(content) AS before
            FROM messages WHERE conversation_id = NEW.id
        ) AS turn
        WHERE before < {size};
    END IF;
    NEW.transcript_search :=
        setweight(to_tsvector(config, {title}), 'A')
        || setweight(to_tsvector(config, {summary}), 'B')
        || to_tsvector(config, {words}){owner};
    RETURN NEW;
END
$$;
DROP TRIGGER transcript_search ON conversations;
CREATE TRIGGER transcript_search
    BEFORE INSERT OR UPDATE OF title, summary, full_transcript, language, transcript_search{columns}
    ON conversations
    FOR EACH ROW EXECUTE FUNCTION convoai_transcript_search();
"""
NEW_TALK = TALK.format(
    size=50000,
    title="left(convoai_search_text(left(coalesce(NEW.title, ''), 500)), 2000)",
    summary="left(convoai_search_text(left(coalesce(NEW.summary, ''), 10000)), 20000)",
    words="left(convoai_search_text(coalesce(words, '')), 70000)",
    owner=" || convoai_owner_word(NEW.user_id)",
    columns=", user_id",
)
OLD_TALK = TALK.format(
    size=80000,
    title="left(coalesce(NEW.title, ''), 500)",
    summary="left(coalesce(NEW.summary, ''), 10000)",
    words="coalesce(words, '')",
    owner="",
    columns="",
)

REFILL = """
UPDATE messages SET search = NULL;
UPDATE conversations SET transcript_search = NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0006_pinning")]
    operations = [
        # Read from below when taken back: the columns are filled anew by the old functions.
        migrations.RunSQL(migrations.RunSQL.noop, REFILL),
        migrations.RunSQL(FOLD, "DROP FUNCTION convoai_fold(text);"),
        migrations.RunSQL(TEXT, "DROP FUNCTION convoai_search_text(text);"),
        migrations.RunSQL(QUERY_TEXT, "DROP FUNCTION convoai_query_text(text);"),
        migrations.AddField(
            "message",
            "search_rest",
            django.contrib.postgres.fields.ArrayField(
                models.TextField(), editable=False, null=True
            ),
        ),
        migrations.RunSQL(MESSAGE_SEARCH, OLD_MESSAGE_SEARCH),
        migrations.RunSQL(NEW_TALK, OLD_TALK),
        migrations.RunSQL(REFILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            "message",
            django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(search_rest__isnull=False),
                fields=["search_rest"],
                name="idx_messages_search_rest",
            ),
        ),
    ]
