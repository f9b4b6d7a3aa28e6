"""Which places the settings name."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from convoai.storage.bucket import Bucket
from convoai.storage.folder import Folder
from convoai.storage.storage import Storage


def media() -> Storage:
    """Where the pictures of partners are."""
    return _bucket("media") or Folder(Path(settings.MEDIA_ROOT))


def exports() -> Storage:
    """Where archives wait to be fetched; every machine reaches those that another one made."""
    return _bucket("exports") or Folder(Path(settings.DATA_DIR) / "exports")


def _bucket(folder: str) -> Bucket | None:
    options = settings.MEDIA_BUCKET
    return Bucket(tuple(sorted(options.items())), folder) if options else None
