"""From cues of a few seconds to messages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conversations.transcripts import NAMED_LINE
from convoai.transfer.transcripts.reading import Reading

# Cues cut sentences apart. Those of one speaker with at most this pause (seconds) between them
# are joined, until a message has this many characters.
PAUSE = 2.0
LONG_ENOUGH = 1_000


@dataclass(slots=True)
class Cue:
    """Words on the screen from `start` to `end` (seconds); `speaker` is "" when nobody is named."""

    start: float
    end: float
    speaker: str
    words: str


def say_cues(reading: Reading, cues: Iterable[Cue]) -> None:
    """Add cues to the reading, those that belong together as one message.

    A cue without a name goes on with the speaker before it, as players show it. Its time is
    that of its first cue.
    """
    speaker, start, end, length = "", 0.0, 0.0, 0
    words: list[str] = []

    def close() -> None:
        if words:
            reading.say(speaker, " ".join(words), offset=start)

    for cue in cues:
        name, said = _named(cue)
        follows = cue.start - end <= PAUSE and length < LONG_ENOUGH
        if words and follows and name in ("", speaker):
            words.append(said)
            length += len(said)
        else:
            close()
            speaker = name or speaker
            words, start, length = [said], cue.start, len(said)
        end = cue.end
    close()


def _named(cue: Cue) -> tuple[str, str]:
    """The speaker and the words of a cue, also where it reads `Name: words` or `- words`."""
    words = " ".join(cue.words.split())
    if cue.speaker:
        return cue.speaker, words
    words = words.removeprefix("- ")
    match = NAMED_LINE.match(words)
    if match and words[match.end() :].strip():
        return match[1].strip(), words[match.end() :]
    return "", words
