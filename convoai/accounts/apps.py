from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig

from convoai.database.reading import is_replica_set


class AccountsConfig(AppConfig):
    name = "convoai.accounts"
    label = "accounts"
    verbose_name = "Accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # They register themselves when imported.
        for module in ("checks", "known_devices", "schema"):
            import_module(f"{self.name}.{module}")
        if is_replica_set():
            from django_q.signals import post_execute_in_worker

            from convoai.accounts.own_writes import note_job

            post_execute_in_worker.connect(note_job)
