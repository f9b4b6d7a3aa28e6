"""From what an operator types to the path of a request, with ids of the user's own rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

from convoai.operations.explain.problem import ExplainProblem

METHOD = re.compile(r"([A-Z]+)\s+(.*)", re.DOTALL)
# Routes that answer 422 without a query.
ASKS = {"api/search": "q", "search": "q"}
NO_ROUTE = "No route is called that: `manage.py explain --list` lists the routes and named reads."


def all_routes(
    resolver: URLResolver | None = None, prefix: str = ""
) -> Iterator[tuple[str, str, URLPattern]]:
    """Route, name and pattern of every address, as written in the urls files."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from all_routes(entry, route)
        else:
            yield route, entry.name or "", entry


def reading_routes() -> list[tuple[str, str]]:
    """Route and name of every address of the API that can be read."""
    return [
        (f"/{route}", name)
        for route, name, pattern in all_routes()
        if route.startswith("api/") and _can_be_read(pattern)
    ]


def _can_be_read(pattern: URLPattern) -> bool:
    actions = getattr(pattern.callback, "actions", None)
    view = getattr(pattern.callback, "cls", None) or getattr(pattern.callback, "view_class", None)
    return "get" in (actions or ()) or (actions is None and hasattr(view, "get"))


def path_of(asked: str, user: Any, words: str) -> str:
    """The path to request for `GET /api/partners/<int:pk>`, `/api/partners/7?x=y` or `partner`.

    A missing id is that of the user's newest row. Raises ExplainProblem.
    """
    asked = asked.strip()
    if found := METHOD.fullmatch(asked):
        if found[1] not in {"GET", "HEAD"}:
            raise ExplainProblem(
                "Only what is read can be explained (GET): nothing may be written for it."
            )
        asked = found[2]
    route, mark, query = asked.partition("?")
    route = route.lstrip("/")
    if "<" not in route and "/" not in asked and mark == "":
        route = next((one for one, name, _ in all_routes() if name == asked), route)
    path = _filled(route, user) if "<" in route else f"/{route}"
    path = _with_known_slash(path)
    if not query and route.rstrip("/") in ASKS:
        query = f"{ASKS[route.rstrip('/')]}={quote(words)}"
    return f"{path}?{query}" if query else path


def _with_known_slash(path: str) -> str:
    for form in (path, path.rstrip("/") if path.endswith("/") else f"{path}/"):
        try:
            if resolve(form or "/").url_name != "not-found":
                return form or "/"
        except Resolver404:
            continue
    raise ExplainProblem(NO_ROUTE)


def _filled(route: str, user: Any) -> str:
    known = [one for one, _, _ in all_routes() if one.rstrip("/") == route.rstrip("/")]
    if not known:
        raise ExplainProblem(NO_ROUTE)
    before, mark, after = known[0].partition("<int:pk>")
    model = _model_of(f"{before}{mark}")
    if not mark or "<" in after or model is None:
        raise ExplainProblem("Give the path with its number, as in /api/partners/7.")
    row = model._default_manager.owned_by(user).order_by("-pk").only("pk").first()
    if row is None:
        raise ExplainProblem("The user has no row for this route: name another with --user EMAIL.")
    return f"/{before}{row.pk}{after}"


def _model_of(route: str) -> Any:
    """Whose number stands in a route: that of the rows that the route itself answers with."""
    for one, _, pattern in all_routes():
        if one == route:
            return getattr(getattr(pattern.callback, "cls", None), "model", None)
    return None
