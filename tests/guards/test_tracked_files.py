"""What must never be committed: secrets, paths of one machine, registry hosts, local data."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.guards.source import ROOT, short, tracked_files

TEXTS = [
    path
    for path in tracked_files()
    if path != Path(__file__)
    and path.suffix not in {".png", ".jpg", ".jpeg", ".webp", ".gif", ".ico", ".woff2", ".zip"}
]
# Cut in two, so that this file does not match itself anywhere.
PATTERNS = {
    "private key": r"BEGIN [A-Z ]*PRIVATE " + "KEY",
    "cloud key": r"\b(?:AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35})\b",
    "provider key": r"\bsk-[A-Za-z0-9_-]{32,}",
    "repository token": r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|glpat-[A-Za-z0-9_-]{20})",
    "signed token": r"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.",
    "path of one machine": r"(?<![\w.~])/(?:work|farm|root|home/[a-z]+|Users/[A-Za-z]+)/\w",
    "registry host": r"(?:files\.pythonhosted|pypi|test\.pypi|registry\.npmjs)\."
    + r"org|--(?:extra-)?index-"
    + "url",
}


@pytest.mark.parametrize("what", PATTERNS)
def test_no_file_holds_a(what: str) -> None:
    pattern = re.compile(PATTERNS[what])
    found = [
        f"{short(path)}:{number}"
        for path in TEXTS
        for number, line in enumerate(
            path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1
        )
        if pattern.search(line)
    ]
    assert not found


def test_no_local_file_is_tracked() -> None:
    wrong = re.compile(r"(^|/)(\.env|\.data[^/]*|.*\.(pem|key|sqlite3|duckdb|dump|pyc|log))(/|$)")
    assert not [short(path) for path in tracked_files() if wrong.search(short(path))]


def test_every_text_file_ends_with_a_newline() -> None:
    assert not [
        short(path) for path in TEXTS if path.read_bytes() and not path.read_bytes().endswith(b"\n")
    ]


def test_git_ignores_what_running_leaves_behind() -> None:
    ignored = (ROOT / ".gitignore").read_text().split()
    assert {".venv/", ".env", ".data/", "__pycache__/"} <= set(ignored)
