"""Pictures, archives and backups with a bucket instead of folders."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from PIL import Image
from rest_framework.test import APIClient

from convoai.accounts.models import User
from convoai.operations.backup.making import make_backup
from convoai.operations.backup.manifest import ERASURES
from convoai.operations.backup.restoring import apply, plan_restore
from convoai.operations.backup.server import configured_server
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.places import examine_media
from convoai.operations.startup import StartupProblem, require_storage
from convoai.refusals import Refusal
from convoai.storage.choice import media
from convoai.storage.storage import StorageProblem
from convoai.transfer.archive import background, views
from partners.images import store_image, unclaimed_images
from partners.models import ConversationPartner
from partners.services import set_image
from tests.api.bad_input.answers import refusal
from tests.factories import make_partner, make_user
from tests.operations.backup.backups import free_name
from tests.storage.service import BUCKET, client_of, names_in, options_of
from tests.transfer.archives import archive_of, load

NOWHERE = "http://127.0.0.1:9"


def picture(color: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), color).save(out, "JPEG")
    return out.getvalue()


def upload(api: APIClient, partner: ConversationPartner, data: bytes) -> Any:
    file = io.BytesIO(data)
    file.name = "face.jpg"
    address = f"/api/partners/{partner.pk}/upload-image"
    return api.post(address, {"image": file}, format="multipart")


def color_of(answer: Any) -> str:
    with Image.open(io.BytesIO(b"".join(answer.streaming_content))) as image:
        red, _, blue = image.convert("RGB").getpixel((4, 4))  # type: ignore[misc]
    return "red" if red > blue else "blue"


@pytest.mark.django_db(transaction=True)
def test_a_picture_is_kept_replaced_served_to_its_owner_and_removed(
    in_bucket: str, alice: User, api: APIClient, bobs_api: APIClient
) -> None:
    dana = make_partner(alice)
    assert upload(api, dana, picture("red")).status_code == 200
    [first] = names_in(in_bucket)
    assert upload(api, dana, picture("blue")).status_code == 200
    [second] = names_in(in_bucket)
    assert first != second
    answer = api.get(f"/api/partners/{dana.pk}/image")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert int(answer["Content-Length"]) > 100
    assert color_of(answer) == "blue"
    assert bobs_api.get(f"/api/partners/{dana.pk}/image").status_code == 404
    assert api.delete(f"/api/partners/{dana.pk}").status_code == 204
    assert names_in(in_bucket) == []
    set_image(partner=make_partner(alice), data=picture())
    alice.delete()
    assert names_in(in_bucket) == []


@pytest.mark.bad_input(62)
@pytest.mark.django_db(transaction=True)
def test_no_picture_is_left_when_its_row_cannot_be_saved(in_bucket: str, alice: User) -> None:
    dana = make_partner(alice)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$; "
            "CREATE TRIGGER refuse BEFORE UPDATE ON conversation_partners "
            "FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    try:
        with pytest.raises(DatabaseError):
            set_image(partner=dana, data=picture())
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION refuse() CASCADE")
    assert names_in(in_bucket) == []


@pytest.mark.bad_input(62)
@pytest.mark.django_db
def test_no_row_is_made_when_the_bucket_does_not_answer(
    in_bucket: str, settings: Any, alice: User, api: APIClient
) -> None:
    dana = set_image(partner=make_partner(alice), data=picture())
    settings.MEDIA_BUCKET = options_of(NOWHERE)
    answer = upload(api, dana, picture("blue"))
    assert refusal(answer) == (503, "storage_unavailable")
    assert answer["Retry-After"] == "60"
    assert refusal(api.get(f"/api/partners/{dana.pk}/image")) == (503, "storage_unavailable")
    assert refusal(api.get("/api/export")) == (503, "storage_unavailable")
    with pytest.raises(CommandError, match="cannot be swept: Nothing answers"):
        call_command("sweep_images")
    dana.refresh_from_db()
    assert [f"media/{dana.image_path}"] == names_in(in_bucket)


@pytest.mark.bad_input(62)
@pytest.mark.django_db
def test_the_sweeper_finds_what_a_killed_process_left(in_bucket: str, alice: User) -> None:
    kept = set_image(partner=make_partner(alice), data=picture()).image_path
    lost = store_image(alice.pk, picture())
    assert unclaimed_images({str(kept)}) == []  # too young: its row may still come
    assert unclaimed_images({str(kept)}, age=-60) == [lost]


@pytest.mark.django_db
def test_an_archive_takes_pictures_out_of_the_bucket_and_into_it(
    in_bucket: str, alice: User, bob: User
) -> None:
    dana = set_image(partner=make_partner(alice), data=picture())
    files = archive_of(alice)
    assert f"pictures/{dana.pk}.jpg" in files
    assert load(files, bob).added["pictures"] == 1
    assert len(names_in(in_bucket)) == 2


@pytest.mark.django_db
def test_an_archive_that_one_machine_made_is_fetched_from_another(
    in_bucket: str,
    alice: User,
    bobs_api: APIClient,
    api: APIClient,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(views, "MOST_AT_ONCE", -1)
    number = api.get("/api/export").json()["export_id"]
    settings.DATA_DIR = tmp_path / "one"
    background.make(number=number, owner_id=alice.pk)
    settings.DATA_DIR = tmp_path / "another"
    answer: Any = api.get(f"/api/export/{number}")
    with ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.testzip() is None
    assert bobs_api.get(f"/api/export/{number}").status_code == 404
    assert names_in(in_bucket) == [f"exports/{alice.pk}/{number}.zip"]
    settings.MEDIA_BUCKET = options_of(NOWHERE)
    assert refusal(api.get(f"/api/export/{number}")) == (503, "storage_unavailable")


@pytest.mark.django_db(transaction=True)
def test_a_backup_holds_the_pictures_of_the_bucket_and_brings_them_back(
    in_bucket: str, tmp_path: Path
) -> None:
    server = configured_server()
    user = make_user("backed-up")
    path = set_image(partner=make_partner(user), data=picture()).image_path
    made = make_backup(server=server, media=media(), to=tmp_path)
    assert made.manifest["pictures"] == {"count": 1, "missing": 0}
    with free_name(server) as name:
        plan = plan_restore(
            server=server, path=made.folder, media=media(), into=name, file=tmp_path / ERASURES
        )
        assert f"the bucket {BUCKET}, below media-{name}/" in "\n".join(plan.lines())
        assert apply(plan).wrong == []
        assert sorted(names_in(in_bucket)) == [f"media-{name}/{path}", f"media/{path}"]
    with free_name(server) as name:
        # Something else lies where a picture shall go.
        client_of(in_bucket).put_object(Bucket=BUCKET, Key=f"media-{name}/{path}", Body=b"other")
        plan = plan_restore(
            server=server, path=made.folder, media=media(), into=name, file=tmp_path / ERASURES
        )
        with pytest.raises(Refusal, match="already with another content"):
            apply(plan)
    shutil.rmtree(made.folder)


def test_a_bucket_that_cannot_be_used_stops_the_start(in_bucket: str, settings: Any) -> None:
    require_storage()
    here = Installation({})
    assert [one.level.word for one in examine_media(here)] == ["ok"]
    settings.MEDIA_BUCKET = options_of(in_bucket, bucket_name="another-bucket")
    with pytest.raises(StartupProblem, match="There is no bucket another-bucket"):
        require_storage()
    [found] = examine_media(here)
    assert (found.id, found.level.word) == ("media.folder", "error")
    assert "secret" not in f"{found.message} {found.hint}"


def test_archives_of_a_deleted_user_that_stay_are_told(
    in_bucket: str, alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_arguments: object) -> None:
        raise StorageProblem("no right to remove")

    monkeypatch.setattr("convoai.storage.bucket.Bucket.remove_below", refuse)
    background.remove_archives_of(alice.pk)
    assert f"remove what lies below {alice.pk}/ there" in caplog.text
