"""Mounted under /accounts/."""

from __future__ import annotations

from django.urls import path

from convoai.accounts import pages

app_name = "accounts"

urlpatterns = [
    path("login/", pages.SignInView.as_view(), name="login"),
    path("logout/", pages.SignOutView.as_view(), name="logout"),
]
