"""The page /admin/status/: one look at everything, made when it is opened."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg2
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from convoai.api.admin import Panel
from convoai.database.transactions import release_connection
from convoai.operations.doctor.examination import examine
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.server import Server, connected
from convoai.operations.figures import examine_pool, index_use, largest_tables
from convoai.operations.findings import Finding, Level, worst
from convoai.operations.statements.examination import slow_statements
from convoai.operations.statements.judging import shortened
from convoai.operations.statements.reading import Statement

# How many rows a panel shows.
SHOWN = 20
NOTHING = "–"


@admin.site.admin_view
@never_cache
@require_safe
def status_page(request: HttpRequest) -> TemplateResponse:
    """For every member of staff. Never holds people's words, nor passwords."""
    # The examination has a connection of its own, and takes a moment.
    release_connection()
    here = Installation(settings.DATABASES["default"])
    findings = [*examine(), examine_pool()]
    panels: list[Panel] = []
    try:
        with connected(here.database) as server:
            slow = slow_statements(server, here, limit=SHOWN)
            findings += slow.findings
            panels = [statement_panel(slow.source, slow.statements), *size_panels(server)]
    except psycopg2.Error:
        pass  # that the database is away is the first finding
    findings.sort(key=lambda one: -one.level)
    context = {
        **admin.site.each_context(request),
        "title": "Status",
        "level": worst(findings).word,
        "problems": finding_panel(
            "What wants attention", [one for one in findings if one.level >= Level.WARNING]
        ),
        "rest": finding_panel(
            "Remarks, and what is as it should be",
            [one for one in findings if one.level < Level.WARNING],
        ),
        "panels": panels,
    }
    return TemplateResponse(request, "admin/status.html", context)


def finding_panel(title: str, findings: list[Finding]) -> Panel:
    return Panel(
        f"{title} ({len(findings)})",
        ["", "What", "To do"],
        [[level(one), with_code(one.message), with_code(one.hint)] for one in findings],
    )


def statement_panel(source: str, statements: list[Statement]) -> Panel:
    return Panel(
        f"Statements that take the most time (from {source})",
        ["Share", "Calls", "Mean", "19 of 20", "Longest", "Route", "Statement"],
        [
            [
                f"{one.share:.1%}",
                f"{one.calls:,}",
                milliseconds(one.mean_ms),
                milliseconds(one.p95_ms),
                milliseconds(one.longest_ms),
                one.route or NOTHING,
                format_html("<code>{}</code>", shortened(one.statement)),
            ]
            for one in statements
        ],
    )


def size_panels(server: Server) -> Iterator[Panel]:
    """The largest tables and the indexes. Raises psycopg2.Error."""
    yield Panel(
        "Largest tables (rows as estimated)",
        ["Table", "Rows", "Dead rows", "Rows, MB", "Indexes, MB", "Texts kept aside, MB"],
        [
            [
                one.table,
                f"{one.rows:,}",
                f"{one.dead_rows:,}",
                megabytes(one.heap_bytes),
                megabytes(one.index_bytes),
                megabytes(one.toast_bytes),
            ]
            for one in largest_tables(server, limit=SHOWN)
        ],
    )
    yield Panel(
        "Indexes, the most used first",
        ["Index", "Table", "Asked", "MB", ""],
        [
            [
                one.name,
                one.table,
                f"{one.scans:,}",
                megabytes(one.size),
                "" if one.is_valid else "not valid",
            ]
            for one in index_use(server)
        ],
    )


def level(finding: Finding) -> SafeString:
    return format_html(
        '<span class="level {}" title="{}">{}</span>',
        finding.level.word,
        finding.id,
        finding.level.word,
    )


def with_code(text: str) -> SafeString:
    """A sentence whose `commands` are set as such."""
    parts = re.split(r"`([^`]*)`", text)
    pairs = zip(parts[::2], [*parts[1::2], None], strict=True)
    return format_html_join("", "{}{}", ((plain, as_code(code)) for plain, code in pairs))


def as_code(command: str | None) -> SafeString:
    return mark_safe("") if command is None else format_html("<code>{}</code>", command)


def milliseconds(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.1f} ms"


def megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f}"
