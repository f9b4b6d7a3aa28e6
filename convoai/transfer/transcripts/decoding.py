"""Bytes to text, whatever the encoding."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from convoai.refusals import Refusal
from convoai.transfer.transcripts.reading import FILE

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252",
}
# How much is looked at to tell UTF-16 without a mark: every other byte of it is mostly zero.
PROBE = 4_096
MOSTLY = 0.4
# No text holds these; a picture in Windows-1252 would.
NO_TEXT = dict.fromkeys([*range(1, 9), 14, 15, *range(16, 27), 28, 29, 30, 31, 127])
NUL_SHOWN = "\u2400"


@dataclass(frozen=True)
class Decoded:
    """A file as text with `\\n` at the ends of lines, its encoding, and how many NUL it held."""

    text: str
    encoding: str
    nuls: int


def decode(data: bytes) -> Decoded:
    """The text of a file in UTF-8 or UTF-16 (with or without mark) or Windows-1252.

    NUL characters, which PostgreSQL cannot keep, become U+2400. Raises Refusal `empty_body` and
    `invalid_encoding`.
    """
    if data.startswith(b"PK\x03\x04"):
        raise _refused("This is a ZIP archive; unpack it and send the text file in it.")
    encoding = _encoding_of(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise _refused(f"The file breaks the rules of {NAMES[encoding]}.") from None
        encoding, text = "cp1252", _windows_text(data)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    nuls = text.count("\x00")
    if nuls:
        text = text.replace("\x00", NUL_SHOWN)
    if not text.strip():
        raise Refusal("empty_body", "The file holds no words.", place=FILE)
    return Decoded(text, NAMES[encoding], nuls)


def _encoding_of(data: bytes) -> str:
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return encoding
    head = data[:PROBE]
    half = max(1, len(head) // 2)
    if head[1::2].count(0) > MOSTLY * half:
        return "utf-16-le"
    if head[0::2].count(0) > MOSTLY * half:
        return "utf-16-be"
    return "utf-8"


def _windows_text(data: bytes) -> str:
    """Raises Refusal for bytes that are no text in Windows-1252 either."""
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        text = None
    if text is None or b"\x00" in data or len(text.translate(NO_TEXT)) < len(text):
        raise _refused("The file is not text in UTF-8, UTF-16 or Windows-1252.")
    return text


def _refused(message: str) -> Refusal:
    return Refusal("invalid_encoding", message, place=FILE)
