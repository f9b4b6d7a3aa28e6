"""How a talk was read: analyzer, version, tokens and seconds, as one column."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0010_fact_search"),
    ]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="analysis_run",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]
