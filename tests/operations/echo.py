"""A small WSGI application that stands in for convoai where only the web server is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with the body's length; the address /fault raises."""
    if environ["PATH_INFO"] == "/fault":
        raise ValueError("a fault of the application")
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(len(body)).encode()]
