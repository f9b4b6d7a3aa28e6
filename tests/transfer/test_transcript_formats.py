"""What is read out of each kind of file; the samples are made up."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from convoai.refusals import Refusal
from convoai.transfer.transcripts.speakers import read_mapping
from convoai.transfer.transcripts.transcript import Transcript, Wishes, read_transcript

SAMPLES = Path(__file__).parent / "samples"
START = datetime(2024, 1, 31, 10, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def read(data: str | bytes, *mapping: str, **wishes: Any) -> Transcript:
    """What a file of this content holds, for a partner called Dana Diaz."""
    raw = data.encode() if isinstance(data, str) else data
    wishes.setdefault("me", "Alex")
    return read_transcript(
        raw,
        partner_name="Dana Diaz",
        wishes=Wishes(mapping=read_mapping(mapping), **wishes),
        now=NOW,
    )


def sample(name: str, *mapping: str, **wishes: Any) -> Transcript:
    return read((SAMPLES / name).read_bytes(), *mapping, **wishes)


def said(transcript: Transcript) -> list[tuple[str, str]]:
    return [(one.sender, one.content) for one in transcript.messages]


def seconds(transcript: Transcript, start: datetime = START) -> list[float]:
    return [(one.timestamp - start).total_seconds() for one in transcript.messages]


def refusal(data: str | bytes, *mapping: str, **wishes: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read(data, *mapping, **wishes)
    return caught.value


def test_cues_of_one_speaker_become_one_message_at_the_time_of_the_first() -> None:
    found = sample("zoom.vtt", me="Alex Fox", started_at=START)
    assert found.format == "webvtt"
    assert said(found) == [
        ("user", "Hi Dana, how was the move?"),
        ("partner", "Tiring. We carried everything up to the fourth floor ourselves."),
        ("user", "No lift?"),
    ]
    assert seconds(found) == [3.12, 6.0, 15.5]
    assert (found.started_at, found.ended_at) == (START, found.messages[-1].timestamp)


def test_voices_tags_and_entities_of_webvtt_are_read() -> None:
    found = sample("teams.vtt", me="alex fox", started_at=START)
    assert said(found) == [
        ("partner", "I start at the bakery & café on Monday."),
        ("user", "Which one?"),
        ("partner", "The one at the harbour."),
        ("user", "Lovely!"),
    ]
    assert seconds(found) == [1.25, 5.0, 3607.0, 3607.0]


def test_subrip_cues_without_a_name_go_on_with_the_speaker_before() -> None:
    found = sample("film.srt", started_at=START)
    assert (found.format, found.encoding) == ("srt", "UTF-8")
    assert said(found) == [
        ("partner", "I sold the boat. It was time."),
        ("user", "For how much?"),
        ("partner", "42 thousand."),
    ]
    assert seconds(found) == [1.0, 9.0, 12.0]


def test_subrip_without_names_is_said_by_the_partner_unless_mapped() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nHello.\n"
    assert said(read(text)) == [("partner", "Hello.")]
    assert said(read(text, "=user")) == [("user", "Hello.")]


def test_otter_text_is_read_without_its_heading_and_footer() -> None:
    found = sample("otter.txt", me="Alex Fox", started_at=START)
    assert found.format == "otter"
    assert said(found) == [
        ("partner", "I start at the bakery on Monday.\nAt four in the morning!"),
        ("user", "That early?"),
        ("partner", "You get used to it."),
    ]
    assert seconds(found) == [3.0, 12.0, 3765.0]
    assert found.skipped == {"heading": 4, "system": 1}


def test_what_only_looks_like_a_name_can_be_said_to_be_none() -> None:
    assert "My parents had a shop" in str(refusal((SAMPLES / "interview.txt").read_bytes()))
    found = sample("interview.txt", "My parents had a shop=text")
    assert (found.format, found.encoding) == ("text", "UTF-16")
    assert said(found)[1] == ("partner", "In Porto.\nMy parents had a shop: shoes, mostly.")
    assert len(found.messages) == 4


def test_talk_that_convoai_wrote_out_comes_back_with_its_times() -> None:
    found = sample("own.txt")
    assert said(found) == [
        ("user", "Where do you live now?"),
        ("partner", "In Lisbon,\nby the river."),
    ]
    assert found.messages[1].timestamp == datetime(2026, 1, 31, 10, 0, 5, tzinfo=UTC)


def test_text_without_names_is_taken_when_its_format_is_named() -> None:
    assert refusal("Just some words.").code == "unknown_format"
    assert said(read("Just some words.", format="text")) == [("partner", "Just some words.")]


def test_windows_text_is_decoded() -> None:
    found = sample("windows.txt")
    assert found.encoding == "Windows-1252"
    assert said(found) == [("partner", "Das Café schließt früh."), ("user", "Schade – warum?")]


@pytest.mark.bad_input(6)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_same_words_are_the_same_whatever_their_encoding(encoding: str) -> None:
    text = "Dana: Olá, é tarde\r\nAlex: 晚安"
    found = read(text.encode(encoding))
    assert [one.content for one in found.messages] == ["Olá, é tarde", "晚安"]
    assert found.digest == read(text.replace("\r\n", "\n")).digest


@pytest.mark.bad_input(6)
@pytest.mark.parametrize(
    "data",
    [b"\x89PNG\r\n\x1a\n\xff\x01", b"PK\x03\x04rest", b"Dana: \x81", b"\xff\xfeD\x00\x00\xd8x"],
    ids=["picture", "zip", "undefined byte", "broken UTF-16"],
)
def test_bytes_that_are_no_text_are_refused(data: bytes) -> None:
    assert refusal(data).code == "invalid_encoding"


@pytest.mark.parametrize("data", [b"", b" \n\t", b"\xef\xbb\xbf"])
def test_file_without_words_is_refused(data: bytes) -> None:
    assert refusal(data).code == "empty_body"


def test_nul_characters_are_shown_and_counted() -> None:
    found = read("Dana: a\x00b")
    assert said(found) == [("partner", "a\u2400b")]
    assert found.repaired == {"nul": 1}


def test_utterances_of_deepgram_are_messages() -> None:
    found = sample("deepgram_utterances.json", me="Speaker 0")
    assert found.format == "deepgram"
    assert said(found) == [("user", "Hi Dana."), ("partner", "Hello, I am a nurse now.")]
    assert seconds(found) == [0.5, 1.75]


def test_channels_of_deepgram_are_speakers_and_their_words_are_ordered() -> None:
    found = sample("deepgram_channels.json", "Channel 0=user", "Channel 1=partner")
    assert said(found) == [("user", "Hi Dana."), ("partner", "Hello."), ("user", "Why?")]
    assert seconds(found) == [0.1, 1.5, 5.0]


def test_json_of_our_own_keeps_senders_title_and_times() -> None:
    found = sample("talk.json")
    assert (found.title, found.started_at) == ("Lunch", datetime(2024, 1, 31, 12, tzinfo=UTC))
    assert said(found) == [("user", "How is work?"), ("partner", "I quit.")]
    assert seconds(found, found.started_at) == [1.0, 5.0]


@pytest.mark.bad_input(122)
def test_csv_of_our_own_is_read_with_semicolons_lines_and_quoted_formulas() -> None:
    found = sample("talk.csv")
    assert found.format == "csv"
    assert said(found) == [
        ("user", "How is work; still fine?"),
        ("partner", "I quit.\nYesterday."),
        ("user", "=1+1 was too hard?"),
    ]
    assert read("sender,content\nuser,=1+1\n").messages[0].content == "=1+1"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ('{"messages": [{"content": "x"}]}', "invalid_shape"),
        ('[{"sender": "user", "content": 7}]', "invalid_shape"),
        ('[{"sender": "user", "content": "x", "timestamp": "soon"}]', "invalid_shape"),
        ('[{"sender": "user", "content": "x"', "json_invalid"),
        ('[{"content": "\\ud800", "sender": "user"}]', "json_invalid"),
        ("sender,content,time\nuser,x,soon\n", "invalid_shape"),
        ('sender,content\nuser,"x\n', "invalid_shape"),
        ("sender,content\n,x\n", "invalid_shape"),
        ('{"results": {"utterances": [{"transcript": "x", "start": 1e30}]}}', "time_out_of_range"),
        ('{"results": {"utterances": [{"transcript": "x", "start": "1"}]}}', "invalid_shape"),
        ('{"results": {"channels": []}}', "invalid_shape"),
        ('[{"sender": "user", "content": "x", "n": ' + "[" * 5000, "json_invalid"),
        ("WEBVTT\n\n", "no_messages"),
        ("Dana: x" + "\n" * 2_000_001, "too_complex"),
        ("sender,content\n" + "," * 5_000_001, "too_complex"),
        ("[" * 2_000_000, "unknown_format"),
        ('[{"content":' + "[]," * 1_600_000, "too_complex"),
    ],
)
def test_file_that_breaks_its_format_is_refused(data: str, code: str) -> None:
    assert refusal(data, me="").code == code


@pytest.mark.bad_input(44)
def test_digits_of_other_scripts_are_no_date() -> None:
    assert refusal("٣١/٠١/٢٠٢٤, ٢١:٠٥ - Dana: hi", format="whatsapp").code == "unknown_format"
    text = '[{"sender": "user", "content": "x", "timestamp": "２０２４-01-31"}]'
    assert refusal(text).code == "invalid_shape"


@pytest.mark.bad_input(41)
def test_times_without_a_zone_are_of_the_zone_that_is_named() -> None:
    text = '[{"sender": "user", "content": "x", "timestamp": "2024-07-01T12:00"}]'
    assert read(text).messages[0].timestamp.hour == 12
    assert read(text, naive_tz=ZoneInfo("Europe/Berlin")).messages[0].timestamp.hour == 10


@pytest.mark.bad_input(23)
def test_blank_messages_are_kept_and_counted() -> None:
    found = read("Dana: \nAlex: hi\n")
    assert said(found) == [("partner", ""), ("user", "hi")]
    assert found.repaired == {"blank": 1}


@pytest.mark.bad_input(26, 27, 28, 29)
@pytest.mark.parametrize("word", ["harbour ", "x", "港", "line\n"])
def test_long_words_are_cut_at_32000_characters_and_none_is_lost(word: str) -> None:
    long = (word * 200_000)[:200_000].strip()
    found = read(f"Alex: hi\nDana: {long}")
    parts = [one.content for one in found.messages[1:]]
    assert max(map(len, parts)) <= 32_000
    assert "".join(parts) == long
    assert found.repaired == {"cut": 1}


def test_talk_without_a_date_ends_now() -> None:
    found = sample("otter.txt", me="Alex Fox")
    assert found.ended_at == NOW
    assert (found.ended_at - found.messages[0].timestamp).total_seconds() == 3762


def test_message_in_the_future_is_refused() -> None:
    later = datetime(2027, 1, 1, tzinfo=UTC)
    assert refusal("Dana: hi", started_at=later).code == "in_future"
