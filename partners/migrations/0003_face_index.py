"""Faces by their sign bits, and only vectors that can be compared."""

import pgvector.django.indexes
from django.db import migrations, models

# Half a kilobyte that is always there, so that looking at the bits of many rows reads no second
# table and unpacks nothing.
INLINE = "ALTER TABLE conversation_partners ALTER COLUMN image_embedding_bits SET STORAGE PLAIN;"
NOT_INLINE = (
    "ALTER TABLE conversation_partners ALTER COLUMN image_embedding_bits SET STORAGE EXTENDED;"
)
# A vector of zeros has no cosine with anything, and vanishes from the index.
LENGTH = """
ALTER TABLE conversation_partners ADD CONSTRAINT partners_embedding_length
    CHECK (vector_norm(image_embedding) > 0 OR image_embedding IS NULL);
"""
NO_LENGTH = "ALTER TABLE conversation_partners DROP CONSTRAINT partners_embedding_length;"


class Migration(migrations.Migration):
    dependencies = [("partners", "0002_owner")]
    operations = [
        migrations.RunSQL(INLINE, NOT_INLINE),
        migrations.RunSQL(LENGTH, NO_LENGTH),
        migrations.AddIndex(
            model_name="conversationpartner",
            index=pgvector.django.indexes.HnswIndex(
                ef_construction=64,
                fields=["image_embedding_bits"],
                m=16,
                name="idx_partners_face_bits",
                opclasses=["bit_hamming_ops"],
            ),
        ),
        migrations.AddIndex(
            model_name="conversationpartner",
            index=models.Index(
                condition=models.Q(("image_embedding_bits__isnull", False)),
                fields=["user", "image_embedding_model"],
                name="idx_partners_face_model",
            ),
        ),
    ]
