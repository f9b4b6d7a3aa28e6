"""WebVTT, as Zoom, Teams and Meet write it: cues with voices, or with names before the words."""

from __future__ import annotations

import html
from collections.abc import Iterator

from convoai.refusals import Refusal
from convoai.transfer.transcripts.cues import Cue, say_cues
from convoai.transfer.transcripts.reading import (
    FILE,
    MOST_MESSAGES,
    Choices,
    Format,
    Reading,
    too_many,
)


def fits(text: str) -> bool:
    return text[:1_000].lstrip().startswith("WEBVTT")


def parse(text: str, choices: Choices) -> Reading:
    """Cues of one speaker that follow each other closely become one message."""
    import webvtt

    # Before the library makes an object of each.
    if text.count("-->") > MOST_MESSAGES:
        raise too_many()
    try:
        file = webvtt.from_string(text.lstrip())
    except (webvtt.errors.MalformedFileError, webvtt.errors.MalformedCaptionError):
        message = "This is not WebVTT: its first line must be WEBVTT."
        raise Refusal("unknown_format", message, place=FILE) from None
    reading = Reading()
    say_cues(
        reading,
        (
            Cue(
                caption.start_time.in_milliseconds() / 1000,
                caption.end_time.in_milliseconds() / 1000,
                voice,
                words,
            )
            for caption in file.captions
            for voice, words in voices("\n".join(caption.lines))
        ),
    )
    return reading


def voices(payload: str) -> Iterator[tuple[str, str]]:
    """(voice, words) of each `<v Name>` span, without other tags; voice "" before the first."""
    voice, words, place = "", [], 0
    while True:
        start = payload.find("<", place)
        end = payload.find(">", start) if start >= 0 else -1
        if end < 0:
            break
        words.append(payload[place:start])
        tag, place = payload[start + 1 : end], end + 1
        kind, _, name = tag.partition(" ")
        if kind == "v" or kind.startswith("v."):
            yield from _span(voice, words)
            voice, words = html.unescape(name.strip()), []
    words.append(payload[place:])
    yield from _span(voice, words)


def _span(voice: str, words: list[str]) -> Iterator[tuple[str, str]]:
    text = html.unescape("".join(words)).strip()
    if text:
        yield voice, text


FORMAT = Format("webvtt", "WebVTT subtitles (.vtt), with voices or `Name: words`", fits, parse)
