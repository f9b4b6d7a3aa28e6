"""Imports run one way, and starting the server loads nothing heavy."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guards.source import ROOT, python_files, short, tree

LOWEST = {"convoai.embedding", "convoai.database", "convoai.storage"}
PARTNERS = LOWEST | {"convoai.accounts", "convoai.api"}
CONVERSATIONS = PARTNERS | {"partners"}
ABILITIES = CONVERSATIONS | {"conversations"}
# Room: the other rooms of ours that it may import.
ARROWS = {
    "convoai.embedding": set(),
    "convoai.database": set(),
    "convoai.storage": {"convoai.database"},
    "convoai.api": {"convoai.database"},
    "convoai.accounts": LOWEST | {"convoai.api"},
    "partners": PARTNERS,
    "conversations": CONVERSATIONS,
    "convoai.analysis": ABILITIES,
    "convoai.search": ABILITIES,
    "convoai.transfer": ABILITIES,
    "convoai.operations": ABILITIES,
    "convoai.briefing": ABILITIES | {"convoai.search", "convoai.analysis"},
    "convoai.web": ABILITIES
    | {
        "convoai.analysis",
        "convoai.search",
        "convoai.transfer",
        "convoai.operations",
        "convoai.briefing",
    },
}
# Modules without imports of ours, that any room may use.
LEAVES = {
    "convoai.environment",
    "convoai.interruption",
    "convoai.outbound",
    "convoai.refusals",
    "convoai.transport",
}
# These mount or join everything.
FREE = {"convoai/api/urls.py", "convoai/urls.py", "convoai/checks.py"}
HEAVY = (
    "PIL",
    "boto3",
    "botocore",
    "dlib",
    "duckdb",
    "google.genai",
    "httpx",
    "httpx2",
    "mcp",
    "numpy",
    "openai",
    "pandas",
    "pydantic",
    "pydantic_ai",
    "safetensors",
    "storages",
    "tokenizers",
    "torch",
    "wordllama",
)


def room_of(module: str) -> str | None:
    """The room a module of ours lives in; `convoai` for its root files; None for libraries."""
    parts = module.split(".")
    if parts[0] in {"partners", "conversations"}:
        return parts[0]
    if parts[0] != "convoai":
        return None
    return f"convoai.{parts[1]}" if len(parts) > 1 and is_folder(parts[1]) else "convoai"


def is_folder(name: str) -> bool:
    return (ROOT / "convoai" / name).is_dir()


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imported_modules(path: Path) -> list[str]:
    """The full names of all modules that a file imports, wherever in the file."""
    found = []
    package = module_name(path).split(".")[:-1]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            # `from convoai import api` imports a room, too.
            found += [f"{start}.{alias.name}" for alias in node.names]
    return found


OURS = python_files("convoai", "partners", "conversations")


def test_imports_follow_the_arrows() -> None:
    wrong = []
    for path in OURS:
        room = room_of(module_name(path))
        if short(path) in FREE or room in {None, "convoai"}:
            continue
        assert room in ARROWS, f"{short(path)} lives in a room that design.md does not name"
        for module in imported_modules(path):
            other = room_of(module)
            if module.rpartition(".")[0] in LEAVES:
                continue
            if other not in {None, room} and other not in ARROWS[room]:
                wrong.append(f"{short(path)} imports {module}")
    assert not wrong


def test_reads_and_writes_know_nothing_of_the_api() -> None:
    inner = ("models", "querysets", "services")
    wrong = [
        f"{short(path)} imports {module}"
        for path in OURS
        if any(part.removesuffix(".py") in inner for part in path.relative_to(ROOT).parts)
        for module in imported_modules(path)
        if module.startswith(("convoai.api.", "rest_framework.", "django.http."))
    ]
    assert not wrong


def test_starting_the_server_loads_nothing_heavy(tmp_path: Path) -> None:
    program = "import json, sys, convoai.wsgi, convoai.urls; print(json.dumps(sorted(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "convoai.settings"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    loaded = set(json.loads(result.stdout.splitlines()[-1]))
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize("name", ["psycopg", "psycopg_pool", "psycopg_binary"])
def test_psycopg_3_is_not_installed(name: str) -> None:
    assert importlib.util.find_spec(name) is None
