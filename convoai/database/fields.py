"""Column types that several rooms share."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone

if TYPE_CHECKING:  # Django's fields are generic to the type checker only.
    DateTimeField = models.DateTimeField[Any, Any]
    CharField = models.CharField[Any, Any]
else:
    DateTimeField = models.DateTimeField
    CharField = models.CharField


def casefold_key(text: str) -> str:
    """The form under which spellings of one name meet: NFKC, caseless, single spaces.

    Unicode Standard, section 5.18, "Caseless Matching": toNFKC(toCasefold(toNFD(X))).
    """
    folded = unicodedata.normalize("NFD", text).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


class ChangedAtField(DateTimeField):
    """Null until the row is changed for the first time, then the time of its last change."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        if not add:
            setattr(model_instance, self.attname, timezone.now())
        return super().pre_save(model_instance, add)


class CasefoldKeyField(CharField):
    """The caseless key of another text column, kept right by every way of saving."""

    def __init__(self, *args: Any, source: str = "name", **kwargs: Any) -> None:
        self.source = source
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs["source"] = self.source
        del kwargs["editable"]
        return name, path, args, kwargs

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        setattr(model_instance, self.attname, casefold_key(getattr(model_instance, self.source)))
        return super().pre_save(model_instance, add)
