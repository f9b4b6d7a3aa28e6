"""An index over everything that names or describes a partner.

Words are folded as those of messages (conversations 0007), and hold their owner likewise. Lexemes
with a space or a tilde are made by nobody's text: '7 dana' is a word about a partner of user 7 (so
that the beginning of a word is looked up among the user's own only), '7~dna' a name of theirs with
a letter left out. Words without a number serve staff, who search everybody's. A phone number is
known by each of its ends.

Two names that share what is left of them without one letter differ by one that is missing, wrong,
too many or out of place (the symmetric deletions of Garbe's SymSpell).
"""

from django.db import migrations

BETWEEN = (
    r"\s!-/:-@\[-`{-~\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf"
    r"\u2000-\u206f\u3000-\u303f\uff00-\uff0f"
)
SPLIT = f"""
CREATE FUNCTION convoai_split(folded text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT word), '{{}}')
    FROM regexp_split_to_table(lower(folded), '[{BETWEEN}]+') AS word
    WHERE word <> '' AND length(word) <= 100
$$;
"""
NEAR = """
CREATE FUNCTION convoai_near_words(word text) RETURNS SETOF text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT word WHERE length(word) BETWEEN 4 AND 20
    UNION
    SELECT overlay(word PLACING '' FROM n FOR 1) FROM generate_series(1, length(word)) AS n
    WHERE length(word) BETWEEN 4 AND 20
$$;
"""
WORDS = """
CREATE FUNCTION convoai_partner_words(
    owner bigint, name text, relationship text, email text, phone text, notes text
) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 SET search_path FROM CURRENT AS $$
DECLARE
    names text[] := convoai_split(convoai_search_text(left(name, 500)));
    digits text := left(regexp_replace(coalesce(phone, ''), '[^0-9]+', '', 'g'), 30);
    short text[] := names || convoai_split(convoai_search_text(left(relationship, 500)))
        || convoai_split(convoai_search_text(left(email, 500)))
        || ARRAY(SELECT substr(digits, n) FROM generate_series(1, length(digits) - 2) AS n);
BEGIN
    RETURN array_to_tsvector(
        short
        || ARRAY(SELECT owner || ' ' || word FROM unnest(short) AS word)
        || ARRAY(SELECT owner || '~' || near
                 FROM unnest(names[:20]) AS word, convoai_near_words(word) AS near))
        || to_tsvector('english', convoai_search_text(left(coalesce(notes, ''), 20000)))
        || convoai_owner_word(owner);
END
$$;
"""
# What of a partner's lexemes a word asks for: it or its beginning, a name close to it, its stem in
# the notes. The words' ends are cut by convoai_split, so that none holds a quote.
QUERY = """
CREATE FUNCTION convoai_partner_query(owner bigint, words text[]) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
    SELECT coalesce(string_agg(part, ' | '), '')::tsquery
    FROM unnest(words) AS typed,
         unnest(convoai_split(convoai_query_text(typed))) AS word,
         LATERAL (
            SELECT quote_literal(owner || ' ' || word)
                || CASE WHEN length(word) > 1 OR octet_length(word) > 1 THEN ':*' ELSE '' END
            UNION ALL
            SELECT quote_literal(owner || '~' || near) FROM convoai_near_words(word) AS near
            UNION ALL
            SELECT quote_literal(stem)
            FROM unnest(tsvector_to_array(to_tsvector('english', word))) AS stem
         ) AS parts (part)
$$;
"""
INDEX = """
CREATE INDEX idx_partners_search ON conversation_partners USING gin (
    convoai_partner_words(user_id, name, relationship, email, phone, notes));
"""


class Migration(migrations.Migration):
    dependencies = [("partners", "0003_face_index"), ("conversations", "0007_search")]
    operations = [
        migrations.RunSQL(SPLIT, "DROP FUNCTION convoai_split(text);"),
        migrations.RunSQL(NEAR, "DROP FUNCTION convoai_near_words(text);"),
        migrations.RunSQL(
            WORDS, "DROP FUNCTION convoai_partner_words(bigint, text, text, text, text, text);"
        ),
        migrations.RunSQL(QUERY, "DROP FUNCTION convoai_partner_query(bigint, text[]);"),
        migrations.RunSQL(INDEX, "DROP INDEX idx_partners_search;"),
    ]
