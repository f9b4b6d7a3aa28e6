"""Pictures of an archive on their way to the partners that were made of it."""

from __future__ import annotations

import io
from collections.abc import Mapping

from convoai.accounts.models import User
from convoai.transfer.archive.opening import OpenArchive
from partners.images import clean_image, is_clean, remove_image, store_image
from partners.models import ConversationPartner


class PicturesIn:
    """Stores the pictures, and can remove them again when the transaction fails."""

    def __init__(self, archive: OpenArchive, owner: User) -> None:
        self.archive = archive
        self.owner = owner
        self._stored: list[str] = []

    def take(self, partners: Mapping[int, int]) -> int:
        """Store the picture of each new partner (old id -> new id); returns how many.

        One that convoai would not have written so is made anew. Raises Refusal `not_an_image` or
        `invalid_image` for what is no picture, `storage_full` when there is no room.
        """
        self.remove()  # of a try before, when the database asked for another one
        for old in self.archive.pictures():
            if old in partners:
                data = self.archive.picture(old)
                if not is_clean(data):
                    data = clean_image(io.BytesIO(data))
                path = store_image(self.owner.pk, data)
                self._stored.append(path)
                ConversationPartner.objects.filter(pk=partners[old]).update(image_path=path)
        return len(self._stored)

    def remove(self) -> None:
        """Remove what was stored."""
        for path in self._stored:
            remove_image(path)
        self._stored.clear()
