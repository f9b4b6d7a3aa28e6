"""Making a bundled PostgreSQL: its folder, its configuration, its role and database."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from convoai.database.binaries import installed_binaries, run_program, server_locale
from convoai.database.place import DATABASE, PORT, ROLE, Place
from convoai.database.problems import DatabaseProblem
from convoai.database.server_user import ServerUser, make_passable, require_name, user_for

# The superuser. convoai itself works as ROLE, which may not pass by row-level security.
SUPERUSER = "postgres"
CONFIGURATION = "convoai.conf"
MAX_CONNECTIONS = 200


def make_home(place: Place) -> ServerUser | None:
    """Make the private folder of the cluster and of its socket; return as whom to run."""
    user = user_for(place.home)
    _make_private(place.home, user)
    if place.socket_dir != place.home:
        _make_private(place.socket_dir, user)
    return user


def make_cluster(place: Place, user: ServerUser | None) -> None:
    """Run initdb unless the cluster exists. A half-made one never gets the final name."""
    for abandoned in place.home.glob("new-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    if (place.cluster / "PG_VERSION").exists():
        _require_same_version(place)
        return
    if user is None:
        require_name()
    draft = Path(tempfile.mkdtemp(dir=place.home, prefix="new-"))
    if user is not None:
        os.chown(draft, user.uid, user.gid)
    result = run_program(
        "initdb",
        f"--pgdata={draft}",
        f"--username={SUPERUSER}",
        "--auth=peer",
        "--encoding=UTF8",
        f"--locale={server_locale()}",
        # Lower-casing and caseless matching for every script, the same on every machine.
        "--locale-provider=builtin",
        "--builtin-locale=PG_UNICODE_FAST",
        "--data-checksums",
        cwd=place.home,
        user=user,
    )
    if result.returncode:
        raise DatabaseProblem(
            f"The bundled PostgreSQL could not be made in {place.home}: {_last_line(result.stderr)}"
        )
    with (draft / "postgresql.conf").open("a") as file:
        file.write(f"\ninclude '{CONFIGURATION}'\n")
    draft.rename(place.cluster)


def write_configuration(place: Place, user: ServerUser | None) -> None:
    """Write convoai's own settings and who may connect, anew at each start: folders move."""
    folder = str(place.socket_dir).replace('"', '""').replace("'", "''")
    write_file(
        place.cluster / CONFIGURATION,
        user,
        f"""# Written by convoai at each start. Change settings with ALTER SYSTEM instead.
listen_addresses = ''
port = {PORT}
unix_socket_directories = '"{folder}"'
unix_socket_permissions = 0700
max_connections = {MAX_CONNECTIONS}
cluster_name = 'convoai'
timezone = 'UTC'
log_timezone = 'UTC'
# Values are part of the statements, details and messages of an error: none of them is logged,
# because they are what people said. The one who sent the statement gets them all.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
""",
    )
    owner = user.name if user else require_name()
    # Replication has a line of its own, so that pg_basebackup can copy the cluster.
    write_file(
        place.cluster / "pg_hba.conf",
        user,
        "local all all peer map=convoai\nlocal replication all peer map=convoai\n",
    )
    write_file(
        place.cluster / "pg_ident.conf",
        user,
        "".join(
            f'convoai "{system}" {role}\n'
            for system in sorted({owner, "root"})
            for role in (SUPERUSER, ROLE)
        ),
    )


def prepare(place: Place) -> None:
    """Make the role, the extension and the database where they are missing. Needs it running."""
    with as_superuser(place, "template1") as cursor:
        # In the template, because only a superuser may: each new database, also those of tests,
        # has it, and convoai's role needs no right for it.
        cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE])
        if not cursor.rowcount:
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(sql.Identifier(ROLE)))
            cursor.execute(
                sql.SQL("GRANT pg_monitor, pg_signal_backend TO {}").format(sql.Identifier(ROLE))
            )
    with as_superuser(place, SUPERUSER) as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE])
        if not cursor.rowcount:
            cursor.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(DATABASE), sql.Identifier(ROLE)
                )
            )
    place.prepared.touch()


@contextmanager
def as_superuser(place: Place, database: str) -> Iterator[Any]:
    """A cursor of the superuser in autocommit, closed with its connection."""
    connection = psycopg2.connect(
        host=str(place.socket_dir), port=PORT, user=SUPERUSER, dbname=database
    )
    try:
        # CREATE DATABASE refuses to run in a transaction.
        connection.autocommit = True
        yield connection.cursor()
    finally:
        connection.close()


def _make_private(folder: Path, user: ServerUser | None) -> None:
    try:
        # Only the last folder is private: the server's user has to get there.
        make_passable(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise DatabaseProblem(
            f"The folder {folder} cannot be made ({error.strerror}): set DATA_DIR to a folder you "
            "may write."
        ) from error
    status = folder.lstat()
    uid = os.geteuid() if user is None else user.uid
    if user is not None and status.st_uid == 0:
        os.chown(folder, user.uid, user.gid, follow_symlinks=False)
    elif status.st_uid != uid:
        raise DatabaseProblem(
            f"The folder {folder} belongs to user id {status.st_uid}: run convoai as that user, "
            "or set DATA_DIR to another folder."
        )
    if status.st_mode & 0o077:
        folder.chmod(0o700)


def _require_same_version(place: Place) -> None:
    made = (place.cluster / "PG_VERSION").read_text().strip()
    bundled = installed_binaries().parent.name.removeprefix("pginstall")
    if made != bundled:
        raise DatabaseProblem(
            f"The data in {place.cluster} was made by PostgreSQL {made}, and {bundled} is "
            "installed: install the older package again, save the data with pg_dump, and restore "
            "it into a new DATA_DIR."
        )


def write_file(path: Path, user: ServerUser | None, text: str) -> None:
    """Replace a file of the server, at once and as its user's; root follows no link there."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    # Never through a link: root writes here into a folder of another user.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(draft, flags, 0o600), "w") as file:
        file.write(text)
        if user is not None:
            os.fchown(file.fileno(), user.uid, user.gid)
    draft.rename(path)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it gave no reason"
