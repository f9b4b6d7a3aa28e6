"""How partners are read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Count, F, Func, OuterRef, Subquery

from convoai.database.typed import beginnings

if TYPE_CHECKING:
    from partners.models import ConversationPartner

NOT_DIGITS, LETTER = re.compile(r"[^0-9]+"), re.compile(r"[^\W\d_]")
# The end of a phone number that is looked for has more digits than this.
SHORTEST_NUMBER = 2
VECTORS = ("image_embedding", "image_embedding_bits")


class PartnerQuerySet(models.QuerySet["ConversationPartner"]):
    """Partners; start with `owned_by`."""

    def owned_by(self, user: Any) -> Self:
        """The rows of one user; of nobody when there is no signed-in user."""
        if user is None or user.pk is None:
            return self.none()
        return self.filter(user_id=user.pk)

    def named(self, name: str) -> Self:
        """Those of this name, whatever its case, oldest first."""
        return self.filter(name__iexact=name.strip()).order_by("pk")

    def matching(self, words: str) -> Self:
        """Partners with all the words, each perhaps cut short, in name, relationship, e-mail
        address, phone number or notes; through idx_partners_search."""
        columns = ("user_id", "name", "relationship", "email", "phone", "notes")
        lexemes = Func(
            *map(F, columns), function="convoai_partner_words", output_field=SearchVectorField()
        )
        digits = NOT_DIGITS.sub("", words)
        asked = beginnings(words, "simple", "english")
        if len(digits) > SHORTEST_NUMBER and not LETTER.search(words):
            asked = beginnings(digits, "simple")
        return self.alias(lexemes=lexemes).filter(lexemes=asked)

    def with_talk_count(self) -> Self:
        """Adds `talk_count`, the number of conversations with each partner."""
        talks = self.model._meta.get_field("conversations").related_model
        count = (
            talks._default_manager.filter(partner=OuterRef("pk"))
            .order_by()
            .values("partner")
            .annotate(count=Count("pk"))
            .values("count")
        )
        return self.annotate(talk_count=models.functions.Coalesce(Subquery(count), 0))


class PartnerManager(models.Manager.from_queryset(PartnerQuerySet)):  # type: ignore[misc]
    """Partners without their vectors, which are 16 KB each and read only on purpose."""

    def get_queryset(self) -> PartnerQuerySet:
        queryset: PartnerQuerySet = super().get_queryset().defer(*VECTORS)
        return queryset

    def get_by_natural_key(self, email: str, name: str) -> ConversationPartner:
        """The first partner of that name: names are not unique, and a fixture names its own."""
        partner = self.filter(user__email=email, name=name).order_by("pk").first()
        if partner is None:
            raise self.model.DoesNotExist
        return partner  # type: ignore[no-any-return]
