"""Debian's PgBouncer in front of the suite's own server, and Django led through it."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import environ
import psycopg2
from django.db import connection

from convoai.database.backend.pools import dispose_pools
from convoai.database.configuration import database_settings
from convoai.database.place import find_place
from convoai.database.server_user import user_for
from tests.database.scratch import poll, scratch_folder
from tests.operations.servers import free_port

PROGRAM = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
# Connections to PostgreSQL, however many clients there are.
SERVER_CONNECTIONS = 2
CONFIGURATION = """
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
admin_users = convoai
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = 100
query_wait_timeout = 20
"""


@dataclass(frozen=True)
class Bouncer:
    """A running PgBouncer and the server behind it."""

    port: int
    host: str
    server_port: str
    user: str

    def url(self, name: str) -> str:
        """The address through it."""
        return f"postgresql://{self.user}@127.0.0.1:{self.port}/{name}"

    def direct_url(self, name: str) -> str:
        return f"postgresql://{self.user}@{self.host.replace('/', '%2F')}:{self.server_port}/{name}"

    def entry(self, name: str, **variables: str) -> dict[str, Any]:
        """DATABASES["default"] as a deployment with this pooler has it."""

        class Environment(environ.Env):
            ENVIRON = {
                "DATABASE_URL": self.url(name),
                "DATABASE_DIRECT_URL": self.direct_url(name),
                "DB_POOLER": "transaction",
                **variables,
            }

        return database_settings(Environment(), Path("/nowhere"), command=False)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """What its console answers."""
        console = psycopg2.connect(self.url("pgbouncer"))
        console.autocommit = True
        try:
            with console.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall())
        finally:
            console.close()


@contextmanager
def bouncer(data_dir: Path, *, mode: str = "transaction") -> Iterator[Bouncer]:
    """Start PgBouncer in front of the bundled server of `data_dir`, as the server's user."""
    place = find_place(data_dir)
    user = user_for(place.home)
    settings = connection.settings_dict
    found = Bouncer(free_port(), str(place.socket_dir), str(settings["PORT"]), settings["USER"])
    with scratch_folder() as folder:
        configuration = folder / "pgbouncer.ini"
        configuration.write_text(
            CONFIGURATION.format(
                host=found.host,
                port=found.server_port,
                user=found.user,
                listen=found.port,
                mode=mode,
                size=SERVER_CONNECTIONS,
            )
        )
        configuration.chmod(0o644)
        process = subprocess.Popen(
            [str(PROGRAM), "--quiet", str(configuration)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        )
        try:
            poll(lambda: listens(found.port) or process.poll() is not None)
            assert process.poll() is None, "PgBouncer did not start"
            yield found
        finally:
            process.kill()
            process.wait()


@contextmanager
def led_through(pooler: Bouncer, **variables: str) -> Iterator[None]:
    """Django's connections of this process go through the pooler, with these settings."""
    settings = connection.settings_dict
    before = dict(settings)
    name = str(settings["NAME"])
    connection.close()
    settings.update(pooler.entry(name, **variables))
    settings.pop("BUNDLED_DATA_DIR", None)
    try:
        yield
    finally:
        connection.close()
        dispose_pools()
        settings.clear()
        settings.update(before)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
