"""Opens an archive and checks all of it before anything of it is believed."""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Self
from zipfile import BadZipFile, ZipFile, ZipInfo

from convoai.refusals import Refusal
from convoai.transfer.archive.contents import FORMAT, MANIFEST, PICTURES, SCHEMA_VERSION, TABLES

# Anything larger was not made by convoai.
MOST_ENTRIES = 2_000_000
MOST_MANIFEST_BYTES = 512_000_000
MOST_PICTURE_BYTES = 32_000_000
MOST_LINE_BYTES = 128_000_000
MOST_BYTES = 64_000_000_000
# deflate packs a thousand times at best; text of people ten times.
MOST_PACKED = 200
SMALL_BYTES = 10_000_000
PATH = re.compile(
    r"data/[a-z_]+\.jsonl|pictures/\d+\.jpg|pages/(?:partners|conversations)/\d[\w-]*\.md"
)
PIECE = 1 << 20


class OpenArchive:
    """A checked archive: every entry is declared, of its declared size and digest.

    Raises Refusal `unsafe_archive` (paths, links, bombs), `broken_archive` (damaged, wrong
    digests) or `unknown_archive` (no archive of convoai, a newer version).
    """

    def __init__(self, file: IO[bytes] | Path) -> None:
        try:
            self._zip = ZipFile(file)
        except (BadZipFile, ValueError, OSError):
            raise Refusal(
                "unknown_archive",
                "The file is not a zip file, or it is cut off: export it again.",
            ) from None
        try:
            self._entries = self._checked_entries()
            self.manifest = self._read_manifest()
            self._check_digests()
        except (BadZipFile, NotImplementedError, OSError, RuntimeError, EOFError):
            self._zip.close()
            raise Refusal(
                "broken_archive", "The archive is damaged: export it, or copy it, again."
            ) from None
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def rows(self, path: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """(number of the line from 1, row) of a table's file."""
        with self._zip.open(self._entries[path]) as file:
            for number, line in enumerate(iter(lambda: file.readline(MOST_LINE_BYTES), b""), 1):
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError):
                    row = None
                if not isinstance(row, dict):
                    raise broken_row(path, number, "is not a JSON object")
                yield number, row

    @property
    def email(self) -> str:
        """The email address of the user whose archive it is."""
        for _, row in self.rows("data/user.jsonl"):
            if isinstance(row.get("email"), str):
                return str(row["email"])
        raise Refusal("broken_archive", "The archive does not say whose it is: give --owner EMAIL.")

    def pictures(self) -> list[int]:
        """Ids of the partners whose picture is in the archive."""
        found = (path for path in self._entries if path.startswith(f"{PICTURES}/"))
        return sorted(int(Path(path).stem) for path in found)

    def picture(self, partner: int) -> bytes:
        return self._zip.read(self._entries[f"{PICTURES}/{partner}.jpg"])

    def _checked_entries(self) -> dict[str, ZipInfo]:
        """The entries by path. Nothing is unpacked for this."""
        entries = self._zip.infolist()
        if len(entries) > MOST_ENTRIES:
            raise unsafe(f"it holds more than {MOST_ENTRIES:,} files")
        found: dict[str, ZipInfo] = {}
        for entry in entries:
            if entry.filename != MANIFEST and not PATH.fullmatch(entry.filename):
                raise unsafe("it holds a file under a path that no archive has")
            if entry.filename in found:
                raise unsafe("it holds a file twice")
            if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
                raise unsafe("it holds a link")
            if entry.file_size > max(SMALL_BYTES, MOST_PACKED * entry.compress_size):
                raise unsafe("a file in it unpacks to far more than it takes")
            found[entry.filename] = entry
        if sum(entry.file_size for entry in entries) > MOST_BYTES:
            raise unsafe(f"it unpacks to more than {MOST_BYTES // 10**9} GB")
        return found

    def _read_manifest(self) -> dict[str, Any]:
        entry = self._entries.get(MANIFEST)
        if entry is None or entry.file_size > MOST_MANIFEST_BYTES:
            raise Refusal("unknown_archive", "The file is no archive of convoai: no manifest.json.")
        try:
            manifest = json.loads(self._zip.read(entry))
        except (ValueError, RecursionError):
            raise Refusal("broken_archive", "manifest.json of the archive is not JSON.") from None
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise Refusal(
                "unknown_archive", f"The file is no archive of convoai: its format is not {FORMAT}."
            )
        if manifest.get("schema_version") != SCHEMA_VERSION:
            raise Refusal(
                "unknown_archive",
                f"This convoai reads archives of version {SCHEMA_VERSION} only: take the archive "
                "in with the version that made it, or update.",
            )
        counts, files = manifest.get("counts"), manifest.get("files")
        if not _is_table(counts, int) or not _is_table(files, dict):
            raise Refusal("broken_archive", "manifest.json lacks its counts or its files.")
        return manifest

    def _check_digests(self) -> None:
        """Unpack every file once, not further than its declared size, and compare."""
        declared: dict[str, dict[str, Any]] = self.manifest["files"]
        wanted = {table.path for table in TABLES}
        if declared.keys() | {MANIFEST} != self._entries.keys() or not wanted <= declared.keys():
            raise Refusal(
                "broken_archive", "The archive does not hold the files that its manifest names."
            )
        for path, said in declared.items():
            entry = self._entries[path]
            if path.startswith(PICTURES) and entry.file_size > MOST_PICTURE_BYTES:
                raise unsafe("a picture in it is too large")
            digest = hashlib.sha256()
            with self._zip.open(entry) as file:
                while piece := file.read(PIECE):
                    digest.update(piece)
            if said.get("bytes") != entry.file_size or said.get("sha256") != digest.hexdigest():
                raise Refusal(
                    "broken_archive",
                    "A file in the archive is not what its manifest says: it was changed or "
                    "damaged. Export it again.",
                )


def _is_table(value: Any, kind: type) -> bool:
    return isinstance(value, dict) and all(isinstance(entry, kind) for entry in value.values())


def unsafe(why: str) -> Refusal:
    return Refusal("unsafe_archive", f"The archive was refused: {why}.")


def broken_row(path: str, number: int, why: str) -> Refusal:
    return Refusal("broken_archive", f"Line {number} of {path} {why}; nothing was taken in.")
