"""What a person does after talks came in by a command."""

from __future__ import annotations

NEXT_STEPS = (
    "Next: manage.py embed --missing (so that search finds messages by their meaning).",
    "Next: manage.py analyze --all (for facts with quotes, which briefings show).",
)
