"""Words as search compares them, whatever they are typed like.

`convoai_plain`: without case and accents; scripts that put no spaces between words as each two
letters. `convoai_plain_words`: the words of a text. `convoai_near_words`: a word and what is left
of it without any one of its letters; two words that share one of these differ by one letter that
is missing, wrong, too many or changed places with its neighbour (the symmetric deletions of
Garbe's SymSpell). All are immutable, so that an index can be made of them.
"""

from django.db import migrations

UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff"
)
BETWEEN = (
    r"\s!-/:-@\[-`{-~\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf"
    r"\u2000-\u206f\u3000-\u303f\uff00-\uff0f"
)
PLAIN = f"""
CREATE FUNCTION convoai_plain(words text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    bare text := normalize(lower(regexp_replace(
        normalize(words, NFKD), '[\\u0300-\\u036f]+', '', 'g')), NFKC);
BEGIN
    IF bare !~ '[{UNSPACED}]' THEN
        RETURN bare;
    END IF;
    RETURN (
        SELECT string_agg(
            CASE WHEN NOT here THEN letter
                 WHEN next_here THEN ' ' || letter || next_letter || ' '
                 WHEN before THEN ' '
                 ELSE ' ' || letter || ' ' END, '' ORDER BY n)
        FROM (
            SELECT n, letter, here,
                   lead(letter) OVER (ORDER BY n) AS next_letter,
                   coalesce(lead(here) OVER (ORDER BY n), false) AS next_here,
                   coalesce(lag(here) OVER (ORDER BY n), false) AS before
            FROM (
                SELECT n, letter, letter ~ '[{UNSPACED}]' AS here
                FROM unnest(string_to_array(bare, NULL)) WITH ORDINALITY AS one (letter, n)
            ) AS letters
        ) AS pairs);
END
$$;
"""
WORDS = f"""
CREATE FUNCTION convoai_plain_words(words text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
    SELECT coalesce(array_agg(DISTINCT word), '{{}}')
    FROM regexp_split_to_table(convoai_plain(words), '[{BETWEEN}]+') AS word
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


class Migration(migrations.Migration):
    dependencies = [("database", "0001_extensions")]
    operations = [
        migrations.RunSQL(PLAIN, "DROP FUNCTION convoai_plain(text);"),
        migrations.RunSQL(WORDS, "DROP FUNCTION convoai_plain_words(text);"),
        migrations.RunSQL(NEAR, "DROP FUNCTION convoai_near_words(text);"),
    ]
