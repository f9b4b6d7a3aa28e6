"""The app `transfer`: data in and out; commands, no tables."""

from __future__ import annotations

from django.apps import AppConfig


class TransferConfig(AppConfig):
    name = "convoai.transfer"
    label = "transfer"
    verbose_name = "Transfer"
