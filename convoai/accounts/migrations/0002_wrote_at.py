"""When each user last wrote, for readers of a replica; an empty column costs nothing to add."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_users")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="wrote_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
