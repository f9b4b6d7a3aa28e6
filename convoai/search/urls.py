"""Routes of search, mounted under /api/."""

from typing import Any

from django.urls import path

from convoai.search.views import SearchView, SimilarViewSet

READ: dict[str, Any] = {"get": "retrieve"}

urlpatterns = [
    path("search", SearchView.as_view(), name="search"),
    path("conversations/<int:pk>/similar", SimilarViewSet.as_view(READ), name="similar"),
]
