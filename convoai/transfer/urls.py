"""Routes of data in and out, mounted under /api/."""

from django.urls import path

from convoai.transfer.archive.views import ExportViewSet
from convoai.transfer.transcripts.views import TranscriptViewSet

urlpatterns = [
    path("export", ExportViewSet.as_view({"get": "list"}), name="export"),
    path("export/<int:pk>", ExportViewSet.as_view({"get": "retrieve"}), name="export-order"),
    path(
        "conversations/transcript",
        TranscriptViewSet.as_view({"post": "create"}),
        name="import-transcript",
    ),
]
