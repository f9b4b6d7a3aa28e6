import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.utils.timezone
import pgvector.django.bit
import pgvector.django.vector
from django.conf import settings
from django.db import migrations, models

import convoai.database.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("database", "0001_extensions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ConversationPartner",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("email", models.CharField(blank=True, max_length=255, null=True)),
                ("phone", models.CharField(blank=True, max_length=100, null=True)),
                ("notes", models.TextField(blank=True, null=True)),
                ("relationship", models.CharField(blank=True, max_length=255, null=True)),
                ("image_url", models.CharField(blank=True, max_length=2000, null=True)),
                ("image_path", models.CharField(blank=True, max_length=500, null=True)),
                (
                    "image_embedding",
                    pgvector.django.vector.VectorField(dimensions=4096, editable=False, null=True),
                ),
                (
                    "image_embedding_bits",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Cast(
                            models.Func("image_embedding", function="binary_quantize"),
                            pgvector.django.bit.BitField(length=4096),
                        ),
                        output_field=pgvector.django.bit.BitField(length=4096),
                    ),
                ),
                (
                    "image_embedding_model",
                    models.CharField(editable=False, max_length=200, null=True),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        editable=False,
                    ),
                ),
                ("updated_at", convoai.database.fields.ChangedAtField(editable=False, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="partners",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "partner",
                "db_table": "conversation_partners",
                "ordering": ["pk"],
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id"), name="idx_partners_user_id")
                ],
            },
        ),
    ]
