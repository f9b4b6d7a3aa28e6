"""Signing in and out in a browser."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from convoai.accounts.forms import SignInForm


class SignInView(LoginView):
    template_name = "accounts/login.html"
    authentication_form = SignInForm

    def get_default_redirect_url(self) -> str:
        """Staff go on to the admin, everybody else to LOGIN_REDIRECT_URL."""
        if getattr(self.request.user, "is_staff", False):
            return reverse("admin:index")
        return super().get_default_redirect_url()


class SignOutView(LogoutView):
    """Asks on GET, since a foreign page can make a browser fetch any address."""

    http_method_names = ["get", "post", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return render(request, "accounts/logout.html")
