"""What `tune` has changed, and what was there before, so that it can be undone."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from convoai.refusals import Refusal

FILE = "tuning.json"


@dataclass
class Changed:
    """One value that was set, and the one it replaced; None: it was not set."""

    before: str | None
    now: str


@dataclass
class Remembered:
    """Of one server: settings, and options of tables, by name."""

    server: str = ""
    settings: dict[str, Changed] = field(default_factory=dict)
    tables: dict[str, dict[str, Changed]] = field(default_factory=dict)

    def note(self, changes: dict[str, Changed], among: dict[str, Changed]) -> None:
        """Add changes; what was there before the first of several stays known."""
        for name, change in changes.items():
            first = among.get(name)
            among[name] = Changed(first.before if first else change.before, change.now)


def recall(data_dir: Path) -> Remembered:
    """What is remembered in this data folder; nothing at all when there is no file."""
    try:
        found = json.loads((data_dir / FILE).read_text())
        return Remembered(
            found["server"],
            {name: Changed(**one) for name, one in found["settings"].items()},
            {
                table: {name: Changed(**one) for name, one in options.items()}
                for table, options in found["tables"].items()
            },
        )
    except FileNotFoundError:
        return Remembered()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Refusal(
            "unreadable",
            f"The file {FILE} in the data folder, in which `tune` remembers what it changed, "
            "cannot be read: move it away, and set back by hand what it names.",
        ) from None


def remember(data_dir: Path, what: Remembered) -> None:
    """Write the file, or remove it when there is nothing left to undo."""
    path = data_dir / FILE
    if not (what.settings or what.tables):
        path.unlink(missing_ok=True)
        return
    draft = path.with_suffix(".new")
    try:
        draft.write_text(json.dumps(asdict(what), indent=2) + "\n")
        os.replace(draft, path)
    except OSError as error:
        raise Refusal(
            "unwritable",
            f"Nothing was changed: what was there before cannot be noted in {path.name} in the "
            f"data folder ({error.strerror}).",
        ) from None
