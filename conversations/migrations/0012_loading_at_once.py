"""Search columns are written through indexes, also while a load fills tables that were empty.

A session keeps the plan of a trigger's query. One that was made while a table was empty reads all
of it, and would do so again for each of the rows that are loaded into it afterwards.
"""

from django.db import migrations

FUNCTIONS = ("convoai_message_search", "convoai_transcript_search", "convoai_talks_changed")


class Migration(migrations.Migration):
    dependencies = [("conversations", "0011_analysis_run")]
    operations = [
        migrations.RunSQL(
            f"ALTER FUNCTION {name}() SET enable_seqscan = off;",
            f"ALTER FUNCTION {name}() RESET enable_seqscan;",
        )
        for name in FUNCTIONS
    ]
