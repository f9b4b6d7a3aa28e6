from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "convoai.accounts"
    label = "accounts"
    verbose_name = "Accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # They register themselves when imported.
        for module in ("checks", "known_devices", "schema"):
            import_module(f"{self.name}.{module}")
