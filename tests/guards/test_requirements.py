"""Every dependency is pinned, has a reason, and is what is installed."""

from __future__ import annotations

import importlib.metadata
import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.guards.source import ROOT

FILES = ("requirements.txt", "requirements-dev.txt")


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
    runtime = {package(line) for line in lines("requirements.txt")}
    tools = {package(line) for line in lines("requirements-dev.txt")}
    assert not runtime & tools
