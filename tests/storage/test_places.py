"""A folder and a bucket keep files alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from convoai.storage.bucket import Bucket
from convoai.storage.folder import Folder
from convoai.storage.storage import Storage, StorageProblem
from tests.storage.service import (
    BUCKET,
    client_of,
    empty,
    look_at_keys,
    names_in,
    options_of,
)


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, service: str, tmp_path: Path) -> Iterator[Storage]:
    if request.param == "folder":
        yield Folder(tmp_path / "media")
    else:
        yield bucket(service)
        empty(service)


def bucket(service: str, **changed: str) -> Bucket:
    return Bucket(tuple(options_of(service, **changed).items()), "media")


def put(place: Storage, name: str, data: bytes) -> None:
    with place.draft(name) as file:
        file.write(data)


def names(place: Storage, folder: str = "") -> list[str]:
    return [file.name for file in place.files(folder)]


def test_what_is_written_can_be_read_listed_replaced_and_removed(
    place: Storage, tmp_path: Path
) -> None:
    assert names(place) == []
    for name in ("faces/1/a.jpg", "faces/1/b.jpg", "faces/12/c.jpg"):
        put(place, name, b"one")
    put(place, "faces/1/a.jpg", b"two")
    with place.open("faces/1/a.jpg") as file:
        assert file.read() == b"two"
    assert names(place, "faces/1") == ["faces/1/a.jpg", "faces/1/b.jpg"]
    assert place.exists("faces/12/c.jpg")
    place.remove("faces/1/a.jpg")
    place.remove("faces/1/a.jpg")
    with pytest.raises(FileNotFoundError):
        place.open("faces/1/a.jpg")
    (tmp_path / "file").write_bytes(b"taken")
    place.take(tmp_path / "file", "faces/1/d.jpg")
    place.remove_below("faces/12")
    assert names(place) == ["faces/1/b.jpg", "faces/1/d.jpg"]


def test_a_block_that_fails_leaves_nothing(place: Storage) -> None:
    def fail() -> None:
        with place.draft("faces/1/a.jpg") as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert names(place) == []


def test_a_copy_lies_beside(place: Storage) -> None:
    put(place, "a", b"one")
    put(place.beside("copy"), "b", b"two")
    assert names(place) == ["a"]
    assert names(place.beside("copy")) == ["b"]


def test_a_place_that_works_says_so_and_stays_clean(place: Storage) -> None:
    place.require()
    place.require(writing=False)
    assert names(place) == []


def test_no_name_leads_outside_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    for name in ("../secret", str(tmp_path / "secret")):
        with pytest.raises(FileNotFoundError):
            Folder(tmp_path / "media").open(name)


def test_files_of_a_folder_are_for_their_owner_only(tmp_path: Path) -> None:
    put(Folder(tmp_path / "media"), "faces/1/a.jpg", b"one")
    assert (tmp_path / "media/faces/1/a.jpg").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"bucket_name": "nowhere"}, "There is no bucket nowhere at http://.*correct S3_BUCKET"),
        ({"endpoint_url": "http://127.0.0.1:9"}, "Nothing answers at http://127.0.0.1:9"),
    ],
)
def test_a_wrong_set_up_is_told_in_one_sentence(
    service: str, changed: dict[str, str], sentence: str
) -> None:
    for writing in (True, False):
        with pytest.raises(StorageProblem, match=sentence) as problem:
            bucket(service, **changed).require(writing=writing)
        assert "secret" not in str(problem.value)


def test_a_key_that_the_service_does_not_know_is_told(service: str) -> None:
    look_at_keys(service, after=0)
    try:
        with pytest.raises(StorageProblem, match="does not know this S3_ACCESS_KEY_ID"):
            bucket(service, access_key="another").require(writing=False)
    finally:
        look_at_keys(service, after=1_000_000)


def test_the_bucket_holds_pictures_below_their_folder(service: str) -> None:
    put(bucket(service), "faces/1/a.jpg", b"one")
    assert names_in(service) == ["media/faces/1/a.jpg"]
    head = client_of(service).head_object(Bucket=BUCKET, Key="media/faces/1/a.jpg")
    assert head["ContentLength"] == 3
    empty(service)


def test_files_that_the_service_does_not_remove_are_no_success(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bucket answers 200 to the removal of many files, with a list of those that it kept."""
    kept = MagicMock()
    kept.bucket.objects.filter.return_value.delete.return_value = [
        {"Deleted": [{"Key": "media/faces/1/a.jpg"}]},
        {"Errors": [{"Key": "media/faces/1/b.jpg", "Code": "AccessDenied", "Message": "no"}]},
    ]
    monkeypatch.setattr("convoai.storage.bucket._storage", lambda *_options: kept)
    with pytest.raises(StorageProblem, match="s3:DeleteObject"):
        bucket(service).remove_below("faces/1")
