"""Dockerfile, compose.yaml and .dockerignore name what is there, and let no secret in."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path
from typing import Any

import yaml
from django.core.management import load_command_class

from tests.guards.source import ROOT, short, tracked_files

SECRET = re.compile(r"(?i)(password|secret|token|api_?key|database_url)\s*[:=]\s*\S")


def instructions() -> list[tuple[str, str]]:
    """The lines of the Dockerfile, continued ones joined: instruction and the rest."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def all_of(word: str) -> list[str]:
    return [rest for found, rest in instructions() if found == word]


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return read


def let_in() -> set[str]:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert next(line for line in lines if not line.startswith("#")) == "*"
    return {line[1:] for line in lines if line.startswith("!")}


def test_base_image_is_an_official_one_with_its_version() -> None:
    (base,) = all_of("FROM")
    found = re.fullmatch(r"python:3\.(\d+)-slim-[a-z]+", base)
    assert found
    assert f"python3.{found[1]}" in (ROOT / "Makefile").read_text()


def test_everything_copied_is_there_and_nothing_else_is_let_in() -> None:
    copied = {name for rest in all_of("COPY") for name in rest.split()[:-1]}
    assert copied == let_in()
    names = {path.relative_to(ROOT).parts[0] for path in tracked_files()}
    assert copied <= names
    assert not [name for name in copied if name.startswith(".") or (ROOT / name).is_symlink()]


def test_image_holds_all_of_the_program() -> None:
    folders = {name for name in let_in() if (ROOT / name).is_dir()}
    settings = (ROOT / "convoai/settings.py").read_text()
    assert {"convoai", "partners", "conversations"} <= folders
    assert 'BASE_DIR / "templates"' in settings
    assert "templates" in folders


def test_requirements_are_those_that_are_pinned_and_come_first() -> None:
    words = [f"{word} {rest}" for word, rest in instructions()]
    install = next(line for line in words if "pip install" in line)
    assert "-r requirements.txt" in install
    assert words.index("COPY requirements.txt constraints.txt ./") < words.index(install)
    assert words.index(install) < words.index("COPY convoai convoai")


def test_container_runs_as_an_ordinary_user_without_rights() -> None:
    assert all_of("USER") == ["convoai"]
    service = compose()["services"]["convoai"]
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "cap_add", "network_mode", "pid"} & set(service)


def test_no_secret_stands_in_the_files() -> None:
    for name in ("Dockerfile", "compose.yaml"):
        assert not SECRET.search((ROOT / name).read_text())


def test_volumes_hold_what_outlives_the_container() -> None:
    (volumes,) = all_of("VOLUME")
    (environment,) = [rest for rest in all_of("ENV") if "DATA_DIR" in rest]
    places = dict(one.split("=", 1) for one in shlex.split(environment))
    service = compose()["services"]["convoai"]
    mounted = {one.split(":")[1]: one.split(":")[0] for one in service["volumes"]}
    assert set(mounted) == set(yaml.safe_load(volumes)) == {"/data", "/backups"}
    assert set(mounted.values()) == set(compose()["volumes"])
    for name in ("DATA_DIR", "BACKUP_DIR"):
        assert places[name] == service["environment"][name]
        assert places[name] in mounted


def test_container_is_reached_from_its_machine_alone() -> None:
    service = compose()["services"]["convoai"]
    (port,) = all_of("EXPOSE")
    assert service["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert service["environment"]["PORT"] == port
    assert service["build"] == "."


def test_commands_of_the_image_exist() -> None:
    (command,) = [yaml.safe_load(rest) for rest in all_of("CMD")]
    python, script, name, *arguments = command
    assert (python, script) == ("python", "manage.py")
    parser = load_command_class("convoai.operations", name).create_parser(script, name)
    assert parser.parse_args(arguments).host == "0.0.0.0"
    probe = re.search(r'"-m", "([a-z.]+)"', " ".join(all_of("HEALTHCHECK")))
    assert probe
    assert importlib.util.find_spec(probe[1]) is not None


def test_files_of_the_container_are_tracked() -> None:
    names = {short(path) for path in tracked_files()}
    assert {"Dockerfile", "compose.yaml", ".dockerignore"} <= names
    assert not Path(ROOT, "docker-compose.yml").exists()
