"""JSON of our own: a talk as the API answers with it, or only its messages."""

from __future__ import annotations

from typing import Any

from convoai.transfer.transcripts.json_file import clean, is_json, load, shape_refused
from convoai.transfer.transcripts.moments import iso_moment
from convoai.transfer.transcripts.reading import Choices, Format, Reading

SENDERS = ("user", "partner")


def fits(text: str) -> bool:
    return is_json(text) and '"content"' in text


def parse(text: str, choices: Choices) -> Reading:
    """`{"messages": [{"sender" or "speaker", "content", "timestamp"?}], "title"?}`, or the list."""
    data = load(text)
    talk = data if isinstance(data, dict) else {}
    messages = talk.get("messages", data)
    if not isinstance(messages, list) or not messages:
        raise shape_refused("The JSON is a list of messages, or an object with `messages`.")
    title, started = talk.get("title"), talk.get("started_at")
    reading = Reading(
        title=clean(title) if isinstance(title, str) else None,
        started_at=iso_moment(started, choices.naive_tz) if isinstance(started, str) else None,
    )
    for index, message in enumerate(messages):
        _say(reading, message, index, choices)
    return reading


def _say(reading: Reading, message: Any, index: int, choices: Choices) -> None:
    place = f"Message {index:,}"
    if not isinstance(message, dict):
        raise shape_refused(f"{place} is not an object.")
    names = ("content", "sender", "speaker", "timestamp")
    content, sender, speaker, timestamp = (message.get(name) or "" for name in names)
    if not all(isinstance(one, str) for one in (content, sender, speaker, timestamp)):
        raise shape_refused(f"{place}: `content`, `sender`, `speaker` and `timestamp` are text.")
    if "content" not in message or not (sender or speaker):
        raise shape_refused(f"{place} needs `content`, and `sender` or `speaker`.")
    moment = iso_moment(timestamp, choices.naive_tz)
    if timestamp and moment is None:
        raise shape_refused(f"{place}: `timestamp` is not ISO 8601.")
    known = sender if sender in SENDERS else ""
    name = clean(speaker) or ("" if known else clean(sender))
    reading.say(name, clean(content), timestamp=moment, sender=known)


FORMAT = Format("json", "JSON of our own: messages with sender, content, timestamp", fits, parse)
