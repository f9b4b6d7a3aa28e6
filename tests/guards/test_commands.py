"""The make commands, the commit hooks and the settings file list what there is."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess

import pytest

from tests.guards.source import ROOT, python_files, tree

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = sorted(set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, flags=re.MULTILINE)))


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_help_lists_every_target() -> None:
    listing = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert {"run", "test", "lint", "format", "bench", "stop", "clean"} <= set(TARGETS)
    assert not [name for name in TARGETS if f"make {name} " not in listing]


def test_commit_hooks_run_the_same_checks_as_make_lint() -> None:
    rule = re.search(r"^lint: ([a-z -]+?)  ##", MAKEFILE, flags=re.MULTILINE)
    assert rule
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    assert re.findall(r"entry: make (\S+)", hooks) == rule[1].split()


def variables() -> set[str]:
    """The names of environment variables that the code reads through `env`."""
    found = set()
    for path in python_files("convoai"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and (_is_env(node.func) or any(map(_is_env, node.args))):
                found |= {
                    one.value
                    for one in node.args
                    if isinstance(one, ast.Constant)
                    and isinstance(one.value, str)
                    and re.fullmatch(r"[A-Z][A-Z0-9_]+", one.value)
                }
    return found


def _is_env(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute):
        return _is_env(node.value)
    return isinstance(node, ast.Name) and node.id == "env"


@pytest.mark.parametrize("name", [".env.example", "docs/configuration.md"])
def test_every_variable_is_explained(name: str) -> None:
    assert {"DATA_DIR", "SECRET_KEY", "DB_POOL_SIZE"} <= variables()
    text = (ROOT / name).read_text()
    assert not [one for one in sorted(variables()) if not re.search(rf"\b{one}\b", text)]
