"""Row 123: whatever stands in a file, reading it takes time that grows with its size only."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convoai.refusals import Refusal
from convoai.transfer.transcripts.registry import FORMATS
from convoai.transfer.transcripts.transcript import Transcript, Wishes, read_transcript

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SIZE = 40_000
# Twice the size takes twice the time; what is quadratic takes four times, and both are noisy.
# Three doublings: 8 where it should be, 64 where it must not.
GROWTH = 8
MOST_GROWTH = 28
# Seconds below which the clock tells nothing.
NOISE = 0.02

CUE = "00:00:01.000 --> 00:00:02.000\n"
HOSTILE = {
    "spaces": " ",
    "blank lines": "\n",
    "spaces and lines": " \n",
    "digits": "1",
    "zeros and colons": "00:",
    "arrows": "-->",
    "arrow lines": "-->\n",
    "cue times": CUE,
    "subrip times": "1\n00:00:01,000 --> 00:00:02,000\n",
    "tags": "<v a",
    "closed tags": "<v a>x</v>",
    "open brackets": "<",
    "entities": "&amp",
    "voices": "<v.a.a.a",
    "dates": "01/01/24, 10:00 - ",
    "date lines": "13/01/24, 10:00 - Dana: x\n",
    "dates without an end": "[01/01/24, 10:00:00 PM",
    "marks": "\u200e",
    "attachments": "\u200e<a: ",
    "names": "a: ",
    "name lines": "a: b\n",
    "many names": "word word word\tx  0:1\n",
    "otter heads": "Dana  0:12\n",
    "tabs": "\t",
    "quotes": '"',
    "commas": ",",
    "objects": "{",
    "lists": "[],",
    "strings": '"\\"",',
    "backslashes": "\\",
    "words": "word" * 7 + "!",
    "combining": "e\u0301\u0301",
    "carriage returns": "\r",
    "omitted": " omitted",
}
STARTS = {
    "webvtt": "WEBVTT\n\n" + CUE,
    "srt": "1\n00:00:01,000 --> 00:00:02,000\n",
    "otter": "Dana  0:12\n",
    "text": "Dana: ",
    "whatsapp": "13/01/24, 10:00 - Dana: \u200e",
    "deepgram": '{"results": {"utterances": [{"transcript": "',
    "json": '[{"sender": "user", "content": "',
    "csv": "sender,content\nuser,",
}


def read(text: str | bytes, name: str | None = None) -> Transcript | Refusal:
    """What is made of a file, or how it is refused; anything else is a fault."""
    wishes = Wishes(me="Alex", format=name)
    data = text.encode() if isinstance(text, str) else text
    try:
        return read_transcript(data, partner_name="Dana", wishes=wishes, now=NOW)
    except Refusal as refusal:
        return refusal


def seconds(text: str, name: str) -> float:
    begun = time.thread_time()
    read(text, name)
    return time.thread_time() - begun


def grows_faster(small: str, large: str, name: str) -> bool:
    taken = seconds(large, name)
    return taken > NOISE and taken > MOST_GROWTH * seconds(small, name)


@pytest.mark.bad_input(123)
@pytest.mark.parametrize("name", FORMATS)
def test_time_grows_with_the_size_only(name: str) -> None:
    slow = []
    for kind, unit in HOSTILE.items():
        small = STARTS[name] + unit * (SIZE // len(unit) // GROWTH)
        large = STARTS[name] + unit * (SIZE // len(unit))
        # What is slow once may have been interrupted.
        if all(grows_faster(small, large, name) for _ in range(3)):
            slow.append(kind)
    assert not slow


@pytest.mark.bad_input(123)
@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_finding_the_format_grows_with_the_size_only(unit: str) -> None:
    def taken(size: int) -> float:
        text = unit * (size // len(unit))
        begun = time.thread_time()
        for one in FORMATS.values():
            one.fits(text)
        return time.thread_time() - begun

    assert any(
        (large := taken(SIZE)) < NOISE or large < MOST_GROWTH * taken(SIZE // GROWTH)
        for _ in range(3)
    )


PIECES = st.sampled_from(
    [
        *HOSTILE.values(),
        *STARTS.values(),
        "\x00",
        "Alex: ",
        "Dana\n",
        "31/12/2024, 9:05\u202fPM - ",
        "[2024-01-31 21:05:33] ",
        "NOTE x\n\n",
        "99:99:99.999 --> 99:99:99.999\n",
        '"words": [{"word": "a", "start": 1, "end": 2, "speaker": 0}]',
        '"start": 1e308, ',
        "0001-01-01T00:00:00-23:59 [user]: ",
        "9999-12-31T23:59:59+00:00 [user]: ",
        "\ud7ff\ue000\U0010ffff",
    ]
)


@settings(max_examples=60, deadline=None, database=None)
@given(
    pieces=st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=12),
    name=st.sampled_from([None, *FORMATS]),
)
def test_any_text_is_read_or_refused(pieces: list[str], name: str | None) -> None:
    text = "".join(pieces).encode(errors="replace").decode()
    found = read(text, name)
    if isinstance(found, Transcript):
        assert found.started_at <= min(one.timestamp for one in found.messages)
        assert found.ended_at >= max(one.timestamp for one in found.messages)
        assert all(len(one.content) <= 32_000 for one in found.messages)
        assert all("\x00" not in one.content + one.speaker for one in found.messages)
        assert {one.sender for one in found.messages} <= {"user", "partner"}


@settings(max_examples=100, deadline=None, database=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    found = read(data, "text")
    assert isinstance(found, Refusal) or found.messages


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=1, max_size=40
).filter(lambda text: text.strip() and not text.strip().startswith("\u200e"))


@settings(max_examples=50, deadline=None, database=None)
@given(said=st.lists(st.tuples(st.sampled_from(["Dana", "Alex"]), WORDS), min_size=1))
def test_words_of_a_plain_transcript_come_back(said: list[tuple[str, str]]) -> None:
    text = "".join(f"{name}: {words}\n" for name, words in said)
    found = read(text, "text")
    assert isinstance(found, Transcript)
    assert [(one.speaker, one.content) for one in found.messages] == [
        (name, words.strip()) for name, words in said
    ]
