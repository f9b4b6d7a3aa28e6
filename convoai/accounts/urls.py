"""Mounted under /api/auth/."""

from __future__ import annotations

from django.urls import path

from convoai.accounts import views

app_name = "auth"

urlpatterns = [
    path("login", views.LoginView.as_view(), name="login"),
    path("logout", views.LogoutView.as_view(), name="logout"),
    path("logout-all", views.LogoutAllView.as_view(), name="logout-all"),
    path("me", views.MeView.as_view(), name="me"),
    path("keys", views.ApiKeyViewSet.as_view({"get": "list", "post": "create"}), name="keys"),
    path("keys/<int:pk>", views.ApiKeyViewSet.as_view({"delete": "destroy"}), name="key"),
]
