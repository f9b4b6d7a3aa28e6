"""Routes of data in and out, mounted under /api/."""

from django.urls import path

from convoai.transfer.transcripts.views import TranscriptViewSet

urlpatterns = [
    path(
        "conversations/transcript",
        TranscriptViewSet.as_view({"post": "create"}),
        name="import-transcript",
    ),
]
