"""Reads dialogues in the format of LoCoMo (Maharana et al., ACL 2024) for the benchmarks."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from convoai.analysis.result import Sender, Turn

SESSION = re.compile(r"session_(\d+)")
MARK = re.compile(r"D:?(\d+):(\d+)")


@dataclass
class Talk:
    """A session: its turns, when it was, and what people noted of each turn's own speaker."""

    turns: list[Turn]
    started_at: datetime
    notes: dict[int, list[str]] = field(default_factory=dict)


@dataclass
class Dialogue:
    name: str
    partner: str
    user: str
    talks: list[Talk]


def load(path: Path) -> list[Dialogue]:
    """The dialogues of a file; speaker A plays the partner, speaker B the user."""
    return [_dialogue(entry) for entry in json.loads(path.read_text(encoding="utf-8"))]


def _dialogue(entry: dict[str, Any]) -> Dialogue:
    sessions = entry["conversation"]
    partner, user = sessions["speaker_a"], sessions["speaker_b"]
    notes = _notes(entry["observation"])
    talks, number = [], 0
    for key in sorted(filter(SESSION.fullmatch, sessions), key=lambda key: int(key[8:])):
        talk = Talk([], moment(sessions.get(f"{key}_date_time", "")))
        for turn in sessions[key]:
            number += 1
            sender: Sender = "partner" if turn["speaker"] == partner else "user"
            talk.turns.append(Turn(number, sender, turn["speaker"], turn["text"]))
            talk.notes[number] = notes.get((turn["dia_id"], turn["speaker"]), [])
        talks.append(talk)
    return Dialogue(str(entry["sample_id"]), partner, user, talks)


def _notes(observation: dict[str, Any]) -> dict[tuple[str, str], list[str]]:
    """Sentences by (turn, speaker) that they are about."""
    found: dict[tuple[str, str], list[str]] = {}
    for by_speaker in observation.values():
        for speaker, items in by_speaker.items():
            for sentence, marks in items:
                for mark in MARK.finditer(marks if isinstance(marks, str) else " ".join(marks)):
                    turn = f"D{int(mark[1])}:{int(mark[2])}"
                    found.setdefault((turn, speaker), []).append(sentence)
    return found


def moment(text: str) -> datetime:
    """The date and time of a session, as "1:56 pm on 8 May, 2023"."""
    for form in ("%I:%M %p on %d %B, %Y", "%I:%M %p on %d %b, %Y"):
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return datetime(2023, 1, 1, tzinfo=UTC)
