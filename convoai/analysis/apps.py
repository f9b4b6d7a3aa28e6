"""The app `analysis`: the command that understands talks, and the jobs that do it later."""

from __future__ import annotations

from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    name = "convoai.analysis"
    label = "analysis"
    verbose_name = "Analysis"
