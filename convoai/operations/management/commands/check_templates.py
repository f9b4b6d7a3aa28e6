"""manage.py check_templates: compile every template of the project, as `make lint` does."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from convoai.operations.template_check import broken_templates, project_templates


class Command(BaseCommand):
    help = "Compile every template of the project and name those that do not compile."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        names = project_templates()
        broken = broken_templates(names)
        if broken:
            raise CommandError("\n".join(broken))
        self.stdout.write(f"{len(names)} templates compile.")
