"""Routes of partners, mounted under /api/."""

from typing import Any

from django.urls import path

from partners.views import PartnerFaceViewSet, PartnerImageViewSet, PartnerViewSet

COLLECTION: dict[str, Any] = {"get": "list", "post": "create"}
ONE: dict[str, Any] = {"get": "retrieve", "put": "update", "patch": "update", "delete": "destroy"}

urlpatterns = [
    path("partners/", PartnerViewSet.as_view(COLLECTION), name="partners"),
    path("partners/<int:pk>", PartnerViewSet.as_view(ONE), name="partner"),
    path(
        "partners/create-with-image",
        PartnerImageViewSet.as_view({"post": "create"}),
        name="partner-with-image",
    ),
    path(
        "partners/<int:pk>/upload-image",
        PartnerImageViewSet.as_view({"post": "upload"}),
        name="partner-upload-image",
    ),
    path(
        "partners/<int:pk>/image",
        PartnerImageViewSet.as_view({"get": "image"}),
        name="partner-image",
    ),
    path(
        "partners/<int:pk>/embedding",
        PartnerFaceViewSet.as_view({"put": "update", "delete": "destroy"}),
        name="partner-embedding",
    ),
    path(
        "partners/match-embedding",
        PartnerFaceViewSet.as_view({"post": "match"}),
        name="partner-match-embedding",
    ),
]
