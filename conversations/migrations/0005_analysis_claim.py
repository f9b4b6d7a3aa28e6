"""Who analyses a talk right now."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0004_deleting"),
    ]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="analysis_claimed_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
