"""Why the database cannot be reached: each cause by its name, with the command that mends it."""

from __future__ import annotations

import re
from collections.abc import Callable

import psycopg2

from convoai.database.problems import connection_sentence
from convoai.operations.doctor.installation import Installation, quoted
from convoai.operations.findings import Finding, error

Hint = Callable[[Installation], str]


def unreachable(problem: psycopg2.Error, here: Installation) -> Finding:
    """The finding for an error while connecting. The message never holds the password."""
    what, _, fix = connection_sentence(problem, here.database).partition(": ")
    said = str(problem)
    for name, pattern, hint in CAUSES:
        if re.search(pattern, said, re.IGNORECASE):
            return error(f"database.{name}", f"{what}.", hint(here) or _capital(fix))
    return error("database.unreachable", f"{what}.", _capital(fix))


def _start(here: Installation) -> str:
    if here.data_dir is not None:
        return _start_bundled()
    if here.is_local:
        return (
            f"Start it: `sudo systemctl start postgresql`, and see `pg_isready --host={here.host} "
            f"--port={here.port}`; or correct host and port in DATABASE_URL (`pg_lsclusters` "
            "lists them on Debian)."
        )
    return (
        f"On {here.host}: `sudo systemctl start postgresql`, and let it listen to others "
        "(`listen_addresses = '*'` in postgresql.conf); or correct host and port in DATABASE_URL. "
        f"`pg_isready --host={here.host} --port={here.port}` tells when it answers."
    )


def _start_bundled() -> str:
    return "Run `manage.py database start`; `manage.py database logs` says why it cannot."


def _password(here: Installation) -> str:
    # \password asks for it, so that it stands in no history and no list of processes.
    change = here.administrator_sql(f"\\password {quoted(here.role)}", database="postgres")
    return (
        f"Correct user and password in DATABASE_URL (special characters as %XX), or set it: "
        f"{change}."
    )


def _role(here: Installation) -> str:
    return _remake(here) or f"Correct the user in DATABASE_URL, or run {here.set_up()}."


def _database(here: Installation) -> str:
    return _remake(here) or f"Correct the name in DATABASE_URL, or run {here.set_up()}."


def _remake(here: Installation) -> str:
    return "Run `manage.py migrate`, which makes it anew." if here.is_bundled else ""


def _without_ssl(here: Installation) -> str:
    return (
        f"{here.change_setting('ssl', 'on')} (with server.crt and server.key in its data folder); "
        f"or, in a network you trust, DATABASE_URL={here.address(sslmode='prefer')}."
    )


def _unverified(here: Installation) -> str:
    trusted = here.address(sslmode="verify-full", sslrootcert="/path/root.crt")
    return (
        f"Name its authority's file, and the host as the certificate does: DATABASE_URL={trusted}. "
        f"`openssl s_client -starttls postgres -connect {here.host}:{here.port}` shows the "
        "certificate."
    )


def _with_ssl(here: Installation) -> str:
    return f"Encrypt: DATABASE_URL={here.address(sslmode='require')}."


def _general(here: Installation) -> str:
    return ""


# The name of the cause, what the server or the driver says, and the hint ("" = the usual one).
CAUSES: tuple[tuple[str, str, Hint], ...] = (
    ("password", r"password authentication failed|no password supplied", _password),
    ("role_missing", r'role "[^"]*" does not exist', _role),
    (
        "role_may_not_log_in",
        r"is not permitted to log in",
        lambda here: here.administrator_sql(f"ALTER ROLE {quoted(here.role)} LOGIN"),
    ),
    ("missing", r'database "[^"]*" does not exist', _database),
    (
        "connect_right",
        r"permission denied for database",
        lambda here: here.administrator_sql(
            f"GRANT CONNECT ON DATABASE {quoted(here.name)} TO {quoted(here.role)}"
        ),
    ),
    ("ssl_demanded", r"no pg_hba\.conf entry .*(SSL off|no encryption)", _with_ssl),
    ("not_let_in", r"no pg_hba\.conf entry|(Peer|Ident) authentication failed", _general),
    ("host_unknown", r"could not translate host name|Name or service not known|nodename", _general),
    ("ssl_refused", r"server does not support SSL", _without_ssl),
    (
        "ssl_unverified",
        r"root certificate file|certificate verify failed|server certificate for|SSL error",
        _unverified,
    ),
    ("refused", r"Connection refused|No such file or directory|is the server running", _start),
    ("timeout", r"timeout expired|timed out|No route to host|Network is unreachable", _general),
    ("full", r"too many (clients|connections)|remaining connection slots", _general),
    ("starting", r"the database system is (starting up|shutting down|in recovery)", _general),
    ("socket", r"Permission denied", _general),
)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
