"""Routes for those who run an installation."""

from django.urls import path

from convoai.operations.metrics.views import MetricsView

urlpatterns = [path("metrics", MetricsView.as_view(), name="metrics")]
