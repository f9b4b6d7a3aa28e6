"""Archives that somebody made to do harm, or that were damaged: refused before anything is read."""

from __future__ import annotations

import io
import json
import struct
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from convoai.accounts.models import User
from convoai.refusals import Refusal
from convoai.transfer.archive.opening import OpenArchive
from partners.models import ConversationPartner
from tests.factories import make_conversation, make_partner
from tests.transfer.archives import Files, archive_of, declared, packed

pytestmark = pytest.mark.bad_input(63)


@pytest.fixture
def files(alice: User) -> Files:
    make_conversation(make_partner(alice), "I bake.")
    return archive_of(alice)


def refused(file: Any) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        OpenArchive(file)
    assert ConversationPartner.objects.count() == 1
    return refusal.value


@pytest.mark.parametrize(
    "path",
    [
        "../evil.txt",
        "/etc/passwd",
        "data/../../evil.jsonl",
        "C:\\evil.md",
        "pages/partners/1-..\\..\\evil.md",
        "data/passwords.txt",
        "pictures/1.php",
        "inner.zip",
        "data/",
    ],
)
def test_paths_that_no_archive_has(files: Files, path: str) -> None:
    assert refused(packed(declared({**files, path: b"x"}))).code == "unsafe_archive"


def test_link(files: Files) -> None:
    file = packed(files)
    link = ZipInfo("pages/partners/9-link.md")
    link.external_attr = 0o120777 << 16
    with ZipFile(file, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert refused(file).code == "unsafe_archive"


def test_file_twice(files: Files) -> None:
    file = packed(files)
    with ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("data/facts.jsonl", b"")
    assert refused(file).code == "unsafe_archive"


def test_bomb(files: Files) -> None:
    bomb = {**files, "pages/partners/9-bomb.md": b"0" * 20_000_000}
    assert refused(packed(declared(bomb))).code == "unsafe_archive"


def test_entry_that_lies_about_its_size(files: Files) -> None:
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    lying = bytearray(file.getvalue())
    # The size of the first entry, in the directory at the end.
    place = lying.index(b"PK\x01\x02") + 24
    struct.pack_into("<L", lying, place, 1)
    assert refused(io.BytesIO(bytes(lying))).code == "broken_archive"


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_cut_off(files: Files, kept: float) -> None:
    data = packed(files).getvalue()
    assert refused(io.BytesIO(data[: int(len(data) * kept)])).code == "unknown_archive"


def test_flipped_byte(files: Files) -> None:
    flipped = bytearray(packed(files).getvalue())
    flipped[60] ^= 0xFF
    assert refused(io.BytesIO(bytes(flipped))).code == "broken_archive"


def test_file_that_is_not_what_the_manifest_says(files: Files) -> None:
    changed = {**files, "data/facts.jsonl": files["data/facts.jsonl"] + b" "}
    assert refused(packed(changed)).code == "broken_archive"


def test_file_that_the_manifest_does_not_name(files: Files) -> None:
    assert refused(packed({**files, "pages/partners/9-more.md": b"x"})).code == "broken_archive"


def test_file_that_is_missing(files: Files) -> None:
    left = {path: data for path, data in files.items() if path != "data/messages.jsonl"}
    assert refused(packed(left)).code == "broken_archive"
    assert refused(packed(declared(left))).code == "broken_archive"


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_unknown_version(files: Files, version: Any) -> None:
    refusal = refused(packed(declared(files, schema_version=version)))
    assert (refusal.code, "version 1" in refusal.message) == ("unknown_archive", True)


@pytest.mark.parametrize("manifest", [b"{", b"[]", b"{}", b"[" * 100_000, b"\xff"])
def test_manifest_that_is_none(files: Files, manifest: bytes) -> None:
    code = refused(packed({**files, "manifest.json": manifest})).code
    assert code in {"broken_archive", "unknown_archive"}


@pytest.mark.parametrize("key", ["counts", "files"])
@pytest.mark.parametrize("value", [None, 5, [], {"a": "b"}])
def test_manifest_of_wrong_shape(files: Files, key: str, value: Any) -> None:
    said = {**json.loads(files["manifest.json"]), key: value}
    code = refused(packed({**files, "manifest.json": json.dumps(said).encode()})).code
    assert code == "broken_archive"


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x05\x06", b"PK\x03\x04" * 100])
def test_something_else(files: Files, data: bytes) -> None:
    assert refused(io.BytesIO(data)).code == "unknown_archive"
