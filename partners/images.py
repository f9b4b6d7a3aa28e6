"""Pictures of partners: checked by content, made anew without metadata, named by chance."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import shutil
import struct
import time
from collections.abc import Container
from pathlib import Path
from typing import IO

from django.conf import settings

from convoai.refusals import Refusal

FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"]
MAX_PIXELS = 50_000_000
# The longer side of what is kept, in pixels: plenty for a face, small for a list.
KEPT_SIDE = 1600
QUALITY = 90
# What Pillow reads of a JPEG that carries nothing besides its pixels.
JFIF = {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
# What Pillow was seen to raise over two hundred thousand damaged files.
DAMAGE = (
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)
UNCLAIMED_SECONDS = 3600


def clean_image(file: IO[bytes]) -> bytes:
    """The picture in the file as an upright JPEG without metadata, at most 1600 pixels wide.

    Only the first frame is read, and sizes are judged from the header before anything is
    decoded. Raises Refusal `not_an_image`, `image_too_large` or `invalid_image`.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    # Pillow only warns of pictures up to twice its own limit; ours is judged below.
    Image.MAX_IMAGE_PIXELS = None
    try:
        image = Image.open(file, formats=FORMATS)
    except UnidentifiedImageError:
        raise Refusal("not_an_image", "File must be an image") from None
    except DAMAGE:
        raise _broken() from None
    with image:
        if image.width * image.height > MAX_PIXELS:
            raise _too_large()
        try:
            # Lets the JPEG decoder shrink while reading, so that a huge photo needs little memory.
            image.draft("RGB", (KEPT_SIDE, KEPT_SIDE))
            image.load()
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((KEPT_SIDE, KEPT_SIDE))
            pixels = upright.convert("RGB")
        except DAMAGE:
            raise _broken() from None
    # A fresh image, so that nothing of the old one's `info` can travel along.
    bare = Image.new("RGB", pixels.size)
    bare.paste(pixels)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def is_clean(data: bytes) -> bool:
    """Whether these are the bytes of a picture as `clean_image` makes it."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
            image.load()
            bare = not image.info.keys() - JFIF and image.mode == "RGB"
            return bare and max(image.size) <= KEPT_SIDE
    except DAMAGE:
        return False


def store_image(user_id: int, data: bytes) -> str:
    """Write the bytes under a new random name; returns the path below MEDIA_ROOT."""
    path = f"faces/{user_id}/{secrets.token_hex(16)}.jpg"
    target = Path(settings.MEDIA_ROOT) / path
    draft = target.with_suffix(".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(draft, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise Refusal("storage_full", "The picture could not be stored.") from None
    return path


def remove_image(path: str | None) -> None:
    """Remove a stored picture; paths that convoai did not make are left alone."""
    if path and path.startswith("faces/") and ".." not in path:
        # The row is already changed; `manage.py sweep_images` finds what cannot be removed now.
        with contextlib.suppress(OSError):
            (Path(settings.MEDIA_ROOT) / path).unlink(missing_ok=True)


def remove_images_of(user_id: int) -> None:
    """Remove every stored picture of one user."""
    shutil.rmtree(_folder() / str(user_id), ignore_errors=True)


def unclaimed_images(claimed: Container[str]) -> list[Path]:
    """Stored files that no row claims, older than an hour: a younger one may still get its row."""
    latest = time.time() - UNCLAIMED_SECONDS
    return [
        file
        for file in sorted(_folder().glob("*/*"))
        if file.relative_to(settings.MEDIA_ROOT).as_posix() not in claimed
        and file.stat().st_mtime < latest
    ]


def _folder() -> Path:
    return Path(settings.MEDIA_ROOT) / "faces"


def stored_image(path: str | None) -> Path | None:
    """The file of a stored picture, if convoai made it and it is there."""
    if not path or not path.startswith("faces/") or ".." in path:
        return None
    file = Path(settings.MEDIA_ROOT) / path
    return file if file.is_file() else None


def _too_large() -> Refusal:
    return Refusal(
        "image_too_large", f"The image has more than {MAX_PIXELS // 1_000_000} megapixels."
    )


def _broken() -> Refusal:
    return Refusal("invalid_image", "The image is damaged; upload it again.")
