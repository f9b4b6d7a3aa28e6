"""Routes of briefings, mounted under /api/."""

from django.urls import path

from convoai.briefing.views import SuggestionsViewSet

urlpatterns = [
    path(
        "suggestions/<int:pk>",
        SuggestionsViewSet.as_view({"get": "retrieve"}),
        name="suggestions",
    ),
]
