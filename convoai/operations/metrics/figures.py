"""What the database can tell at the moment it is asked: jobs, sizes, connections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg2
from django.db import Error, connection
from prometheus_client.core import GaugeMetricFamily

from convoai.database.queue import HEARTBEAT, SILENCE
from convoai.database.transactions import statement_timeout
from convoai.operations.doctor.server import Server
from convoai.operations.doctor.tables import TABLES
from convoai.operations.figures import largest_tables

# Seconds that one scrape may keep the database busy with one question.
PATIENCE = 2.0
# A job whose lock lies ahead was taken by a worker; the heartbeat is no job.
JOBS = """
SELECT count(*) FILTER (WHERE key <> %s AND lock <= now()),
       count(*) FILTER (WHERE key <> %s AND lock > now()),
       count(*) FILTER (WHERE key = %s AND lock > now() - %s),
       (SELECT count(*) FROM django_q_task WHERE NOT success),
       extract(epoch FROM now() - min(lock) FILTER (WHERE key <> %s AND lock <= now()))
FROM django_q_ormq
"""
CONNECTIONS = """
SELECT coalesce(state, 'unknown'), count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' GROUP BY 1
"""


class DatabaseFigures:
    """A collector of prometheus_client. A database that is away is a figure, not an error."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        up = GaugeMetricFamily("convoai_database_up", "Whether the database answers.")
        try:
            with statement_timeout(PATIENCE):
                found = [*job_figures(), *size_figures(), *connection_figures()]
        except (Error, psycopg2.Error):
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from found


def job_figures() -> Iterator[GaugeMetricFamily]:
    names = (HEARTBEAT, HEARTBEAT, HEARTBEAT, SILENCE, HEARTBEAT)
    ((waiting, running, beats, failed, oldest),) = rows(JOBS, *names)
    jobs = GaugeMetricFamily("convoai_jobs", "Background jobs by state.", labels=["state"])
    for state, count in (("waiting", waiting), ("running", running), ("failed", failed)):
        jobs.add_metric([state], count)
    yield jobs
    yield GaugeMetricFamily(
        "convoai_job_oldest_seconds", "How long the oldest job waits.", value=float(oldest or 0)
    )
    yield GaugeMetricFamily(
        "convoai_worker_up", "Whether a worker shows signs of life.", value=min(beats, 1)
    )


def size_figures() -> Iterator[GaugeMetricFamily]:
    ((total,),) = rows("SELECT pg_database_size(current_database())")
    yield GaugeMetricFamily("convoai_database_bytes", "Size of the database.", value=total)
    size = GaugeMetricFamily(
        "convoai_table_bytes", "Size of a table with its indexes.", labels=["table"]
    )
    count = GaugeMetricFamily(
        "convoai_table_rows", "Rows of a table, as the last ANALYZE left them.", labels=["table"]
    )
    # Each with its partitions; there are a few dozen tables in all.
    for one in largest_tables(Server(connection.connection), limit=1_000):
        if one.table in TABLES:
            size.add_metric([one.table], one.total_bytes)
            count.add_metric([one.table], one.rows)
    yield from (size, count)


def connection_figures() -> Iterator[GaugeMetricFamily]:
    found = GaugeMetricFamily(
        "convoai_database_connections", "Connections of anybody to it.", labels=["state"]
    )
    for state, number in sorted(rows(CONNECTIONS)):
        found.add_metric([state], number)
    yield found
    ((limit,),) = rows("SELECT current_setting('max_connections')::int")
    yield GaugeMetricFamily(
        "convoai_database_connections_limit", "max_connections of the server.", value=limit
    )


def rows(query: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)
        return list(cursor.fetchall())
