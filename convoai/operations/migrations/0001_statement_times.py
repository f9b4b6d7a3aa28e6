"""Times of statements, by day, route and statement: convoai.operations.statements."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="StatementTimes",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("route", models.CharField(max_length=200)),
                ("digest", models.CharField(max_length=32)),
                ("statement", models.TextField()),
                ("calls", models.BigIntegerField()),
                ("total", models.BigIntegerField()),
                ("longest", models.BigIntegerField()),
                (
                    "histogram",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
            ],
            options={
                "db_table": "statement_times",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "route", "digest"), name="uq_statement_times"
                    )
                ],
            },
        ),
    ]
