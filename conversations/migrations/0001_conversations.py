import datetime

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.utils.timezone
import pgvector.django.bit
import pgvector.django.halfvec
import pgvector.django.vector
from django.conf import settings
from django.db import migrations, models

import convoai.database.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("database", "0001_extensions"),
        ("partners", "0001_partners"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Conversation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=500, null=True)),
                ("summary", models.TextField(blank=True, null=True)),
                ("full_transcript", models.TextField(blank=True, null=True)),
                ("is_analyzed", models.BooleanField(db_default=False, default=False)),
                (
                    "started_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "language",
                    models.CharField(db_default="english", default="english", max_length=30),
                ),
                ("source", models.CharField(db_default="api", default="api", max_length=50)),
                ("external_id", models.CharField(blank=True, max_length=255, null=True)),
                ("idempotency_key", models.CharField(editable=False, max_length=255, null=True)),
                ("idempotency_digest", models.CharField(editable=False, max_length=64, null=True)),
                ("sentiment", models.CharField(blank=True, max_length=50, null=True)),
                ("key_insights", models.JSONField(blank=True, db_default=[], default=list)),
                ("suggested_topics", models.JSONField(blank=True, db_default=[], default=list)),
                ("suggested_questions", models.JSONField(blank=True, db_default=[], default=list)),
                ("action_items", models.JSONField(blank=True, db_default=[], default=list)),
                ("analyzer", models.CharField(blank=True, max_length=200, null=True)),
                ("analyzed_at", models.DateTimeField(blank=True, null=True)),
                ("analysis_error", models.TextField(blank=True, null=True)),
                (
                    "embedding",
                    pgvector.django.vector.VectorField(dimensions=4096, editable=False, null=True),
                ),
                (
                    "embedding_bits",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.comparison.Cast(
                            models.Func("embedding", function="binary_quantize"),
                            pgvector.django.bit.BitField(length=4096),
                        ),
                        output_field=pgvector.django.bit.BitField(length=4096),
                    ),
                ),
                ("embedding_model", models.CharField(editable=False, max_length=200, null=True)),
                (
                    "transcript_search",
                    django.contrib.postgres.search.SearchVectorField(editable=False, null=True),
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
                    "partner",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="conversations",
                        to="partners.conversationpartner",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="conversations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "conversations",
                "ordering": ["-started_at", "-pk"],
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "position",
                    models.PositiveIntegerField(help_text="0 for the first message of the talk"),
                ),
                (
                    "sender",
                    models.CharField(
                        choices=[("user", "user"), ("partner", "partner")], max_length=20
                    ),
                ),
                (
                    "speaker",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="name as transcribed",
                        max_length=255,
                    ),
                ),
                ("content", models.TextField()),
                (
                    "timestamp",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                    ),
                ),
                (
                    "search",
                    django.contrib.postgres.search.SearchVectorField(editable=False, null=True),
                ),
                ("embedding", pgvector.django.halfvec.HalfVectorField(editable=False, null=True)),
                ("embedding_model", models.CharField(editable=False, max_length=200, null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        editable=False,
                    ),
                ),
                (
                    "conversation",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="messages",
                        to="conversations.conversation",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "messages",
                "ordering": ["conversation", "position"],
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="ExtractedFact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("category", models.CharField(max_length=100)),
                ("fact_key", models.CharField(max_length=200)),
                ("fact_value", models.TextField()),
                (
                    "original_value",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="what was heard, when corrected since",
                    ),
                ),
                ("confidence", models.FloatField(db_default=1.0, default=1.0, help_text="0 to 1")),
                (
                    "subject",
                    models.CharField(
                        db_default="partner",
                        default="partner",
                        help_text="'partner', 'user', or the name of a third person",
                        max_length=255,
                    ),
                ),
                ("quote", models.TextField(blank=True, db_default="", default="")),
                (
                    "quote_start",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="place of the quote in its message, in code points",
                        null=True,
                    ),
                ),
                ("many_valued", models.BooleanField(db_default=False, default=False)),
                ("is_current", models.BooleanField(db_default=True, default=True)),
                ("valid_from", models.DateTimeField(blank=True, null=True)),
                ("valid_to", models.DateTimeField(blank=True, null=True)),
                (
                    "origin",
                    models.CharField(
                        choices=[("analysis", "analysis"), ("user", "user"), ("import", "import")],
                        db_default="analysis",
                        default="analysis",
                        max_length=20,
                    ),
                ),
                (
                    "review",
                    models.CharField(
                        choices=[
                            ("unreviewed", "unreviewed"),
                            ("needs_review", "needs review"),
                            ("confirmed", "confirmed"),
                            ("corrected", "corrected"),
                            ("rejected", "rejected"),
                        ],
                        db_default="unreviewed",
                        default="unreviewed",
                        max_length=20,
                    ),
                ),
                (
                    "extracted_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                    ),
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
                    "conversation",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="facts",
                        to="conversations.conversation",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="facts",
                        to="partners.conversationpartner",
                    ),
                ),
                (
                    "superseded_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="supersedes",
                        to="conversations.extractedfact",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "source_message",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="facts",
                        to="conversations.message",
                    ),
                ),
            ],
            options={
                "verbose_name": "fact",
                "db_table": "extracted_facts",
                "ordering": ["-extracted_at", "-pk"],
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Topic",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "name_key",
                    convoai.database.fields.CasefoldKeyField(max_length=600, source="name"),
                ),
                ("category", models.CharField(blank=True, max_length=100, null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        editable=False,
                    ),
                ),
            ],
            options={
                "db_table": "topics",
                "ordering": ["name_key"],
                "constraints": [
                    models.UniqueConstraint(fields=("name_key",), name="uq_topics_name_key"),
                    models.CheckConstraint(
                        condition=models.Q(("name_key", ""), _negated=True), name="topics_named"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConversationTopic",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "relevance_score",
                    models.PositiveSmallIntegerField(
                        db_default=5,
                        default=5,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10),
                        ],
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                        editable=False,
                    ),
                ),
                (
                    "conversation",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="conversation_topics",
                        to="conversations.conversation",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "topic",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="conversation_topics",
                        to="conversations.topic",
                    ),
                ),
            ],
            options={
                "verbose_name": "topic of a conversation",
                "verbose_name_plural": "topics of conversations",
                "db_table": "conversation_topics",
                "ordering": ["conversation", "-relevance_score", "pk"],
            },
        ),
        migrations.AddField(
            model_name="conversation",
            name="topics",
            field=models.ManyToManyField(
                related_name="+",
                through="conversations.ConversationTopic",
                to="conversations.topic",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["search"], name="idx_messages_search"
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                fields=("conversation", "position"), name="idx_messages_conversation_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(fields=("user", "id"), name="uq_messages_owner"),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("sender__in", ["user", "partner"])),
                name="messages_known_sender",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "timestamp__range",
                        (
                            datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.UTC),
                            datetime.datetime(2200, 12, 31, 23, 59, 59, tzinfo=datetime.UTC),
                        ),
                    )
                ),
                name="messages_readable_times",
            ),
        ),
        migrations.AddIndex(
            model_name="extractedfact",
            index=models.Index(
                fields=["partner", "is_current", "-confidence", "-extracted_at"],
                name="idx_facts_partner_id",
            ),
        ),
        migrations.AddIndex(
            model_name="extractedfact",
            index=models.Index(fields=["conversation"], name="idx_facts_conversation_id"),
        ),
        migrations.AddIndex(
            model_name="extractedfact",
            index=models.Index(fields=["user", "-extracted_at", "-id"], name="idx_facts_user_id"),
        ),
        migrations.AddIndex(
            model_name="extractedfact",
            index=models.Index(fields=["source_message"], name="idx_facts_source_message_id"),
        ),
        migrations.AddIndex(
            model_name="extractedfact",
            index=models.Index(fields=["superseded_by"], name="idx_facts_superseded_by"),
        ),
        migrations.AddConstraint(
            model_name="extractedfact",
            constraint=models.UniqueConstraint(fields=("user", "id"), name="uq_facts_owner"),
        ),
        migrations.AddConstraint(
            model_name="extractedfact",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_current", True), ("many_valued", False)),
                fields=("partner", "subject", "fact_key"),
                name="uq_facts_one_current_value",
            ),
        ),
        migrations.AddConstraint(
            model_name="extractedfact",
            constraint=models.CheckConstraint(
                condition=models.Q(("confidence__range", (0.0, 1.0))), name="facts_confidence"
            ),
        ),
        migrations.AddConstraint(
            model_name="extractedfact",
            constraint=models.CheckConstraint(
                condition=models.Q(("origin__in", ["analysis", "user", "import"])),
                name="facts_origin",
            ),
        ),
        migrations.AddConstraint(
            model_name="extractedfact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "review__in",
                        ["unreviewed", "needs_review", "confirmed", "corrected", "rejected"],
                    )
                ),
                name="facts_review",
            ),
        ),
        migrations.AddConstraint(
            model_name="extractedfact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "valid_from__range",
                        (
                            datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.UTC),
                            datetime.datetime(2200, 12, 31, 23, 59, 59, tzinfo=datetime.UTC),
                        ),
                    ),
                    (
                        "valid_to__range",
                        (
                            datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.UTC),
                            datetime.datetime(2200, 12, 31, 23, 59, 59, tzinfo=datetime.UTC),
                        ),
                    ),
                    (
                        "extracted_at__range",
                        (
                            datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.UTC),
                            datetime.datetime(2200, 12, 31, 23, 59, 59, tzinfo=datetime.UTC),
                        ),
                    ),
                ),
                name="facts_readable_times",
            ),
        ),
        migrations.AddIndex(
            model_name="conversationtopic",
            index=models.Index(fields=["topic"], name="idx_conversation_topics_topic"),
        ),
        migrations.AddIndex(
            model_name="conversationtopic",
            index=models.Index(fields=["user", "topic"], name="idx_conversation_topics_user"),
        ),
        migrations.AddConstraint(
            model_name="conversationtopic",
            constraint=models.UniqueConstraint(
                fields=("conversation", "topic"), name="uq_conversation_topics_pair"
            ),
        ),
        migrations.AddConstraint(
            model_name="conversationtopic",
            constraint=models.CheckConstraint(
                condition=models.Q(("relevance_score__range", (1, 10))),
                name="conversation_topics_relevance",
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                fields=["user", "-started_at", "-id"], name="idx_conversations_user_id"
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                fields=["partner", "-started_at", "-id"], name="idx_conversations_partner_id"
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(fields=["-created_at"], name="idx_conversations_created_at"),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["transcript_search"], name="idx_conversations_search"
            ),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=models.UniqueConstraint(
                fields=("user", "id"), name="uq_conversations_owner"
            ),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=models.UniqueConstraint(
                fields=("user", "external_id"), name="uq_conversations_external_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("idempotency_key__isnull", False)),
                fields=("user", "idempotency_key"),
                name="uq_conversations_idempotency_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=models.CheckConstraint(
                condition=models.Q(("ended_at__gte", models.F("started_at"))),
                name="conversations_end_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "started_at__range",
                        (
                            datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.UTC),
                            datetime.datetime(2200, 12, 31, 23, 59, 59, tzinfo=datetime.UTC),
                        ),
                    ),
                    (
                        "ended_at__range",
                        (
                            datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.UTC),
                            datetime.datetime(2200, 12, 31, 23, 59, 59, tzinfo=datetime.UTC),
                        ),
                    ),
                ),
                name="conversations_readable_times",
            ),
        ),
    ]
