"""The app `analysis`: the command that understands talks, and the jobs that do it later."""

from __future__ import annotations

from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    name = "convoai.analysis"
    label = "analysis"
    verbose_name = "Analysis"

    def ready(self) -> None:
        from django_q.signals import post_execute_in_worker

        from convoai.analysis.jobs import keep_one_sentence

        post_execute_in_worker.connect(keep_one_sentence)
