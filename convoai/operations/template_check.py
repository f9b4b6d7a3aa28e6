"""The project's templates, and which of them do not compile."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import get_template


def project_templates() -> list[str]:
    """Return the names of all templates in templates/ and in the folders of the project's apps."""
    base = Path(settings.BASE_DIR)
    rooms = (Path(app.path) for app in apps.get_app_configs())
    # An installed app may lie below the project too, in .venv.
    ours = [room for room in rooms if room.parent in {base, base / "convoai"}]
    return sorted(
        path.relative_to(root).as_posix()
        for root in [base / "templates", *(room / "templates" for room in ours)]
        for path in root.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    )


def broken_templates(names: Iterable[str]) -> list[str]:
    """Return one line, name and reason, for each of these templates that does not compile."""
    broken = []
    for name in names:
        try:
            get_template(name)
        except (TemplateSyntaxError, TemplateDoesNotExist, UnicodeDecodeError) as error:
            broken.append(f"{name}: {error}")
    return broken
