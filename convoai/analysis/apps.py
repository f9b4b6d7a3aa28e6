"""The app `analysis`: no tables of its own; a command, jobs, and a check of what ANALYZER says."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    name = "convoai.analysis"
    label = "analysis"
    verbose_name = "Analysis"

    def ready(self) -> None:
        from django_q.signals import post_execute_in_worker

        from convoai.analysis.work import settle

        post_execute_in_worker.connect(settle)
        # It registers itself when imported.
        import_module(f"{self.name}.checks")
