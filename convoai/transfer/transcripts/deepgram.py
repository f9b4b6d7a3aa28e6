"""Answers of Deepgram's transcription: utterances, or words and paragraphs per channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from convoai.transfer.transcripts.json_file import clean, is_json, load, shape_refused
from convoai.transfer.transcripts.moments import iso_moment
from convoai.transfer.transcripts.reading import Choices, Format, Reading, Turn

# Seconds of silence after which the same speaker's words are another message.
PAUSE = 2.0


def fits(text: str) -> bool:
    named = '"channels"' in text or '"utterances"' in text
    return is_json(text) and '"results"' in text and named


def parse(text: str, choices: Choices) -> Reading:
    """Speakers are named `Speaker 0`, or `Channel 0` when each has a channel of their own."""
    data = load(text)
    results = data.get("results") if isinstance(data, dict) else None
    if not isinstance(results, dict):
        raise shape_refused("Deepgram's JSON has an object `results`.")
    reading = Reading(started_at=_created(data, choices))
    channels = [one for one in _list(results, "channels") if isinstance(one, dict)]
    has_channels = len(channels) > 1
    utterances = [one for one in _list(results, "utterances") if isinstance(one, dict)]
    if utterances:
        turns = [_utterance(one, has_channels) for one in utterances]
    else:
        turns = [
            turn
            for number, channel in enumerate(channels)
            for turn in _channel(channel, number if has_channels else None)
        ]
    for turn in sorted(turns, key=lambda turn: turn.offset or 0.0):
        reading.say(clean(turn.speaker), clean(turn.content), offset=turn.offset)
    if not reading.turns:
        raise shape_refused("Deepgram's `results` holds no utterances and no channels with words.")
    return reading


def _created(data: Mapping[str, Any], choices: Choices) -> Any:
    metadata = data.get("metadata")
    created = metadata.get("created") if isinstance(metadata, dict) else None
    return iso_moment(created, choices.naive_tz) if isinstance(created, str) else None


def _utterance(utterance: Mapping[str, Any], has_channels: bool) -> Turn:
    channel = utterance.get("channel")
    number = channel if has_channels and isinstance(channel, int) else None
    name = _speaker(utterance.get("speaker"), number)
    return Turn(name, _text(utterance, "transcript"), offset=_seconds(utterance, "start"))


def _channel(channel: Mapping[str, Any], number: int | None) -> Iterator[Turn]:
    """The best alternative of a channel, by words, or whole where there are none."""
    best = next((one for one in _list(channel, "alternatives") if isinstance(one, dict)), {})
    words = [word for word in _list(best, "words") if isinstance(word, dict)]
    if not words:
        transcript = _text(best, "transcript")
        if transcript.strip():
            yield Turn(_speaker(None, number), transcript, offset=0.0)
        return
    said: list[str] = []
    speaker, start, end = "", 0.0, 0.0
    for word in words:
        name, begun = _speaker(word.get("speaker"), number), _seconds(word, "start")
        if said and (name != speaker or begun - end > PAUSE):
            yield Turn(speaker, " ".join(said), offset=start)
            said = []
        if not said:
            speaker, start = name, begun
        said.append(_text(word, "punctuated_word") or _text(word, "word"))
        end = _seconds(word, "end")
    yield Turn(speaker, " ".join(said), offset=start)


def _speaker(speaker: Any, channel: int | None) -> str:
    if channel is not None:
        return f"Channel {channel}"
    return f"Speaker {speaker}" if isinstance(speaker, int) else ""


def _seconds(data: Mapping[str, Any], name: str) -> float:
    value = data.get(name, 0.0)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise shape_refused(f"In Deepgram's JSON `{name}` is a number of seconds.")
    return float(value)


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name, "")
    return value if isinstance(value, str) else ""


def _list(data: Mapping[str, Any], name: str) -> list[Any]:
    value = data.get(name)
    return value if isinstance(value, list) else []


FORMAT = Format("deepgram", "an answer of Deepgram (JSON)", fits, parse)
