"""Every address declares who may call it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

# Pages and probes that anybody may open, and the admin, which has a sign-in of its own.
OPEN = {
    "",
    "accounts/login/",
    "accounts/logout/",
    "docs",
    "favicon.ico",
    "health",
    "health/live",
    "health/ready",
    "openapi.json",
    "redoc",
    "<path:anything>",  # 404 for whatever no route answers
}
OWN_SIGN_IN = ("admin/",)
MOST_OPEN_API_ROUTES = 5
OUR_PACKAGES = {"convoai", "conversations", "partners"}


def routes(
    resolver: URLResolver | None = None, prefix: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """Every address of the project, as it is written in the urls files, with its pattern."""
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern).lstrip("^").removesuffix("$").removesuffix(r"\Z")
        if isinstance(entry, URLResolver):
            yield from routes(entry, path)
        else:
            yield path, entry


def view_class(pattern: URLPattern) -> Any:
    """The class behind a class-based view, of Django or of the REST framework; else None."""
    return getattr(pattern.callback, "cls", None) or getattr(pattern.callback, "view_class", None)


def permissions(pattern: URLPattern) -> list[Any]:
    """The permission classes a route declares: in its urls file, or in a class of the project.

    The framework's own default does not count: it would also apply to a view nobody thought about.
    """
    given = getattr(pattern.callback, "initkwargs", {}).get("permission_classes")
    if given is not None:
        return list(given)
    for base in getattr(view_class(pattern), "__mro__", ()):
        if "permission_classes" in vars(base) and base.__module__.split(".")[0] in OUR_PACKAGES:
            return list(vars(base)["permission_classes"])
    return []


def api_routes() -> list[tuple[str, URLPattern]]:
    return [(path, pattern) for path, pattern in routes() if path.startswith("api/")]


def test_every_api_route_declares_who_may_call_it() -> None:
    assert api_routes()
    undeclared = [
        path
        for path, pattern in api_routes()
        if not issubclass(view_class(pattern) or object, APIView) or not permissions(pattern)
    ]
    assert not undeclared


def test_at_most_five_api_routes_are_open_to_anybody() -> None:
    open_routes = {path for path, pattern in api_routes() if AllowAny in permissions(pattern)}
    assert len(open_routes) <= MOST_OPEN_API_ROUTES, sorted(open_routes)


def wants_sign_in(pattern: URLPattern) -> bool:
    """Whether a page sends whoever is not signed in to the sign-in page."""
    return issubclass(view_class(pattern) or object, LoginRequiredMixin)


def test_every_other_route_is_known_to_be_open_or_declares_who_may_call_it() -> None:
    undeclared = [
        path
        for path, pattern in routes()
        if not path.startswith(("api/", *OWN_SIGN_IN))
        and path.removesuffix("/") not in {one.removesuffix("/") for one in OPEN}
        and not permissions(pattern)
        and not wants_sign_in(pattern)
    ]
    assert not undeclared
