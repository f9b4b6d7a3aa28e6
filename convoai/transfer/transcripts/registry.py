"""The formats, in the order in which a file is compared with them."""

from __future__ import annotations

from convoai.refusals import Refusal
from convoai.transfer.transcripts import (
    deepgram,
    named_lines,
    otter,
    own_csv,
    own_json,
    subrip,
    webvtt,
    whatsapp,
)
from convoai.transfer.transcripts.reading import FILE, Format

FORMATS: dict[str, Format] = {
    one.FORMAT.name: one.FORMAT
    for one in (webvtt, deepgram, own_json, whatsapp, subrip, otter, own_csv, named_lines)
}


def format_of(text: str, name: str | None = None) -> Format:
    """The format of that name, or the first that the text looks like.

    Raises Refusal `unknown_format`.
    """
    names = ", ".join(FORMATS)
    if name:
        if name not in FORMATS:
            message = f"There is no such format; there are: {names}."
            raise Refusal("unknown_format", message, place=("body", "format"))
        return FORMATS[name]
    for one in FORMATS.values():
        if one.fits(text):
            return one
    message = (
        f"The file looks like none of the formats ({names}); name one with format= "
        "(in the command: --format). `text` takes any text, with or without names."
    )
    raise Refusal("unknown_format", message, place=FILE)
