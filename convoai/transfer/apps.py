"""The app `transfer`: commands and routes, no tables of its own."""

from __future__ import annotations

from django.apps import AppConfig


class TransferConfig(AppConfig):
    name = "convoai.transfer"
    label = "transfer"
    verbose_name = "Transfer"

    def ready(self) -> None:
        import convoai.transfer.archive.signals  # noqa: F401 - connects its receiver
