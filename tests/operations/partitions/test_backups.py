"""A backup keeps the layout that it was made on."""

from __future__ import annotations

from pathlib import Path

import pytest

from convoai.operations.backup.making import make_backup
from convoai.operations.backup.restoring import apply
from convoai.operations.backup.server import Server
from convoai.operations.backup.verifying import verify_backup
from convoai.operations.partitions.layouts import is_partitioned
from convoai.storage.folder import Folder
from tests.operations.backup.backups import execute, free_name, planned
from tests.operations.partitions.rows import digests, fill, partition, structure

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("partitioned", [False, True])
def test_a_backup_is_restored_in_its_layout(
    server: Server, tmp_path: Path, partitioned: bool
) -> None:
    fill(server)
    if partitioned:
        partition(server)
    media = tmp_path / "media"
    backup = make_backup(server=server, media=Folder(media), to=tmp_path / "backups")
    assert verify_backup(server=server, path=backup.folder).problems == []
    with free_name(server) as name:
        apply(planned(server, backup.folder, media, name))
        restored = server.named(name)
        with restored.connect() as found, found.cursor() as cursor:
            assert is_partitioned(cursor) == partitioned
        assert digests(restored) == digests(server)
        assert structure(restored) == structure(server)
        # Rules that triggers hold still hold: links and messages go with their talk.
        execute(restored, "DELETE FROM conversations")
        assert digests(restored)["messages"]["rows"] == 0
        assert digests(restored)["conversation_topics"]["rows"] == 0
