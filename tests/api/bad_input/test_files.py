"""Rows 55 to 62 and 112: files that are no pictures, that tell too much, or cannot be stored."""

from __future__ import annotations

import random
import resource
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image
from rest_framework.test import APIClient

from partners.models import ConversationPartner
from tests.api.bad_input.answers import (
    CANARY,
    ORIGIN,
    check_form,
    nothing_stored,
    problems,
    refusal,
    send,
    types,
)
from tests.api.bad_input.injected import fail_on
from tests.api.bad_input.pictures import (
    FORMATS,
    animation,
    huge_png,
    picture,
    telling_jpeg,
    telling_png,
    upload,
)
from tests.factories import make_partner, make_user

pytestmark = pytest.mark.django_db
CREATE = "/api/partners/create-with-image"


def give(api: APIClient, partner: ConversationPartner, file: Any) -> Any:
    """The answer to an upload of this file as the partner's picture."""
    return post(api, f"/api/partners/{partner.pk}/upload-image", image=file)


def post(api: APIClient, path: str, **form: Any) -> Any:
    answer = api.post(path, form, format="multipart", HTTP_ORIGIN=ORIGIN)
    check_form(answer)
    return answer


def files(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


def read(api: APIClient, partner: ConversationPartner) -> bytes:
    """The partner's picture, as its owner fetches it."""
    answer: Any = api.get(f"/api/partners/{partner.pk}/image")
    assert answer.status_code == 200
    return b"".join(answer)


@pytest.mark.bad_input(55)
def test_picture_of_too_many_pixels_is_refused_by_its_header(
    api: APIClient, dana: ConversationPartner
) -> None:
    data = huge_png()
    assert len(data) < 100_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with nothing_stored():
        assert refusal(give(api, dana, upload(data))) == (413, "image_too_large")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 50_000, "kilobytes"


@pytest.mark.bad_input(55)
def test_partner_is_made_without_a_picture_that_is_too_large(api: APIClient, media: Path) -> None:
    answer = post(api, CREATE, name="Dana", image=upload(huge_png()))
    assert answer.status_code == 201
    assert answer.json()["image_url"] is None
    assert files(media) == []


NO_PICTURES = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj",
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    "fits": b"SIMPLE  =                    T" + b" " * 2850,
    "zip": b"PK\x03\x04" + b"\x00" * 100,
    "php": b"<?php system($_GET[0]);",
    "ico": b"\x00\x00\x01\x00\x01\x00\x10\x10" + b"\x00" * 100,
    "text": CANARY.encode(),
    "empty": b"",
    "one byte": b"\xff",
}


@pytest.mark.bad_input(56, 59)
@pytest.mark.parametrize("data", NO_PICTURES.values(), ids=NO_PICTURES)
def test_file_is_judged_by_its_content(
    api: APIClient, dana: ConversationPartner, media: Path, data: bytes
) -> None:
    with nothing_stored():
        answer = give(api, dana, upload(data, "face.jpg", "image/jpeg"))
        assert refusal(answer) in ((415, "not_an_image"), (400, "invalid_image"))
        answer = give(api, dana, upload(data, "face.jpg", "text/html"))
        assert refusal(answer) == (400, "not_an_image")
        assert answer.json()["detail"] == "File must be an image"
    made = post(api, CREATE, name="Eve", image=upload(data))
    assert made.status_code == 201
    assert files(media) == []


@pytest.mark.bad_input(56)
def test_script_behind_a_picture_is_gone(
    api: APIClient, dana: ConversationPartner, media: Path
) -> None:
    script = f"*/=1;/*{CANARY}<script>alert(1)</script>*/".encode()
    for kind in FORMATS:
        answer = give(api, dana, upload(picture(kind) + script))
        assert answer.status_code == 200, kind
        assert CANARY.encode() not in read(api, dana)
    for file in files(media):
        assert file.read_bytes()[:3] == b"\xff\xd8\xff"


@pytest.mark.bad_input(57)
@pytest.mark.parametrize(
    "name",
    [
        "../../x.jpg",
        "..\\..\\x.jpg",
        "C:\\x.jpg",
        "/etc/passwd",
        "x.php",
        "x.jpg.php",
        "a" * 500 + ".jpg",
        ".htaccess",
        "x\u202egpj.exe",
        "CON",
        "a;b.jpg",
        "%00.jpg",
    ],
)
def test_name_of_a_file_is_ignored(
    api: APIClient, dana: ConversationPartner, media: Path, name: str
) -> None:
    answer = give(api, dana, upload(picture(), name))
    assert answer.status_code == 200
    (stored,) = files(media)
    assert stored.parent == media / "faces" / str(dana.user_id)
    assert stored.suffix == ".jpg"
    assert len(stored.stem) == 32


@pytest.mark.bad_input(57)
@pytest.mark.parametrize(
    "name", [b'""', b'"a\x00b.jpg"', b'"', b'"\xff\xfe"', b"*=utf-8''%ff", b"a" * 5_000]
)
def test_odd_file_name_in_the_form_is_no_fault(
    api: APIClient, dana: ConversationPartner, name: bytes
) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="image"; filename=' + name + b"\r\n"
        b"Content-Type: image/jpeg\r\n\r\n" + picture() + b"\r\n--x--\r\n"
    )
    kind = "multipart/form-data; boundary=x"
    path = f"/api/partners/{dana.pk}/upload-image"
    assert send(api, "POST", path, body, content_type=kind).status_code in (200, 400, 422)


@pytest.mark.bad_input(58)
@pytest.mark.parametrize("make", [telling_jpeg, telling_png])
def test_nothing_of_what_a_picture_tells_is_kept(
    api: APIClient, dana: ConversationPartner, media: Path, make: Any
) -> None:
    data = make(CANARY)
    assert CANARY.encode() in data
    assert give(api, dana, upload(data)).status_code == 200
    (file,) = files(media)
    kept = file.read_bytes()
    assert CANARY.encode() not in kept
    for mark in (b"Exif", b"GPS", b"xmpmeta", b"http://ns.adobe.com", b"ICC_PROFILE"):
        assert mark not in kept
    with Image.open(BytesIO(kept)) as image:
        assert not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.bad_input(58)
def test_picture_that_lies_on_its_side_is_stored_upright(
    api: APIClient, dana: ConversationPartner
) -> None:
    assert give(api, dana, upload(telling_jpeg("x"))).status_code == 200
    with Image.open(BytesIO(read(api, dana))) as image:
        assert image.size == (48, 64)
        top, bottom = image.getpixel((24, 8)), image.getpixel((24, 56))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 200 > 50 > top[2], "red, which was left, is above"
    assert bottom[2] > 200 > 50 > bottom[0]


@pytest.mark.bad_input(59)
# Pillow warns of damage that it can live with.
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", FORMATS)
def test_damaged_picture_is_refused_or_mended_and_never_a_fault(
    api: APIClient, dana: ConversationPartner, kind: str
) -> None:
    whole = picture(kind)
    choose = random.Random(59)
    damaged = [whole[: len(whole) * part // 8] for part in range(8)]
    for _ in range(30):
        spoilt = bytearray(whole)
        for _ in range(choose.randint(1, 8)):
            spoilt[choose.randrange(len(spoilt))] = choose.choice([0, 1, 127, 128, 255])
        damaged.append(bytes(spoilt))
    for data in damaged:
        answer = give(api, dana, upload(data))
        assert answer.status_code in (200, 400, 413, 415), answer.content


@pytest.mark.bad_input(59)
def test_truncated_picture_is_refused(api: APIClient, dana: ConversationPartner) -> None:
    for kind in ("JPEG", "PNG", "WEBP"):
        data = picture(kind, (640, 480))
        with nothing_stored():
            answer = give(api, dana, upload(data[: len(data) // 2]))
            assert refusal(answer) == (400, "invalid_image"), kind


@pytest.mark.bad_input(59)
def test_only_the_first_frame_of_an_animation_is_kept(
    api: APIClient, dana: ConversationPartner, media: Path
) -> None:
    assert give(api, dana, upload(animation())).status_code == 200
    (file,) = files(media)
    assert file.stat().st_size < 10_000


@pytest.mark.bad_input(59)
def test_form_without_its_file_is_refused(api: APIClient, dana: ConversationPartner) -> None:
    path = f"/api/partners/{dana.pk}/upload-image"
    with nothing_stored():
        assert problems(post(api, path, other="x")) == [("missing", "body.image")]
        assert types(post(api, path, image="no file"))
        assert problems(post(api, CREATE, image=upload(picture()))) == [("missing", "body.name")]
        answer = send(api, "POST", path, {"image": "x"})
        assert refusal(answer) == (415, "unsupported_media_type")


@pytest.mark.bad_input(60)
def test_picture_is_served_to_its_owner_as_a_download(
    api: APIClient, bobs_api: APIClient, nobody: APIClient, dana: ConversationPartner, media: Path
) -> None:
    give(api, dana, upload(picture()))
    path = f"/api/partners/{dana.pk}/image"
    answer: Any = api.get(path)
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert len(b"".join(answer)) > 100
    assert bobs_api.get(path).status_code == 404
    assert nobody.get(path).status_code == 401
    (file,) = files(media)
    name = file.relative_to(media).as_posix()
    for prefix in ("/media/", "/", "/static/", "/api/partners/", "/static/../media/"):
        for tail in (name, "faces/", f"faces/{dana.user_id}/"):
            for client in (api, bobs_api):
                assert client.get(prefix + tail).status_code == 404


@pytest.mark.bad_input(60)
@pytest.mark.parametrize(
    "path", ["../secret_key", "faces/../../secret_key", "/etc/passwd", "faces/absent.jpg", ""]
)
def test_path_from_old_data_opens_no_file(
    api: APIClient, dana: ConversationPartner, media: Path, path: str
) -> None:
    media.mkdir()
    (media.parent / "secret_key").write_text(CANARY)
    ConversationPartner.objects.filter(pk=dana.pk).update(image_path=path)
    answer = send(api, "GET", f"/api/partners/{dana.pk}/image")
    assert answer.status_code == 404
    assert send(api, "DELETE", f"/api/partners/{dana.pk}").status_code == 204
    assert (media.parent / "secret_key").exists()


@pytest.mark.bad_input(61)
def test_one_picture_too_many_is_refused(
    api: APIClient, dana: ConversationPartner, settings: Any
) -> None:
    settings.IMAGES_PER_USER = 2
    assert post(api, CREATE, name="Eve", image=upload(picture())).status_code == 201
    assert give(api, dana, upload(picture())).status_code == 200
    frank = make_partner(dana.user, "Frank")
    with nothing_stored():
        assert refusal(give(api, frank, upload(picture()))) == (413, "quota")
        one_more = post(api, CREATE, name="Gina", image=upload(picture()))
        assert refusal(one_more) == (413, "quota")
    assert post(api, CREATE, name="Gina").status_code == 201
    assert give(api, dana, upload(picture())).status_code == 200, "replacing is no addition"


@pytest.mark.bad_input(61)
def test_refused_picture_in_the_admin_is_no_fault(
    dana: ConversationPartner, settings: Any, media: Path
) -> None:
    settings.IMAGES_PER_USER = 0
    browser = Client()
    browser.force_login(make_user("root", is_staff=True, is_superuser=True))
    with nothing_stored():
        answer = browser.post(
            f"/admin/partners/conversationpartner/{dana.pk}/change/",
            {"name": "Dana", "user": dana.user_id, "picture": upload(picture())},
        )
        assert answer.status_code in (302, 413), "a message on the page, or the plain refusal"


@pytest.mark.bad_input(62)
def test_file_is_taken_back_when_the_row_cannot_be_saved(
    api: APIClient, dana: ConversationPartner, media: Path
) -> None:
    fail_on("conversation_partners", "53100")
    with nothing_stored():
        assert refusal(give(api, dana, upload(picture()))) == (507, "storage_full")
        made = post(api, CREATE, name="Eve", image=upload(picture()))
        assert refusal(made) == (507, "storage_full")
    assert files(media) == []


@pytest.mark.bad_input(62, 112)
def test_no_row_is_made_when_the_file_cannot_be_written(
    api: APIClient, dana: ConversationPartner, media: Path
) -> None:
    media.mkdir()
    # A file where the folder should be stops root too, unlike a missing right.
    (media / "faces").write_text("in the way")
    with nothing_stored():
        assert refusal(give(api, dana, upload(picture()))) == (507, "storage_full")
        made = post(api, CREATE, name="Eve", image=upload(picture()))
        assert refusal(made) == (507, "storage_full")
    assert send(api, "GET", "/api/partners/").status_code == 200
