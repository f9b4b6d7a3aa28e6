"""What PostgreSQL and its driver say about a wrong set-up, and what convoai says instead.

Pattern -> sentence. Patterns are words, because a refused connection carries no SQLSTATE; `{…}` are
filled from the settings and from the named groups of the pattern.
"""

from __future__ import annotations

Sentences = tuple[tuple[str, str], ...]

# While connecting, or when the connection is lost.
CONNECTING: Sentences = (
    (
        r'password authentication failed for user "(?P<role>[^"]*)"',
        "The server at {where} refuses the user {role} with this password: correct user and "
        "password in DATABASE_URL (special characters as %XX), or set the password in psql with "
        "`ALTER ROLE \"{role}\" PASSWORD '…'`.",
    ),
    (
        r"no password supplied",
        "The server at {where} wants a password and DATABASE_URL gives none: write it as "
        "postgresql://{user}:PASSWORD@…",
    ),
    (
        r'role "(?P<role>[^"]*)" does not exist',
        "The server at {where} has no user {role}: correct it in DATABASE_URL, or run "
        "`createuser {at} --pwprompt {role}` as its administrator.",
    ),
    (
        r'role "(?P<role>[^"]*)" is not permitted to log in',
        'The user {role} may not log in at {where}: run `ALTER ROLE "{role}" LOGIN` in psql.',
    ),
    (
        r'database "(?P<database>[^"]*)" does not exist',
        "The server at {where} has no database {name}: correct the name in DATABASE_URL, or run "
        "`createdb {at} --owner={user} {name}` as its administrator.",
    ),
    (
        r"no pg_hba\.conf entry .*(SSL off|no encryption)",
        "The server at {where} does not let {user} in without encryption: add ?sslmode=require to "
        "DATABASE_URL, or a line for this machine to its pg_hba.conf.",
    ),
    (
        r"no pg_hba\.conf entry",
        "The server at {where} does not let {user} into {name} from this machine: add a line for "
        "it to its pg_hba.conf and reload it.",
    ),
    (
        r"(Peer|Ident) authentication failed",
        "The server at {where} lets {user} in only as the system user of that name: name a host "
        "and a password in DATABASE_URL, or run convoai as that user.",
    ),
    (
        r"could not translate host name|Name or service not known|nodename nor servname",
        "The host {host} is unknown: correct the host in DATABASE_URL.",
    ),
    (
        r"server does not support SSL",
        "The server at {where} refuses SSL, which DATABASE_URL demands: turn SSL on in its "
        "postgresql.conf, or write ?sslmode=prefer in a network you trust.",
    ),
    (
        r"root certificate file|certificate verify failed|server certificate for|SSL error",
        "The certificate of the server at {where} cannot be verified: name its authority's file "
        "in DATABASE_URL with ?sslmode=verify-full&sslrootcert=/path/root.crt, and the host as "
        "the certificate does.",
    ),
    (
        r"invalid (sslmode|channel_binding|gssencmode|target_session_attrs) value|"
        r"invalid (integer )?value .* for connection option|invalid connection option|"
        r"invalid dsn|invalid port number|could not parse|is out of range",
        "DATABASE_URL holds a parameter that PostgreSQL does not know or cannot use ({said}): "
        "correct the part after the question mark.",
    ),
    (
        r"unsupported startup parameter",
        "A connection pooler at {where} refuses settings sent with a connection: set "
        "DB_POOLER=transaction, and DATABASE_DIRECT_URL to the address of PostgreSQL itself.",
    ),
    (
        r"query_wait_timeout",
        "The pooler at {where} had no free connection to PostgreSQL for too long: raise its "
        "default_pool_size, or find with `manage.py doctor` what holds them.",
    ),
    (
        r"no more connections allowed|max_client_conn",
        "The pooler at {where} takes no more clients: raise its max_client_conn, or lower "
        "DB_POOL_SIZE and DB_MAX_OVERFLOW.",
    ),
    (
        r"No such file or directory|is the server running locally",
        "No PostgreSQL listens in the folder {host}: correct the socket folder in DATABASE_URL, "
        "or start that server.",
    ),
    (
        r"Connection refused",
        "No PostgreSQL answers at {where}: correct host and port in DATABASE_URL, or start that "
        "server.",
    ),
    (
        r"timeout expired|timed out|No route to host|Network is unreachable",
        "The server at {where} cannot be reached: correct host and port in DATABASE_URL, or open "
        "the way through the firewall.",
    ),
    (
        r"too many (clients|connections)|remaining connection slots",
        "The server at {where} has no connection left: close some, lower DB_POOL_SIZE and "
        "DB_MAX_OVERFLOW, or raise max_connections on the server.",
    ),
    (
        r"the database system is (starting up|shutting down|in recovery mode)",
        "The server at {where} is starting or stopping: try again in a moment.",
    ),
    (
        r"Permission denied",
        "The socket in {host} may not be used by this system user: run convoai as the user who "
        "started that server, or set DATA_DIR to a folder of yours.",
    ),
    (
        r"server closed the connection|connection already closed|terminating connection",
        "The server at {where} closed the connection in the middle of the work: see its log, then "
        "run the command again.",
    ),
)

# About a statement.
WORKING: Sentences = (
    (
        r'extension "vector" is not available|could not open extension control file.*vector',
        "The server at {where} lacks pgvector, which convoai needs (0.7 or newer): install it "
        "there (Debian: `apt install postgresql-NN-pgvector`), then run `manage.py migrate`.",
    ),
    (
        r"permission denied to create extension",
        "The user {user} may not create the extension vector: let an administrator run "
        "`psql {at} --dbname={name} --command='CREATE EXTENSION vector'` once, then run "
        "`manage.py migrate`.",
    ),
    (
        r"permission denied for (schema|database)",
        "The user {user} may not create tables in {name}: let an administrator run "
        "`psql {at} --dbname={name} --command='GRANT CREATE, USAGE ON SCHEMA public TO "
        '"{user}"\'`, then try again.',
    ),
    (
        r"(permission denied for|must be owner of) (?P<what>\w+ \S+)",
        "The user {user} lacks a right on {what} in {name}: use the user who ran "
        "`manage.py migrate`, or let an administrator grant it, as `manage.py doctor` says.",
    ),
)
