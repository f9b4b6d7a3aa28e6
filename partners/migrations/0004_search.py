"""An index over everything that names or describes a partner.

Lexemes with a space or a tilde in them are made by nobody's text: '7 dana' is a word about a
partner of user 7 (so that the beginning of a word is looked up among the user's own only),
'7~dna' a name of theirs with a letter left out, 'o 7' stands for the user. Words without a
number serve staff, who search everybody's. A phone number is known by each of its ends.
"""

from django.db import migrations

WORDS = """
CREATE FUNCTION convoai_partner_words(
    owner bigint, name text, relationship text, email text, phone text, notes text
) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
    names text[] := convoai_plain_words(left(name, 500));
    digits text := left(regexp_replace(coalesce(phone, ''), '[^0-9]+', '', 'g'), 30);
    short text[] := names || convoai_plain_words(left(relationship, 500))
        || convoai_plain_words(left(email, 500))
        || ARRAY(SELECT substr(digits, n) FROM generate_series(1, length(digits) - 2) AS n);
BEGIN
    RETURN array_to_tsvector(
        ARRAY['o ' || owner]
        || short
        || ARRAY(SELECT owner || ' ' || word FROM unnest(short) AS word)
        || ARRAY(SELECT owner || '~' || near
                 FROM unnest(names[:20]) AS word, convoai_near_words(word) AS near))
        || to_tsvector('english', convoai_plain(left(coalesce(notes, ''), 20000)));
END
$$;
"""
# What of a partner's lexemes a word asks for: it or its beginning, a name close to it, its stem in
# the notes. The words' ends are cut by convoai_plain_words, so that none holds a quote.
QUERY = """
CREATE FUNCTION convoai_partner_query(owner bigint, words text[]) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
    SELECT coalesce(string_agg(part, ' | '), '')::tsquery
    FROM unnest(words) AS typed,
         unnest(convoai_plain_words(typed)) AS word,
         LATERAL (
            SELECT quote_literal(owner || ' ' || word)
                || CASE WHEN length(word) > 1 THEN ':*' ELSE '' END
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
    dependencies = [("partners", "0002_owner"), ("database", "0002_plain_words")]
    operations = [
        migrations.RunSQL(
            WORDS, "DROP FUNCTION convoai_partner_words(bigint, text, text, text, text, text);"
        ),
        migrations.RunSQL(QUERY, "DROP FUNCTION convoai_partner_query(bigint, text[]);"),
        migrations.RunSQL(INDEX, "DROP INDEX idx_partners_search;"),
    ]
