"""What convoai itself needs: embedder, analyzer, background worker."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured

from convoai.database.queue import HEARTBEAT, SILENCE, is_signed_by_us
from convoai.embedding.choice import OFFLINE, embedder
from convoai.embedding.embedder import EmbeddingFailed
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.server import Server
from convoai.operations.findings import Finding, error, info, ok, warning

CONFIGURATION = "docs/configuration.md has examples."
# Up to so many messages they are counted: the planner may not have looked since they came.
FEW_MESSAGES = 20_000
COUNTED = """
SELECT embedding_model, count(*) / sum(count(*)) OVER ()
FROM (SELECT embedding_model FROM messages LIMIT %s) AS first GROUP BY 1
"""
# Shares of the messages, as the planner knows them: counting a million takes seconds.
MODELS = """
SELECT null_frac, coalesce(most_common_vals::text::text[], '{}'), most_common_freqs
FROM pg_stats WHERE tablename = 'messages' AND attname = 'embedding_model'
    AND schemaname = coalesce(current_schema(), 'public')
"""
# Below this share of messages without a fitting vector, the worker is simply on its way.
FEW = 0.05
QUEUE = """
SELECT (SELECT extract(epoch FROM now() - max(lock))::bigint FROM django_q_ormq WHERE key = %s),
       count(*) FILTER (WHERE key <> %s),
       extract(epoch FROM now() - min(lock) FILTER (WHERE key <> %s))::bigint,
       (SELECT payload FROM django_q_ormq WHERE key = %s ORDER BY lock DESC LIMIT 1)
FROM django_q_ormq
"""


def examine_embedder(checks: list[CheckMessage]) -> Iterator[Finding]:
    yield from _refused("embedder.choice", checks, "embedding.")
    name = settings.EMBEDDER
    try:
        chosen = embedder()
    except ImproperlyConfigured:
        return  # said by the check
    if chosen is None:
        yield info("embedder.choice", "Search goes by words alone: EMBEDDER is none.")
    elif name == OFFLINE:
        # Loaded for real: that it is installed does not say that its data is whole.
        try:
            size = len(chosen.embed(["hello"])[0])
        except EmbeddingFailed as problem:
            yield error(
                "embedder.works",
                f"The embedder {name} cannot be loaded: {problem}.",
                "Run `pip install -r requirements.txt` again, or set EMBEDDER=none.",
            )
            return
        yield ok("embedder.works", f"The embedder {name} makes vectors of {size}.", dimensions=size)
    else:
        yield ok("embedder.choice", f"The embedder is {name}; it was not asked.", embedder=name)


def examine_vectors(server: Server, here: Installation) -> Iterator[Finding]:
    """How many messages have vectors of the embedder in use; only these are found by meaning."""
    try:
        chosen = embedder()
    except ImproperlyConfigured:
        return  # said by the check
    known = model_shares(server)
    if chosen is None or not known:
        return
    share = known.get(chosen.name, 0.0)
    figures = {"model": chosen.name, "share": share, "without": known.pop(None, 0.0)}
    figures["others"] = known
    if share >= 1 - FEW:
        yield ok("embedder.vectors", f"{share:.0%} of the messages have its vectors.", **figures)
    else:
        yield warning(
            "embedder.vectors",
            f"Only {share:.0%} of the messages have vectors of {chosen.name}; the others are not "
            "found by meaning.",
            "Run `manage.py embed`; the background worker does it, too.",
            **figures,
        )


def model_shares(server: Server) -> dict[str | None, float]:
    """Model -> its share of the messages (None: those without); empty when there is none."""
    estimate = server.row("SELECT reltuples FROM pg_class WHERE oid = 'messages'::regclass")[0]
    if estimate <= FEW_MESSAGES:
        return {model: float(share) for model, share in server.rows(COUNTED, FEW_MESSAGES)}
    statistics = server.rows(MODELS)
    if not statistics:
        return {}
    without, names, shares = statistics[0]
    return {None: without, **dict(zip(names, shares or [], strict=False))}


def examine_analyzer(checks: list[CheckMessage]) -> Iterator[Finding]:
    refused = list(_refused("analyzer.choice", checks, "analysis."))
    yield from refused
    if refused:
        return
    if settings.ANALYZER == "offline":
        yield ok("analyzer.choice", "Talks are read offline, by rules.")
    else:
        fallback = settings.ANALYZER_FALLBACK or "none"
        yield ok(
            "analyzer.choice",
            f"Talks are read by {settings.ANALYZER} (when it fails: {fallback}); it was not asked.",
            analyzer=settings.ANALYZER,
            fallback=fallback,
        )


def _refused(name: str, checks: list[CheckMessage], prefix: str) -> Iterator[Finding]:
    for message in checks:
        if str(message.id).startswith(prefix):
            yield error(name, message.msg, message.hint or CONFIGURATION, check=str(message.id))


def examine_worker(server: Server, here: Installation) -> Iterator[Finding]:
    silent, jobs, oldest, sign = server.row(QUEUE, *[HEARTBEAT] * 4)
    runs = silent is not None and timedelta(seconds=silent) < SILENCE
    figures = {"silent_seconds": silent, "jobs": jobs, "oldest_seconds": oldest}
    if runs and sign and not is_signed_by_us(sign):
        yield error(
            "worker.key",
            "A worker runs with another SECRET_KEY: jobs from here wait for ever, and sessions of "
            "one machine do not count on another.",
            "Set the same SECRET_KEY on all machines, and start them again.",
            **figures,
        )
    elif runs:
        yield ok("worker.runs", f"A background worker runs; {jobs} jobs wait.", **figures)
    elif jobs:
        yield warning(
            "worker.runs",
            f"No background worker runs, and {jobs} jobs wait.",
            "Run `manage.py qcluster` (`manage.py serve` starts one, too).",
            **figures,
        )
    else:
        yield info(
            "worker.runs",
            "No background worker runs.",
            "`manage.py serve` starts one; without it, `manage.py qcluster`.",
            **figures,
        )
