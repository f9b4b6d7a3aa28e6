"""A file that cannot be brought over is refused in one sentence, and nothing is stored."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from convoai.accounts.models import User
from tests.transfer.commands import import_file, run
from tests.transfer.old_files import message, write_file

pytestmark = pytest.mark.django_db

# Both read a file in the same way: each of the cases tries one of them.
COMMANDS = ("import_duckdb", "verify_duckdb")
# Keeps the file open for writing until its input ends, as a running old backend does.
OLD_BACKEND = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print(1, flush=True); input()"


def of_bytes(data: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(data)

    return write


def half(path: Path) -> None:
    write_file(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without_its_end(path: Path) -> None:
    write_file(path)
    path.write_bytes(path.read_bytes()[:-1])


def newer(path: Path) -> None:
    write_file(path)
    content = bytearray(path.read_bytes())
    content[12:20] = struct.pack("<Q", 1234)
    path.write_bytes(content)


def without_tables(path: Path) -> None:
    write_file(path, without="extracted_facts conversation_topics topics")


def without_a_column(path: Path) -> None:
    write_file(path, plain=True, without="messages.content")


def of_views(path: Path) -> None:
    """A view under the name of a table may read anything."""
    write_file(path, plain=True, without="topics", change="CREATE VIEW topics AS SELECT 1 AS id")


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda path: None, "There is no file"),
        (lambda path: path.mkdir(), "is a folder"),
        (of_bytes(b""), "is not a DuckDB file"),
        (of_bytes(b"SQLite format 3\0" * 1000), "is not a DuckDB file"),
        (half, "is damaged or was cut short"),
        (without_its_end, "is damaged or was cut short"),
        (newer, "was written by a newer DuckDB"),
        (without_tables, r"lacks 3 of .* \(topics, conversation_topics, extracted_facts\)"),
        (without_a_column, "has no column content in messages"),
        (of_views, r"lacks 1 of .* \(topics\)"),
    ],
)
def test_bad_file_is_refused_in_one_sentence(
    tmp_path: Path, write: Callable[[Path], None], says: str
) -> None:
    path = tmp_path / "old.duckdb"
    write(path)
    with pytest.raises(CommandError, match=says) as refusal:
        run(COMMANDS[len(says) % 2], path)
    assert "\n" not in str(refusal.value)
    assert refusal.value.returncode == 1
    assert not User.objects.exists()


def test_file_in_use_is_refused(tmp_path: Path) -> None:
    path = write_file(tmp_path / "old.duckdb")
    with subprocess.Popen(
        [sys.executable, "-c", OLD_BACKEND, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as backend:
        assert backend.stdout
        backend.stdout.readline()
        with pytest.raises(CommandError, match="is in use by another program"):
            import_file(path)
        backend.communicate(b"\n")
    import_file(path)


def test_damage_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    path = write_file(
        tmp_path / "old.duckdb",
        messages=[message(number, f"Sentence {number}. " * 200) for number in range(1, 400)],
    )
    content = bytearray(path.read_bytes())
    place = content.find(b"Sentence")
    block = 12_288 + (place - 12_288) // 262_144 * 262_144
    content[block + 100 : block + 200] = bytes(100)
    path.write_bytes(content)
    with pytest.raises(CommandError, match="is damaged or was cut short"):
        import_file(path)
    assert not User.objects.exists()
