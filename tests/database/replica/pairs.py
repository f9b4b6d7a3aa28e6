"""A primary and a streaming replica of it, real and of their own, and Django working with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import environ
import psycopg2
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import override_settings

from convoai.database.addresses import parse_url
from convoai.database.backend.pools import dispose_pools
from convoai.database.binaries import run_program
from convoai.database.cluster import (
    SUPERUSER,
    make_cluster,
    make_home,
    prepare,
    write_configuration,
)
from convoai.database.configuration import replica_settings
from convoai.database.place import DATABASE, PORT, ROLE, Place, find_place
from convoai.database.postmaster import find_postmaster
from convoai.database.replica.watch import watch
from convoai.database.server_user import ServerUser
from tests.database.scratch import poll, scratch_folder

# A query of the replica that stands in the way of a change gives in at once.
OPTIONS = (
    "-c fsync=off -c max_standby_streaming_delay=50ms "
    "-c wal_receiver_status_interval=1s -c wal_retrieve_retry_interval=100ms"
)
MIDDLEWARE = [
    "convoai.accounts.own_writes.OwnWritesMiddleware",
    "convoai.database.replica.middleware.ReplicaMiddleware",
]
ROUTERS = ["convoai.database.replica.router.ReplicaRouter"]


@dataclass(frozen=True)
class Server:
    """One of the two, each as convoai's bundled PostgreSQL is set up."""

    place: Place
    user: ServerUser | None

    @property
    def url(self) -> str:
        host = str(self.place.socket_dir).replace("/", "%2F")
        return f"postgresql://{ROLE}@{host}:{PORT}/{DATABASE}"

    def start(self) -> None:
        self._control("start", "--log", self.place.log, "--options", OPTIONS)

    @property
    def is_running(self) -> bool:
        return find_postmaster(self.place) is not None

    def kill(self) -> None:
        """End it at once, as a loss of power does."""
        if self.is_running:
            self._control("stop", "--mode=immediate")

    def value(self, query: str, database: str = DATABASE) -> Any:
        """What a query says to the superuser; each is a transaction of its own."""
        host = str(self.place.socket_dir)
        found = psycopg2.connect(host=host, port=PORT, user=SUPERUSER, dbname=database)
        try:
            found.autocommit = True
            with found.cursor() as cursor:
                try:
                    cursor.execute(query)
                except psycopg2.errors.SerializationFailure:
                    # It was in the way of a change on the replica.
                    cursor.execute(query)
                return cursor.fetchone()[0] if cursor.description else None
        finally:
            found.close()

    def _control(self, *arguments: str | Path) -> None:
        result = run_program(
            "pg_ctl",
            *arguments,
            "--wait",
            "--pgdata",
            self.place.cluster,
            cwd=self.place.home,
            user=self.user,
        )
        assert result.returncode == 0, self.place.log.read_text()


@dataclass(frozen=True)
class Pair:
    primary: Server
    replica: Server

    def pause(self) -> None:
        """The replica still receives, and shows nothing new."""
        self.catch_up()
        self.replica.value("SELECT pg_wal_replay_pause()")
        state = "SELECT pg_get_wal_replay_pause_state()"
        poll(lambda: self.replica.value(state) == "paused")

    def resume(self) -> None:
        if self.replica.value("SELECT pg_is_wal_replay_paused()"):
            self.replica.value("SELECT pg_wal_replay_resume()")

    def catch_up(self) -> None:
        """Return when the replica shows all that the primary has."""
        self.resume()
        here = self.primary.value("SELECT pg_current_wal_flush_lsn()")
        query = f"SELECT pg_last_wal_replay_lsn() >= '{here}'::pg_lsn"
        # What is flushed may end in the middle of a record, whose rest an idle server keeps back.
        self.primary.value("SELECT pg_log_standby_snapshot()")
        # Long: a replica that lost its primary is a while in coming back to a busy machine.
        poll(lambda: bool(self.replica.value(query)), seconds=60)


@contextmanager
def streaming_pair() -> Iterator[Pair]:
    """A migrated, empty primary, and a replica that `pg_basebackup` made of it."""
    with scratch_folder() as one, scratch_folder() as other:
        primary = _made(one)
        make_cluster(primary.place, primary.user)
        write_configuration(primary.place, primary.user)
        primary.start()
        try:
            prepare(primary.place)
            with working_with(primary.url):
                call_command("migrate", verbosity=0)
            replica = _copied(primary, _made(other))
            replica.start()
            try:
                yield Pair(primary, replica)
            finally:
                replica.kill()
        finally:
            primary.kill()


def _made(folder: Path) -> Server:
    place = find_place(folder)
    return Server(place, make_home(place))


def _copied(primary: Server, replica: Server) -> Server:
    result = run_program(
        "pg_basebackup",
        f"--host={primary.place.socket_dir}",
        f"--port={PORT}",
        f"--username={SUPERUSER}",
        f"--pgdata={replica.place.cluster}",
        "--write-recovery-conf",
        "--create-slot",
        "--slot=replica",
        "--checkpoint=fast",
        "--no-sync",
        cwd=replica.place.home,
        user=replica.user,
    )
    assert result.returncode == 0, result.stderr
    write_configuration(replica.place, replica.user)
    return replica


@contextmanager
def working_with(primary: str, replica: str | None = None) -> Iterator[None]:
    """Django works with these addresses in place of the suite's database, as settings.py would."""
    entries, wrapper = connections.settings, connections["default"]
    # Back into its pool, which is closed when another server takes its place.
    wrapper.close()
    before = dict(entries)
    entries["default"] = _elsewhere(before["default"], primary)
    entries.pop("replica", None)
    changed: dict[str, Any] = {}
    if replica is not None:
        reader = type("Reader", (environ.Env,), {"ENVIRON": {"DATABASE_REPLICA_URL": replica}})()
        entries |= replica_settings(reader, command=False)
        changed = {
            "MIDDLEWARE": [*settings.MIDDLEWARE, *MIDDLEWARE],
            "DATABASE_ROUTERS": ROUTERS,
        }
    connections.configure_settings(entries)
    connections["default"] = connections.create_connection("default")
    watch.forget()
    try:
        with override_settings(**changed):
            yield
    finally:
        for alias in entries:
            connections[alias].close()
            del connections[alias]
        dispose_pools()
        entries.clear()
        entries.update(before)
        connections["default"] = wrapper
        watch.forget()


def _elsewhere(entry: dict[str, Any], url: str) -> dict[str, Any]:
    """A DATABASES entry with another address."""
    moved = {**entry, **parse_url(url)}
    moved["OPTIONS"] = {**entry["OPTIONS"], **moved["OPTIONS"]}
    moved.pop("BUNDLED_DATA_DIR", None)
    return moved
