"""Routes for those who run an installation."""

from django.urls import path

from convoai.operations.metrics.views import MetricsView
from convoai.operations.status.page import status_page

urlpatterns = [
    path("metrics", MetricsView.as_view(), name="metrics"),
    path("admin/status/", status_page, name="status"),
]
