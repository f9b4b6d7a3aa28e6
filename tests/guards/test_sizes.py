"""Files and functions stay small, and are named after their noun."""

from __future__ import annotations

import ast

import pytest

from tests.guards.source import PACKAGES, ROOT, python_files, short, tracked_files, tree

MOST_FILE_LINES = 400
MOST_FUNCTION_LINES = 60
FORBIDDEN_NAMES = {"util", "utils", "helper", "helpers", "manager", "managers", "misc"}
CODE = [path for path in python_files() if "migrations" not in path.parts]


def test_no_file_is_over_400_lines() -> None:
    lengths = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}
    assert not {name: lines for name, lines in lengths.items() if lines > MOST_FILE_LINES}


def test_no_function_is_over_60_lines() -> None:
    long = {
        f"{short(path)}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in CODE
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > MOST_FUNCTION_LINES
    }
    assert not long


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert not [
        short(path)
        for path in tracked_files()
        if {part.lower() for part in (path.stem, *path.relative_to(ROOT).parts)} & FORBIDDEN_NAMES
    ]


def test_no_package_stands_beside_the_known_ones() -> None:
    packages = {path.relative_to(ROOT).parts[0] for path in python_files() if path.parent != ROOT}
    assert packages <= {*PACKAGES, "bench"}
    assert not (ROOT / "bench" / "__init__.py").exists()


def test_only_the_known_scripts_stand_at_the_root() -> None:
    assert {path.name for path in python_files() if path.parent == ROOT} <= {
        "manage.py",
        "gunicorn.conf.py",
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_with_code_is_a_package(package: str) -> None:
    folders = {path.parent for path in python_files(package)}
    assert not [short(folder) for folder in folders if not (folder / "__init__.py").exists()]
