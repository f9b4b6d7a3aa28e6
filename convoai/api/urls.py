"""Routes of the service itself; the rooms' own routes are included in convoai.urls."""

from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView

from convoai.api.documents import redoc_page, swagger_page
from convoai.api.health import HealthView, ReadyView
from convoai.api.outside_services import OutsideServiceView, PingView

urlpatterns = [
    path("health", HealthView.as_view(), name="health"),
    path("health/live", HealthView.as_view(), name="health-live"),
    path("health/ready", ReadyView.as_view(), name="health-ready"),
    path(
        "api/search/health",
        OutsideServiceView.as_view(
            service="gemini_search", capabilities=["web_search", "thinking", "streaming"]
        ),
        name="web-search-health",
    ),
    path(
        "api/calls/health",
        OutsideServiceView.as_view(
            service="vapi_calls",
            capabilities=["outbound_calls", "ai_assistant", "transcription"],
        ),
        name="calls-health",
    ),
    path("api/calls/ping/pong", PingView.as_view(), name="calls-ping"),
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="schema"),
    path("docs", swagger_page, name="docs"),
    path("redoc", redoc_page, name="redoc"),
]
