"""Pictures of partners: checked by content, made anew without metadata, named by chance."""

from __future__ import annotations

import contextlib
import io
import secrets
import struct
import time
from collections.abc import Container
from typing import IO

from convoai.refusals import Refusal
from convoai.storage.choice import media
from convoai.storage.storage import StorageProblem

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
# Of all pictures, in the place that `media()` names
FOLDER = "faces"


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
    """Keep the bytes under a new random name; returns the name.

    Raises Refusal `storage_full`, or `storage_unavailable` when a bucket does not answer.
    """
    name = f"{FOLDER}/{user_id}/{secrets.token_hex(16)}.jpg"
    try:
        with media().draft(name) as file:
            file.write(data)
    except StorageProblem:
        raise _unavailable() from None
    except OSError:
        raise Refusal("storage_full", "The picture could not be stored.") from None
    return name


def remove_image(path: str | None) -> None:
    """Remove a stored picture; paths that convoai did not make are left alone."""
    if _is_ours(path):
        # The row is already changed; `manage.py sweep_images` finds what cannot be removed now.
        with contextlib.suppress(OSError):
            media().remove(str(path))


def remove_images_of(user_id: int) -> None:
    """Remove every stored picture of one user."""
    with contextlib.suppress(OSError):
        media().remove_below(f"{FOLDER}/{user_id}")


def unclaimed_images(claimed: Container[str], *, age: float = UNCLAIMED_SECONDS) -> list[str]:
    """Names of pictures that no row claims, older than `age` seconds.

    A younger one may still get its row. Raises OSError.
    """
    latest = time.time() - age
    return [
        found.name
        for found in media().files(FOLDER)
        if found.name not in claimed and found.modified < latest
    ]


def stored_image(path: str | None) -> IO[bytes] | None:
    """A stored picture, open to be read, if convoai made it and it is there.

    Raises Refusal `storage_unavailable`.
    """
    if not _is_ours(path):
        return None
    try:
        return media().open(str(path))
    except StorageProblem:
        raise _unavailable() from None
    except OSError:
        return None


def is_stored(path: str | None) -> bool:
    """Whether convoai made this picture and it is there, as far as can be told now."""
    try:
        return _is_ours(path) and media().exists(str(path))
    except StorageProblem:
        return False


def _is_ours(path: str | None) -> bool:
    return bool(path) and str(path).startswith(f"{FOLDER}/") and ".." not in str(path)


def _unavailable() -> Refusal:
    return Refusal(
        "storage_unavailable",
        "Pictures cannot be reached now; try again shortly.",
        retry_after=60,
    )


def _too_large() -> Refusal:
    return Refusal(
        "image_too_large", f"The image has more than {MAX_PIXELS // 1_000_000} megapixels."
    )


def _broken() -> Refusal:
    return Refusal("invalid_image", "The image is damaged; upload it again.")
