"""What each process counts. Imported only when /metrics is on: it makes files."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram, values

from convoai.operations.metrics.folder import share_counts

share_counts()
# The library looks for the folder when it is imported, which may have been before.
values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]

LABELS = ["method", "route"]
# Seconds. From a look-up by id to the slowest that a statement may be.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

requests = Counter(
    "convoai_requests", "Requests answered, by method, route and status.", [*LABELS, "status"]
)
seconds = Histogram(
    "convoai_request_seconds", "Seconds until the answer began.", LABELS, buckets=BUCKETS
)
under_way = Gauge(
    "convoai_requests_under_way",
    "Requests that are being answered now.",
    multiprocess_mode="livesum",
)
pool = Gauge(
    "convoai_pool_connections",
    "Database connections of all web processes: idle, in_use, and the limit.",
    ["state"],
    multiprocess_mode="livesum",
)
