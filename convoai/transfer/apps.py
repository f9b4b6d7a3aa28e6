"""The app `transfer`: no tables of its own; its commands."""

from __future__ import annotations

from django.apps import AppConfig


class TransferConfig(AppConfig):
    name = "convoai.transfer"
    label = "transfer"
    verbose_name = "Transfer"
