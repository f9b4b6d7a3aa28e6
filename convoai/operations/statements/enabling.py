"""Where the figures come from, and the exact steps to the server's own where it keeps none."""

from __future__ import annotations

from convoai.operations.doctor.installation import Installation, quoted
from convoai.operations.doctor.server import Server
from convoai.operations.findings import Finding, info, ok
from convoai.operations.statements.reading import VIEW, has_statistics

CREATE = f"CREATE EXTENSION IF NOT EXISTS {VIEW}"
# What a managed server's address ends with: its provider, and the switch there.
PROVIDERS = (
    (
        ".rds.amazonaws.com",
        "Amazon RDS and Aurora: if it is not loaded, add pg_stat_statements to "
        "shared_preload_libraries in the instance's (Aurora: cluster's) parameter group and reboot",
    ),
    (
        ".postgres.database.azure.com",
        "Azure: Server parameters, azure.extensions: tick PG_STAT_STATEMENTS; "
        "shared_preload_libraries: tick it, too (restart); pg_stat_statements.track: TOP",
    ),
    (
        ".supabase.co",
        "Supabase: Database, Extensions, pg_stat_statements: on",
    ),
    (
        ".supabase.com",
        "Supabase: Database, Extensions, pg_stat_statements: on",
    ),
    (
        ".neon.tech",
        "Neon: run the command in the SQL Editor; its figures begin anew each time the compute "
        "has been suspended",
    ),
)
# Its address is a number, so it cannot be told by name.
CLOUD_SQL = "Google Cloud SQL loads it already: only the command is needed, as the user postgres"


def examine_source(server: Server, here: Installation, *, own: bool = False) -> Finding:
    """Which figures can be had, and how to have the server's. `own`: ours are asked for."""
    if has_statistics(server):
        if own:
            return ok("statements.source", "From convoai's own record, as asked.")
        since = _reset_at(server)
        return ok(
            "statements.source",
            f"From the server's {VIEW}{f', since {since}' if since else ''}: everything that was "
            "run in this database.",
        )
    steps = _steps(server, here)
    return info(
        "statements.source",
        "From convoai's own record: its web requests, jobs and commands, seen from convoai. "
        f"{steps[0]}",
        steps[1],
    )


def _reset_at(server: Server) -> str:
    if not server.row("SELECT to_regclass('pg_stat_statements_info') IS NOT NULL")[0]:
        return ""
    return str(
        server.row(
            "SELECT to_char(stats_reset, 'YYYY-MM-DD HH24:MI') FROM pg_stat_statements_info"
        )[0]
        or ""
    )


def _steps(server: Server, here: Installation) -> tuple[str, str]:
    """Why the server's figures are missing, and what to do."""
    # The library's own setting, which there is once it is loaded: the list of libraries is hidden
    # from ordinary roles.
    is_loaded = server.setting(f"{VIEW}.max") is not None
    made = server.row("SELECT to_regclass(%s) IS NOT NULL", VIEW)[0]
    available = server.row("SELECT count(*) FROM pg_available_extensions WHERE name = %s", VIEW)[0]
    if not available:
        if here.is_bundled:
            return (
                f"The bundled PostgreSQL comes without {VIEW}.",
                "Nothing to do: the own record is enough to find what is slow.",
            )
        return (
            f"The server has no {VIEW} to load.",
            "Install it on the server (Debian and Ubuntu: it is in the package postgresql-NN; Red "
            "Hat: postgresql-contrib), then ask again.",
        )
    create = here.administrator_sql(CREATE, f"GRANT pg_read_all_stats TO {quoted(here.role)}")
    if made and is_loaded:
        return (
            f"The user {here.role} may not read {VIEW}.",
            here.administrator_sql(
                f"GRANT pg_read_all_stats TO {quoted(here.role)}",
                f"GRANT SELECT ON {VIEW} TO {quoted(here.role)}",
            ),
        )
    if is_loaded:
        return f"{VIEW} is loaded, and only has to be made visible.", create
    for ending, switch in PROVIDERS:
        if here.host.endswith(ending):
            return f"{VIEW} can be switched on.", f"{switch}; then {create}."
    known = server.setting("shared_preload_libraries")
    # Each in quotes of its own: as one text they would be one library, and the server not start.
    names = [name.strip(' "') for name in (known or "").split(",") if name.strip()]
    libraries = ", ".join(f"'{name}'" for name in (*names, VIEW))
    load = here.change_setting("shared_preload_libraries", libraries, restart=True)
    if known is None:
        show = here.administrator_sql("SHOW shared_preload_libraries")
        load = f"Name with it what {show} tells: {load}"
    managed = "" if here.is_bundled or here.is_local else f" {CLOUD_SQL}: {create}."
    return (
        f"{VIEW} can be loaded, which needs a restart of the server.",
        f"{load}; then {create}.{managed}",
    )
