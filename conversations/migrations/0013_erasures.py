"""The ledger of deletions: numbers and moments of what was deleted, nothing of what it said.

Restoring an older backup brings deleted rows back; `convoai/operations/erasures` deletes them
again by this list. Triggers fill it, so that it knows of every way of deleting. What goes along
with its parent is not listed, because deleting the parent again takes it along again.
"""

from django.db import migrations

LEDGER = """
CREATE TABLE erasures (
    table_name varchar(63) NOT NULL,
    row_id bigint NOT NULL,
    made_at timestamptz NOT NULL,
    erased_at timestamptz NOT NULL,
    undone_at timestamptz,
    CONSTRAINT erasures_pkey PRIMARY KEY (table_name, row_id, made_at)
);
COMMENT ON TABLE erasures IS 'What was deleted: numbers and moments only';
"""

# Table, the moment its rows were made, and which of its deleted rows were deleted themselves:
# the parent of the others is gone too. Not EXISTS: that would be joined, by reading the whole index
# of the parents for each deletion. A fact that rested on a deleted talk is listed of its own,
# for in the backup it may not rest on that talk yet.
TABLES = {
    "users": ("created_at", "true"),
    "conversation_partners": (
        "created_at",
        "(SELECT true FROM users WHERE id = gone.user_id)",
    ),
    "conversations": (
        "created_at",
        "(SELECT true FROM conversation_partners WHERE id = gone.partner_id)",
    ),
    "messages": (
        "created_at",
        "(SELECT true FROM conversations WHERE id = gone.conversation_id)",
    ),
    "extracted_facts": (
        "created_at",
        "(SELECT true FROM conversation_partners WHERE id = gone.partner_id)",
    ),
    "topics": ("created_at", "true"),
    "api_keys": ("created", "(SELECT true FROM users WHERE id = gone.user_id)"),
}
BRANCHES = "".join(
    f"""
    ELSIF TG_ARGV[0] = '{table}' THEN
        INSERT INTO erasures (table_name, row_id, made_at, erased_at)
        SELECT '{table}', gone.id, gone.{made}, clock_timestamp() FROM gone WHERE {itself}
        ON CONFLICT (table_name, row_id, made_at) DO UPDATE SET erased_at = excluded.erased_at;"""
    for table, (made, itself) in TABLES.items()
)
# The plan of a query is kept by the session, also when it was made while a table was empty.
RECORD = f"""
CREATE FUNCTION convoai_record_erasures() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off AS $$
BEGIN
    IF current_setting('convoai.erasures', true) = 'off' THEN
        RETURN NULL;{BRANCHES}
    END IF;
    RETURN NULL;
END
$$;
"""
DROP_RECORD = "DROP FUNCTION convoai_record_erasures();"


class Migration(migrations.Migration):
    dependencies = [("conversations", "0012_loading_at_once"), ("accounts", "0001_users")]
    operations = [
        migrations.RunSQL(LEDGER, "DROP TABLE erasures;"),
        migrations.RunSQL(RECORD, DROP_RECORD),
        *(
            # The table by name, so that one that is made anew under another name still says it.
            migrations.RunSQL(
                f"CREATE TRIGGER record_erasures AFTER DELETE ON {table} "
                "REFERENCING OLD TABLE AS gone FOR EACH STATEMENT "
                f"EXECUTE FUNCTION convoai_record_erasures('{table}');",
                f"DROP TRIGGER record_erasures ON {table};",
            )
            for table in TABLES
        ),
    ]
