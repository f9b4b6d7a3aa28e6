"""One backup for all tests: of talks with awkward words, a picture and a vector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from convoai.accounts.models import User
from convoai.database.erasures import unrecorded_deletes
from convoai.operations.backup.making import make_backup
from convoai.operations.backup.server import Server, configured_server
from convoai.storage.folder import Folder
from tests.factories import make_conversation, make_fact, make_partner, make_user

WORDS = ('I said "no"; he\'d \\. not\tlisten\n', "नमस्ते 👋 ﷺ", "A plain word.")


@pytest.fixture(autouse=True)
def unblocked(django_db_blocker: Any) -> Iterator[None]:
    """What is restored is tried out through Django, in databases of its own."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture(autouse=True)
def data_dir(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the ledger of deletions is copied to."""
    settings.DATA_DIR = tmp_path_factory.mktemp("data")
    return Path(settings.DATA_DIR)


@pytest.fixture(scope="session")
def server(django_db_setup: None, django_db_blocker: Any) -> Server:
    """The server of the suite."""
    with django_db_blocker.unblock():
        return configured_server()


@pytest.fixture(scope="session")
def made(
    server: Server, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """A backup, and the folder of the pictures that are in it. Not to be changed."""
    folder = tmp_path_factory.mktemp("backups")
    media = folder / "media"
    (media / "faces").mkdir(parents=True)
    (media / "faces" / "dana.jpg").write_bytes(b"a face")
    with django_db_blocker.unblock():
        # Committed, because a dump is made by another connection. Other tests deleted, too.
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE erasures")
        user = make_user("backed-up")
        try:
            partner = make_partner(user, image_path="faces/dana.jpg", image_embedding=[0.5] * 4096)
            make_partner(user, "Gone", image_path="faces/gone.jpg")
            make_conversation(partner, *WORDS)
            make_fact(partner)
            backup = make_backup(server=server, media=Folder(media), to=folder / "backups")
        finally:
            with transaction.atomic(), unrecorded_deletes():
                User.objects.filter(pk=user.pk).delete()
    assert [line[:10] for line in backup.remarks] == ["1 pictures"]
    return backup.folder, media


@pytest.fixture(scope="session")
def backup(made: tuple[Path, Path]) -> Path:
    return made[0]
