"""Routes of the service itself; the rooms' own routes are included in convoai.urls."""

from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView

from convoai.api.documents import redoc_page, swagger_page
from convoai.api.health import HealthView, ReadyView

urlpatterns = [
    path("health", HealthView.as_view(), name="health"),
    path("health/live", HealthView.as_view(), name="health-live"),
    path("health/ready", ReadyView.as_view(), name="health-ready"),
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="schema"),
    path("docs", swagger_page, name="docs"),
    path("redoc", redoc_page, name="redoc"),
]
