"""The app `analysis`: no tables of its own; a check of what ANALYZER says."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    name = "convoai.analysis"
    label = "analysis"
    verbose_name = "Analysis"

    def ready(self) -> None:
        # It registers itself when imported.
        import_module(f"{self.name}.checks")
