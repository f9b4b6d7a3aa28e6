"""What the documents name is there: files, headings, commands and routes."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import get_commands

from convoai.api.middleware import is_route
from tests.guards.source import ROOT, short
from tests.guards.test_routes import routes

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("bench/*.md")])
BASE = "http://localhost:8000"
MAKE = re.compile(r"(?:`|^\s*)make ([a-z][a-z-]*)", re.MULTILINE)
MANAGE = re.compile(r"manage\.py\s+([a-z][a-z_]+)")


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def anchors(document: Path) -> set[str]:
    """The anchors that a host of repositories makes of the headings."""
    headings = re.findall(r"^#+ (.+)$", text_of(document), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def missing_link(document: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = (document.parent / name).resolve() if name else document
    return not target.exists() or (bool(anchor) and anchor not in anchors(target))


@pytest.mark.parametrize("document", DOCUMENTS, ids=short)
def test_every_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", text_of(document))
    inside = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert not [link for link in inside if missing_link(document, link)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=short)
def test_every_command_that_is_named_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(MAKE.findall(text_of(document))) <= targets
    assert set(MANAGE.findall(text_of(document))) <= {*get_commands(), "help"}


@pytest.mark.parametrize("name", ["README.md", "docs/api.md"])
def test_every_address_that_is_called_is_a_route(name: str) -> None:
    called = {
        urlsplit(url).path for url in re.findall(rf"{BASE}/[^\s'\"`)]+", text_of(ROOT / name))
    }
    # The base address of a frontend is the beginning of routes, and none itself.
    paths = {path for path in called if path not in {"/api", "/api/"}}
    assert paths
    assert not [path for path in paths if not (is_route(path) or is_route(f"{path}/"))]


def test_the_guide_lists_every_route_of_the_api_and_no_other() -> None:
    table = text_of(ROOT / "docs/api.md").partition("\n## Routes\n")[2].partition("\n### ")[0]
    listed = set(re.findall(r"`(/api/[^`]+)`", table))
    there = {
        "/" + re.sub(r"<int:\w+>", "{id}", path).removesuffix("/")
        for path, _ in routes()
        if path.startswith("api/")
    }
    assert listed == there
