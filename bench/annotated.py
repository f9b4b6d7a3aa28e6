"""Reads a file of LoCoMo dialogues: long talks of two people in sessions with dates.

The format is that of Maharana et al., "Evaluating Very Long-Term Conversational Memory of LLM
Agents" (ACL 2024): per dialogue `conversation` with `speaker_a`, `speaker_b`, and for each session
`session_<n>` (turns with `speaker`, `text`) and `session_<n>_date_time`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

DATE_FORMATS = ("%I:%M %p on %d %B, %Y", "%I:%M %p on %d %b, %Y")
# Sessions carry one time each; their turns are put this far apart.
PACE = timedelta(seconds=30)


@dataclass(frozen=True)
class Said:
    sender: str
    speaker: str
    content: str
    timestamp: datetime


@dataclass(frozen=True)
class Session:
    """One talk: its name in the file, its start, and what was said."""

    external_id: str
    title: str
    started_at: datetime
    messages: list[Said]


@dataclass(frozen=True)
class Dialogue:
    """All talks with one person. Speaker A is taken for the user, speaker B for the partner."""

    partner: str
    sessions: list[Session]


def read_dialogues(path: Path) -> list[Dialogue]:
    """The dialogues of a file. Raises SystemExit with one sentence when it cannot be used."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SystemExit(
            f"{path} cannot be read ({error.strerror}): give the path of a LoCoMo file."
        ) from None
    except ValueError:
        raise SystemExit(f"{path} is not JSON: give the path of a LoCoMo file.") from None
    try:
        return [_dialogue(entry) for entry in data]
    except (KeyError, TypeError, AttributeError):
        raise SystemExit(f"{path} holds no LoCoMo dialogues: give another file.") from None


def _dialogue(entry: dict[str, Any]) -> Dialogue:
    talks = entry["conversation"]
    numbers = sorted(
        int(name.split("_")[1]) for name in talks if re.fullmatch(r"session_\d+", name)
    )
    sessions = [_session(str(entry["sample_id"]), talks, number) for number in numbers]
    return Dialogue(talks["speaker_b"], [session for session in sessions if session.messages])


def _session(name: str, talks: dict[str, Any], number: int) -> Session:
    started = _moment(str(talks.get(f"session_{number}_date_time", "")))
    messages = [
        Said(
            sender="user" if turn["speaker"] == talks["speaker_a"] else "partner",
            speaker=turn["speaker"],
            content=turn["text"],
            timestamp=started + place * PACE,
        )
        for place, turn in enumerate(talks[f"session_{number}"])
        if turn["text"].strip()
    ]
    return Session(f"locomo/{name}/{number}", f"Session {number}", started, messages)


def _moment(text: str) -> datetime:
    """A time like `1:56 pm on 8 May, 2023`, taken as UTC. Raises SystemExit for another form."""
    for form in DATE_FORMATS:
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise SystemExit("A session's date is not of the form `1:56 pm on 8 May, 2023`.")
