"""Every route of convoai."""

from django.contrib import admin
from django.urls import include, path, re_path

from convoai.web import views
from convoai.web.search_page import SearchPage

urlpatterns = [
    path("", views.root, name="root"),
    path("search", SearchPage.as_view(), name="search-page"),
    path("", include("convoai.api.urls")),
    path("", include("convoai.operations.urls")),
    path("api/auth/", include("convoai.accounts.urls")),
    path("api/", include("partners.urls")),
    path("api/", include("conversations.urls")),
    path("api/", include("convoai.analysis.urls")),
    path("api/", include("convoai.briefing.urls")),
    path("api/", include("convoai.search.urls")),
    path("api/", include("convoai.transfer.urls")),
    path("accounts/", include("convoai.accounts.page_urls")),
    path("admin/", admin.site.urls),
    # Last: whatever no route answers is 404 as JSON, also with DEBUG on.
    re_path("", views.not_found, name="not-found"),
]

handler400 = views.bad_request
handler403 = views.permission_denied
handler404 = views.not_found
handler500 = views.server_error
