"""What goes out of ordinary tables comes into partitioned ones as it was, and the other way."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from conversations.models import Conversation, Topic
from convoai.accounts.models import User
from convoai.operations.partitions.direct import partition_at_once, unpartition_at_once
from convoai.operations.partitions.layouts import is_partitioned
from tests.factories import make_conversation, make_fact, make_partner
from tests.transfer.archives import archive_of, load, without_ids
from tests.transfer.commands import checksums, import_file, run


def change_layout() -> None:
    """From the one that the suite has to the other; the test's transaction undoes it."""
    with connection.cursor() as cursor:
        if is_partitioned(cursor):
            unpartition_at_once(cursor)
        else:
            partition_at_once(cursor)


@pytest.fixture
def years(alice: User) -> User:
    """Talks of three years, so that they lie in several partitions."""
    partner = make_partner(alice, "Dana")
    for year in (2019, 2023, 2026):
        talk = make_conversation(partner, f"In {year} I baked.", title=f"Talk of {year}")
        make_fact(partner, f"baked in {year}", "bread", source_message=talk.messages.get())
        made = datetime(year, 6, 1, tzinfo=UTC)
        Conversation.objects.filter(pk=talk.pk).update(created_at=made)
        talk.messages.update(created_at=made)
    return alice


def test_an_archive_goes_across_layouts(years: User, bob: User) -> None:
    before = archive_of(years)
    change_layout()
    after = archive_of(years)
    data = [name for name in before if name.startswith("data/")]
    assert {name: before[name] for name in data} == {name: after[name] for name in data}
    load(before, bob)
    assert without_ids(archive_of(bob)) == without_ids(before)
    # What is there already is known again.
    load(after, bob)
    assert without_ids(archive_of(bob)) == without_ids(before)


def test_a_duckdb_file_goes_across_layouts(years: User, tmp_path: Path) -> None:
    out, again = tmp_path / "out.duckdb", tmp_path / "again.duckdb"
    run("export_duckdb", out)
    change_layout()
    assert "The file and the database agree." in run("verify_duckdb", out)
    User.objects.all().delete()
    Topic.objects.all().delete()
    taken = checksums(import_file(out))
    assert taken
    assert all(file == database for file, database in taken.values())
    run("export_duckdb", again)
    assert "The file and the database agree." in run("verify_duckdb", again)
