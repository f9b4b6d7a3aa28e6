"""manage.py check_templates finds what does not compile."""

from __future__ import annotations

from pathlib import Path

from pytest_django import Settings

from convoai.operations.template_check import broken_templates, project_templates


def test_broken_template_is_named(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "broken.html").write_text("{% if %}")
    (tmp_path / "templates" / "sound.html").write_text("{{ words }}")
    settings.BASE_DIR = tmp_path
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path / "templates"]}]
    assert project_templates() == ["broken.html", "sound.html"]
    [line] = broken_templates(project_templates())
    assert line.startswith("broken.html: ")


def test_projects_own_templates_are_looked_at() -> None:
    assert "base.html" in project_templates()
