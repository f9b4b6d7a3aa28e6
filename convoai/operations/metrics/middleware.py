"""Counts requests while /metrics is on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.core.signals import request_finished
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from convoai.database.backend.pools import pool_figures

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class MetricsMiddleware:
    """The outermost one, so that it also counts what the others refuse.

    Labels are routes as they stand in the urls files, never addresses: there are only so many
    of them, and an address holds ids and people's words.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.METRICS_TOKEN:
            raise MiddlewareNotUsed
        from convoai.operations.metrics import counts

        self.counts = counts
        request_finished.connect(self.tell_of_pool)
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        counts, began = self.counts, time.perf_counter()
        counts.under_way.inc()
        try:
            response = self.get_response(request)
        finally:
            counts.under_way.dec()
        method = request.method if request.method in METHODS else "other"
        route = route_of(request)
        counts.seconds.labels(method, route).observe(time.perf_counter() - began)
        counts.requests.labels(method, route, response.status_code).inc()
        return response

    def tell_of_pool(self, **_signal: Any) -> None:
        """Called when a request has ended and given its connection back."""
        figures = pool_figures("default")
        if figures is not None:
            for state, value in figures._asdict().items():
                self.counts.pool.labels(state).set(value)


def route_of(request: HttpRequest) -> str:
    """`/api/partners/<int:pk>`; `other` for an address that no view answers."""
    match = request.resolver_match
    if match is None or match.url_name == "not-found":
        return "other"
    return f"/{match.route}"
