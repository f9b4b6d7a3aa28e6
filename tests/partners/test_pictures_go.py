"""Pictures leave the disk with their rows."""

from __future__ import annotations

import os
import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from convoai.accounts.models import User
from partners.images import store_image
from partners.models import ConversationPartner
from partners.services import set_image
from tests.factories import make_partner


@pytest.fixture(autouse=True)
def media(settings: object, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    return tmp_path


def files(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


@pytest.mark.django_db(transaction=True)
def test_a_new_picture_replaces_the_old_one(media: Path, alice: User) -> None:
    partner = make_partner(alice)
    set_image(partner=partner, data=b"one")
    set_image(partner=partner, data=b"two")
    assert [file.read_bytes() for file in files(media)] == [b"two"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["row", "queryset", "user"])
def test_the_picture_goes_with_partner_and_user(media: Path, alice: User, way: str) -> None:
    partner = set_image(partner=make_partner(alice), data=b"face")
    if way == "row":
        partner.delete()
    elif way == "queryset":
        ConversationPartner.objects.all().delete()
    else:
        alice.delete()
    assert files(media) == []


@pytest.mark.bad_input(62)
@pytest.mark.django_db
def test_the_sweeper_removes_what_nobody_claims_and_nothing_else(media: Path, alice: User) -> None:
    kept = set_image(partner=make_partner(alice), data=b"kept").image_path
    lost = store_image(alice.pk, b"lost")
    young = store_image(alice.pk, b"young")
    hours_ago = time.time() - 7200
    for path in (kept, lost):
        os.utime(media / str(path), (hours_ago, hours_ago))
    out = StringIO()
    call_command("sweep_images", "--dry-run", stdout=out)
    assert "1 pictures would be removed" in out.getvalue()
    assert len(files(media)) == 3
    call_command("sweep_images", stdout=out)
    assert sorted(files(media)) == sorted([media / str(kept), media / young])
