"""The foreign key from partners to their user, held and cascaded by the database."""

from django.db import migrations

from convoai.database.sequences import keep_sequence

ADD = """
ALTER TABLE conversation_partners ADD CONSTRAINT fk_partners_user
    FOREIGN KEY (user_id) REFERENCES users (id)
    ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
"""
DROP = "ALTER TABLE conversation_partners DROP CONSTRAINT fk_partners_user;"


class Migration(migrations.Migration):
    dependencies = [("partners", "0001_partners")]
    operations = [
        migrations.RunSQL(ADD, DROP),
        keep_sequence("conversation_partners"),
    ]
