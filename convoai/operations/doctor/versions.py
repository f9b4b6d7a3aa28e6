"""Server, pgvector, driver and migrations."""

from __future__ import annotations

from collections.abc import Iterator

import django
import psycopg2
from django.db.migrations.loader import MigrationLoader

from convoai.database.driver import PSYCOPG3_SENTENCE, psycopg3_is_importable
from convoai.database.extensions import MINIMUM_SERVER, MINIMUM_VECTOR, is_too_old
from convoai.operations.doctor.installation import Installation
from convoai.operations.doctor.server import Server
from convoai.operations.findings import Finding, error, ok, warning


def examine_versions(server: Server, here: Installation) -> Iterator[Finding]:
    version, number = server.row(
        "SELECT current_setting('server_version'), current_setting('server_version_num')::int"
    )
    if number // 10_000 < MINIMUM_SERVER:
        yield error(
            "versions.server",
            f"The server runs PostgreSQL {version}; convoai needs {MINIMUM_SERVER} or newer.",
            "Upgrade it (`pg_upgradecluster` on Debian), or point DATABASE_URL at a newer server.",
            version=version,
        )
    else:
        yield ok("versions.server", f"PostgreSQL {version}.", version=version)
    yield _vector(server, here, number // 10_000)
    driver = psycopg2.__version__.split()[0]
    if psycopg3_is_importable():
        what, _, fix = PSYCOPG3_SENTENCE.partition(": ")
        yield error("versions.driver", f"{what}.", fix.capitalize(), version=driver)
    else:
        libpq = str(psycopg2.extensions.libpq_version() // 10_000)
        yield ok(
            "versions.driver",
            f"psycopg2 {driver} on libpq {libpq}, Django {django.__version__}.",
            version=driver,
            libpq=libpq,
            django=django.__version__,
        )


def _vector(server: Server, here: Installation, major: int) -> Finding:
    wanted = ".".join(map(str, MINIMUM_VECTOR))
    installed, available = server.row(
        "SELECT (SELECT extversion FROM pg_extension WHERE extname = 'vector'),"
        " (SELECT default_version FROM pg_available_extensions WHERE name = 'vector')"
    )
    figures = {"installed": installed, "available": available}
    if installed is None and available is None:
        return error(
            "versions.pgvector",
            "The server lacks pgvector.",
            f"Install {wanted} or newer on the server (Debian: `sudo apt install "
            f"postgresql-{major}-pgvector`), then run `manage.py migrate`.",
            **figures,
        )
    if installed is None:
        return error(
            "versions.pgvector",
            "The extension vector is not in this database.",
            here.administrator_sql("CREATE EXTENSION vector"),
            **figures,
        )
    if is_too_old(installed):
        return error(
            "versions.pgvector",
            f"The extension vector has version {installed}; convoai needs {wanted} or newer.",
            "Install a newer pgvector on the server, then "
            + here.administrator_sql("ALTER EXTENSION vector UPDATE"),
            **figures,
        )
    if available and available != installed:
        return warning(
            "versions.pgvector",
            f"The database uses pgvector {installed}, and the server has {available}.",
            here.administrator_sql("ALTER EXTENSION vector UPDATE"),
            **figures,
        )
    return ok("versions.pgvector", f"pgvector {installed}.", **figures)


def examine_migrations(server: Server, here: Installation) -> Iterator[Finding]:
    known = MigrationLoader(None).disk_migrations or {}
    if server.row("SELECT to_regclass('django_migrations')")[0] is None:
        yield error("migrations.missing", "The database is empty.", "Run `manage.py migrate`.")
        return
    applied = set(server.rows("SELECT app, name FROM django_migrations"))
    missing = sorted(set(known) - applied)
    rooms = {app for app, _ in known}
    unknown = sorted(one for one in applied - set(known) if one[0] in rooms)
    if missing:
        yield error(
            "migrations.missing",
            f"{len(missing)} migrations are missing.",
            "Run `manage.py migrate`.",
            missing=[".".join(one) for one in missing],
        )
    if unknown:
        yield warning(
            "migrations.unknown",
            f"The database has {len(unknown)} migrations that this version of convoai does not "
            "know: it was set up by a newer one.",
            "Run that newer version, or restore a backup made before it.",
            unknown=[".".join(one) for one in unknown],
        )
    if not missing and not unknown:
        yield ok("migrations.missing", f"All {len(known)} migrations are applied.")
