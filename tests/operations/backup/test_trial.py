"""The restored database in use: green when it works, red when it does not, and nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from convoai.operations.backup.restoring import apply
from convoai.operations.backup.server import Server
from convoai.operations.backup.trial import try_out
from tests.operations.backup.backups import execute, free_name, planned

COUNTS = """
SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM messages),
       (SELECT count(*) FROM api_keys), (SELECT count(*) FROM django_session)
"""


@pytest.mark.bad_input(117)
def test_a_restored_database_is_used_and_left_as_it_was(
    server: Server, backup: Path, tmp_path: Path, db: None
) -> None:
    with free_name(server) as name:
        restored = apply(planned(server, backup, tmp_path / "media", name))
        assert len(restored.trial.done) == 3
        copy = server.named(name)
        with copy.connect() as found, found.cursor() as cursor:
            cursor.execute(COUNTS)
            assert cursor.fetchone() == (1, 3, 0, 0)
        # What is said is not found any more, first what is new and then what was there.
        execute(copy, "ALTER TABLE messages DISABLE TRIGGER USER")
        assert "are written, found" in try_out(copy).problems[0]
        execute(copy, "UPDATE messages SET search = NULL")
        assert "the search does not find" in try_out(copy).problems[0]
        execute(copy, "ALTER TABLE messages ENABLE TRIGGER USER")
        execute(copy, "DELETE FROM users")
        assert try_out(copy).problems == []
        execute(copy, "ALTER TABLE topics RENAME TO gone")
        assert try_out(copy).problems
        execute(copy, "DELETE FROM django_migrations WHERE app = 'conversations'")
        assert "manage.py migrate" in try_out(copy).untried
