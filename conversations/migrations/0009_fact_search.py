"""An index over the words of facts: key, value, category, whom they speak of, and quote.

'o 7' stands for user 7; no text makes a lexeme with a space in it.
"""

from django.db import migrations

WORDS = """
CREATE FUNCTION convoai_fact_words(
    owner bigint, category text, fact_key text, fact_value text, subject text, quote text
) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
    SELECT array_to_tsvector(ARRAY['o ' || owner])
        || setweight(to_tsvector('english', convoai_plain(
            translate(fact_key, '_', ' ') || ' ' || left(fact_value, 20000))), 'A')
        || setweight(to_tsvector('english', convoai_plain(
            translate(category, '_', ' ') || ' ' || subject)), 'B')
        || setweight(to_tsvector('english', convoai_plain(left(quote, 20000))), 'C')
$$;
"""
INDEX = """
CREATE INDEX idx_facts_search ON extracted_facts USING gin (
    convoai_fact_words(user_id, category, fact_key, fact_value, subject, quote));
"""


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0005_analysis_claim"),
        ("database", "0002_plain_words"),
    ]
    operations = [
        migrations.RunSQL(
            WORDS, "DROP FUNCTION convoai_fact_words(bigint, text, text, text, text, text);"
        ),
        migrations.RunSQL(INDEX, "DROP INDEX idx_facts_search;"),
    ]
