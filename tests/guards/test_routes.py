"""Every address declares who may call it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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
}
OWN_SIGN_IN = ("admin/",)
MOST_OPEN_API_ROUTES = 5


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


def permissions(pattern: URLPattern) -> list[Any] | None:
    """The permission classes that a route declares itself; None when it leans on the default."""
    given = getattr(pattern.callback, "initkwargs", {}).get("permission_classes")
    if given is not None:
        return list(given)
    declared = vars(view_class(pattern)).get("permission_classes")
    return None if declared is None else list(declared)


def api_routes() -> list[tuple[str, URLPattern]]:
    return [(path, pattern) for path, pattern in routes() if path.startswith("api/")]


def test_every_api_route_declares_who_may_call_it() -> None:
    assert api_routes()
    undeclared = [
        path
        for path, pattern in api_routes()
        if not (isinstance(view_class(pattern), type) and issubclass(view_class(pattern), APIView))
        or not permissions(pattern)
    ]
    assert not undeclared


def test_at_most_five_api_routes_are_open_to_anybody() -> None:
    open_routes = {
        path for path, pattern in api_routes() if AllowAny in (permissions(pattern) or [])
    }
    assert len(open_routes) <= MOST_OPEN_API_ROUTES, sorted(open_routes)


def test_every_other_route_is_known_to_be_open_or_declares_who_may_call_it() -> None:
    undeclared = [
        path
        for path, pattern in routes()
        if not path.startswith(("api/", *OWN_SIGN_IN))
        and path.removesuffix("/") not in {one.removesuffix("/") for one in OPEN}
        and not (view_class(pattern) and "permission_classes" in vars(view_class(pattern)))
    ]
    assert not undeclared
