"""An import whose process is killed in the middle."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest
from django.db import connection

from conversations.models import ExtractedFact, Message
from tests.analysis.processes import environment, wait_until
from tests.transfer.commands import import_file
from tests.transfer.old_files import fact, write_file

# Other processes of the suite have databases of their own on the same server.
LOCKS = """
SELECT count(*) FROM pg_locks
WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
WAITING = f"{LOCKS} AND relation = 'extracted_facts'::regclass AND NOT granted"
IMPORTING = f"{LOCKS} AND locktype = 'advisory'"


@pytest.mark.django_db
@pytest.mark.bad_input(106)
def test_killed_import_leaves_nothing_and_can_be_run_again(tmp_path: Path) -> None:
    file = write_file(tmp_path / "old.duckdb", extracted_facts=[fact()])
    holder = psycopg2.connect(**connection.get_connection_params())

    def count(query: str) -> int:
        with holder.cursor() as cursor:
            cursor.execute(query)
            return int(cursor.fetchone()[0])

    try:
        # Messages are stored by the time that facts, the last of all, have to wait.
        with holder.cursor() as cursor:
            cursor.execute("LOCK TABLE extracted_facts IN SHARE MODE")
        child = subprocess.Popen(
            [sys.executable, "manage.py", "import_duckdb", str(file)],
            env=environment(),
            stdout=subprocess.DEVNULL,
        )
        wait_until(lambda: count(WAITING) == 1)
        child.kill()
        child.wait()
        holder.rollback()
        wait_until(lambda: count(IMPORTING) == 0)
        assert count("SELECT count(*) FROM messages") == 0
    finally:
        holder.close()
    import_file(file)
    assert (Message.objects.count(), ExtractedFact.objects.count()) == (1, 1)
