"""What the forms of the admin check before anything is written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q

from conversations.models.fact import Origin, Review
from conversations.models.moments import FIRST_MOMENT, LAST_MOMENT

# Facts that go with the message or talk they rest on; what the person said of them stays.
RESTS_ON_IT_ALONE = (
    ~Q(origin=Origin.USER)
    & ~Q(review__in=[Review.CONFIRMED, Review.CORRECTED])
    & Q(pinned_at__isnull=True)
)


class RecordForm(forms.ModelForm):
    """A form whose times can be read back from the database."""

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for name, value in list(values.items()):
            if isinstance(value, datetime) and not FIRST_MOMENT <= value <= LAST_MOMENT:
                self.add_error(name, "The year must lie between 1900 and 2200.")
        return self.cleaned_data

    def changes(self, *names: str) -> dict[str, Any]:
        """The values of those of these fields that were changed."""
        return {name: self.cleaned_data[name] for name in names if name in self.changed_data}


def require_same_owner(form: forms.ModelForm, owner_id: int, *names: str) -> None:
    """An error on each of these fields whose record belongs to somebody else."""
    for name in names:
        record = form.cleaned_data.get(name)
        if record is not None and record.user_id != owner_id:
            form.add_error(name, "This belongs to another user than the partner does.")
