"""pgvector and the SQL functions that other apps' migrations use."""

from django.db import migrations

from convoai.database.extensions import ensure_vector
from convoai.database.sequences import CREATE_FUNCTION, DROP_FUNCTION


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        # Going back leaves the extension: it may serve others, and dropping it needs rights.
        migrations.RunPython(ensure_vector, migrations.RunPython.noop),
        migrations.RunSQL(CREATE_FUNCTION, DROP_FUNCTION),
    ]
