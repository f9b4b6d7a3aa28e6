"""Routes of analysing, mounted under /api/."""

from typing import Any

from django.urls import path

from convoai.analysis.job_views import JobViewSet
from convoai.analysis.views import AnalysisViewSet, PartnerAnalysisViewSet

ONE: dict[str, Any] = {"post": "analyze"}
CHOSEN: dict[str, Any] = {"post": "analyze_chosen"}
ALL: dict[str, Any] = {"post": "analyze_all"}

urlpatterns = [
    path("conversations/<int:pk>/analyze", AnalysisViewSet.as_view(ONE), name="analyze"),
    path(
        "profiles/analyze-conversation",
        AnalysisViewSet.as_view(CHOSEN),
        name="analyze-conversation",
    ),
    path("profiles/<int:pk>/analyze-all", PartnerAnalysisViewSet.as_view(ALL), name="analyze-all"),
    path("jobs/<int:pk>", JobViewSet.as_view({"get": "retrieve"}), name="job"),
]
