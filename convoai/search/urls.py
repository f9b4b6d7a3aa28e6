"""Routes of search, mounted under /api/."""

from django.urls import path

from convoai.search.views import SearchView

urlpatterns = [path("search", SearchView.as_view(), name="search")]
