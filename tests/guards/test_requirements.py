"""Every dependency is pinned, has a reason, and is what is installed."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.guards.source import PACKAGES, ROOT, python_files, short, tree

FILES = ("requirements.txt", "requirements-s3.txt", "requirements-dev.txt")


def lines(name: str) -> list[str]:
    """The lines that name a package, without options and headings."""
    text = (ROOT / name).read_text().splitlines()
    return [line for line in text if line and not line.startswith(("#", "-"))]


def requirement(line: str) -> Requirement:
    return Requirement(line.partition("  #")[0])


def package(line: str) -> str:
    return canonicalize_name(requirement(line).name)


def pinned_version(line: str) -> str:
    [specifier] = requirement(line).specifier
    assert specifier.operator == "=="
    assert "*" not in specifier.version
    return specifier.version


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_pinned_and_says_why(name: str) -> None:
    assert lines(name)
    for line in lines(name):
        assert pinned_version(line)
        assert re.search(r"  # \w.{8,}", line), f"say why beside {line}"


@pytest.mark.parametrize("name", FILES)
def test_what_is_installed_is_what_is_pinned(name: str) -> None:
    for line in lines(name):
        wanted = requirement(line)
        if wanted.marker is None or wanted.marker.evaluate():
            assert importlib.metadata.version(wanted.name) == pinned_version(line)


def test_constraints_agree_with_the_requirements() -> None:
    constraints = {package(line): line for line in lines("constraints.txt")}
    for name in FILES:
        for line in lines(name):
            assert pinned_version(constraints[package(line)]) == pinned_version(line)


@pytest.mark.parametrize("name", [*FILES, "constraints.txt"])
def test_psycopg_3_is_never_required(name: str) -> None:
    assert not [line for line in lines(name) if package(line) == "psycopg"]


def test_tests_and_lint_are_not_needed_to_run() -> None:
    runtime = {package(line) for name in FILES[:2] for line in lines(name)}
    tools = {package(line) for line in lines("requirements-dev.txt")}
    assert not runtime & tools


@pytest.mark.parametrize(
    ("folders", "files"),
    [
        (("convoai", "partners", "conversations", "manage.py"), FILES[:2]),
        (("tests", "bench", "gunicorn.conf.py"), FILES),
    ],
)
def test_what_is_imported_is_required(folders: tuple[str, ...], files: tuple[str, ...]) -> None:
    required = {package(line) for name in files for line in lines(name)}
    providers = importlib.metadata.packages_distributions()
    own = {*PACKAGES, *(path.stem for path in python_files("bench"))}
    missing = {
        f"{short(path)} imports {module}"
        for path in python_files(*folders)
        for module in imported_packages(path) - sys.stdlib_module_names - own
        if not required & {canonicalize_name(name) for name in providers.get(module, [])}
    }
    assert not sorted(missing)


def imported_packages(path: Path) -> set[str]:
    """The first parts of the names of all modules that a file imports."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found
