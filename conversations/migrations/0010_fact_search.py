"""An index over the words of facts: key, value, category, whom they speak of, and quote.

They are folded and cut as those of messages (migration 0007), and hold their owner likewise.
"""

from django.db import migrations

WORDS = """
CREATE FUNCTION convoai_fact_words(
    owner bigint, category text, fact_key text, fact_value text, subject text, quote text
) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000 SET search_path FROM CURRENT AS $$
    SELECT convoai_owner_word(owner)
        || setweight(to_tsvector('english', convoai_search_text(
            translate(fact_key, '_', ' ') || ' ' || left(fact_value, 20000))), 'A')
        || setweight(to_tsvector('english', convoai_search_text(
            translate(category, '_', ' ') || ' ' || subject)), 'B')
        || setweight(to_tsvector('english', convoai_search_text(left(quote, 20000))), 'C')
$$;
"""
INDEX = """
CREATE INDEX idx_facts_search ON extracted_facts USING gin (
    convoai_fact_words(user_id, category, fact_key, fact_value, subject, quote));
"""


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0009_message_bits"),
    ]
    operations = [
        migrations.RunSQL(
            WORDS, "DROP FUNCTION convoai_fact_words(bigint, text, text, text, text, text);"
        ),
        migrations.RunSQL(INDEX, "DROP INDEX idx_facts_search;"),
    ]
