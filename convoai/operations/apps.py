"""The app `operations`: commands that run and look after an installation."""

from __future__ import annotations

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "convoai.operations"
    label = "operations"
    verbose_name = "Operations"

    def ready(self) -> None:
        from django_q.signals import post_spawn, pre_execute

        from convoai.operations import checks  # noqa: F401 - registers them
        from convoai.operations.backup.schedule import follow_setting
        from convoai.operations.erasures.schedule import keep_copying
        from convoai.operations.partitions.schedule import follow_layout
        from convoai.operations.statements.recording import name_job, start_for_command

        post_spawn.connect(follow_setting)
        post_spawn.connect(follow_layout)
        post_spawn.connect(keep_copying)
        pre_execute.connect(name_job)
        start_for_command()
