"""Routes of briefings, mounted under /api/."""

from typing import Any

from django.urls import path

from convoai.briefing.history import FactHistoryViewSet
from convoai.briefing.views import BriefingViewSet, ProfileViewSet, SuggestionsViewSet

READ: dict[str, Any] = {"get": "retrieve"}
INSIGHTS: dict[str, Any] = {"get": "insights"}

urlpatterns = [
    path("suggestions/<int:pk>", SuggestionsViewSet.as_view(READ), name="suggestions"),
    path("profiles/<int:pk>", ProfileViewSet.as_view(READ), name="profile"),
    path("profiles/<int:pk>/insights", ProfileViewSet.as_view(INSIGHTS), name="insights"),
    path("partners/<int:pk>/briefing", BriefingViewSet.as_view(READ), name="briefing"),
    path("facts/history", FactHistoryViewSet.as_view({"get": "list"}), name="fact-history"),
]
