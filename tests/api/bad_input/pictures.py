"""Pictures for the tests, good and hostile, made in memory."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"]


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    """A small picture: red on the left, blue on the right."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def huge_png(side: int = 12_000) -> bytes:
    """A PNG of `side` squared pixels in some kilobytes: each row is the same."""
    row = b"\x00" + b"\x00" * (side // 8)
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(row * 100) for _ in range(side // 100)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def chunk(kind: bytes, data: bytes) -> bytes:
    """One part of a PNG file."""
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check


def telling_jpeg(marker: str) -> bytes:
    """A JPEG lying on its side, with the marker in EXIF, GPS, XMP, comment and after its end."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees to see it upright
    exif[0x010E] = marker
    position = ImageFileDirectory_v2()
    position[1] = "N"
    position[2] = (38.0, 43.0, 0.0)
    position[29] = marker
    exif._ifds[0x8825] = dict(position)
    whole = picture(
        exif=exif.tobytes(),
        xmp=f"<x:xmpmeta>{marker}</x:xmpmeta>".encode(),
        comment=marker.encode(),
    )
    return whole + marker.encode()


def telling_png(marker: str) -> bytes:
    """A PNG with the marker in its text chunks."""
    whole = picture("PNG")
    text = chunk(b"tEXt", b"Comment\x00" + marker.encode())
    packed = chunk(b"zTXt", b"Author\x00\x00" + zlib.compress(marker.encode()))
    return whole[:33] + text + packed + whole[33:] + marker.encode()


def animation(frames: int = 1_000) -> bytes:
    """A GIF of so many frames."""
    images = [Image.new("P", (16, 16), number % 250) for number in range(frames)]
    out = BytesIO()
    images[0].save(out, "GIF", save_all=True, append_images=images[1:], duration=10, loop=0)
    return out.getvalue()


def upload(data: bytes, name: str = "face.jpg", kind: str = "image/jpeg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type=kind)
