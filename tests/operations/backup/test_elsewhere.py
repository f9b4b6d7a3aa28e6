"""A server over TCP with passwords and few rights, and programs of several versions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from convoai.database.addresses import parse_url
from convoai.database.binaries import installed_binaries
from convoai.operations.backup.making import make_backup
from convoai.operations.backup.programs import Programs, all_programs, choose, version_in
from convoai.operations.backup.restoring import apply
from convoai.operations.backup.server import Server
from convoai.operations.backup.verifying import verify_backup
from convoai.refusals import Refusal
from convoai.storage.folder import Folder
from tests.database.scratch import Remote, remote_server
from tests.operations.backup.backups import all_files, planned

DEBIAN = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    with remote_server() as server:
        yield server


def server_at(url: str) -> Server:
    settings = parse_url(url)
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST"}
    parameters = {name: settings[place] for name, place in names.items()}
    return Server({**parameters, "port": settings["PORT"], "sslmode": "prefer"}, settings)


def test_a_remote_server_is_filled_backed_up_and_verified(
    remote: Remote, backup: Path, tmp_path: Path
) -> None:
    server = server_at(remote.url())
    assert apply(planned(server, backup, tmp_path / "media", None)).wrong == []
    made = make_backup(server=server, media=Folder(tmp_path / "media"), to=tmp_path / "to")
    # As managed servers are at first: no right to make databases, no pgvector in new ones.
    with pytest.raises(Refusal, match="CREATEDB"):
        verify_backup(server=server, path=made.folder)
    remote.execute("ALTER ROLE alice CREATEDB")
    with pytest.raises(Refusal, match="CREATE EXTENSION vector"):
        verify_backup(server=server, path=made.folder)
    remote.execute("CREATE EXTENSION vector", name="template1")
    assert verify_backup(server=server, path=made.folder).problems == []


def test_a_role_that_may_not_read_all_gets_no_backup(remote: Remote, tmp_path: Path) -> None:
    remote.execute(
        "CREATE ROLE reader LOGIN PASSWORD 'wonder land'",
        "CREATE TABLE secrets AS SELECT 1",
        name="of_another",
    )
    server = server_at(remote.url(user="reader", name="of_another"))
    with pytest.raises(Refusal, match="permission denied for table secrets"):
        make_backup(server=server, media=Folder(tmp_path / "media"), to=tmp_path / "to")
    assert all_files(tmp_path / "to") == [".lock"]


def test_a_wrong_password_is_one_sentence(remote: Remote, tmp_path: Path) -> None:
    server = server_at(remote.url(password="wrong"))
    with pytest.raises(Refusal, match="password") as refused:
        make_backup(server=server, media=Folder(tmp_path / "media"), to=tmp_path / "to")
    assert "\n" not in refused.value.message


def test_no_secret_is_among_the_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "of convoai")
    monkeypatch.setenv("PGSSLROOTCERT", "/etc/ssl/ca.pem")
    server = server_at("postgresql://alice:wonder%20land@db.example.org:5433/ready")
    assert "wonder" not in server.address()
    assert "db.example.org" in server.address()
    environment = server.environment()
    assert environment["PGPASSWORD"] == "wonder land"
    assert environment["PGSSLROOTCERT"] == "/etc/ssl/ca.pem"
    assert "SECRET_KEY" not in environment


def programs(*versions: str) -> list[Programs]:
    return [Programs(Path("/", version), version) for version in versions]


def test_the_programs_of_the_servers_version_are_preferred() -> None:
    assert choose(programs("18.4", "17.2", "17.9"), server_major=17).version == "17.2"
    assert choose(programs("18.4", "15.1"), server_major=17).version == "18.4"
    assert choose(programs("18.4", "15.1", "16.3"), server_major=15).version == "15.1"
    # What made the dump must be able to be read.
    assert choose(programs("17.0", "18.4"), server_major=17, dump_major=18).version == "18.4"


def test_programs_that_do_not_fit_are_refused_with_what_to_install() -> None:
    with pytest.raises(Refusal, match=r"found: 15\.1, 17\.0.*postgresql-client-18"):
        choose(programs("17.0", "15.1"), server_major=18)
    # pg_restore 17 and newer send a setting that PostgreSQL 15 does not know.
    with pytest.raises(Refusal, match="postgresql-client-15"):
        choose(programs("18.4"), server_major=15)
    with pytest.raises(Refusal, match="PostgreSQL 17 or newer"):
        choose(programs("18.4", "15.1"), server_major=15, dump_major=18)


def test_bundled_programs_are_not_taken_where_ssl_is_required() -> None:
    bundled = installed_binaries()
    server = server_at("postgresql://alice@db.example.org/ready")
    assert bundled in {one.folder for one in all_programs(server)}
    strict = Server({**server.parameters, "sslmode": "verify-full"}, server.settings)
    assert bundled not in {one.folder for one in all_programs(strict)}


def test_the_version_of_programs_is_asked(tmp_path: Path) -> None:
    assert (version_in(installed_binaries()) or "").startswith("18.")
    assert version_in(tmp_path) is None


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="Debian's PostgreSQL 15 is not installed")
def test_debians_programs_are_found_beside_path() -> None:
    server = server_at("postgresql://alice@db.example.org/ready")
    found = list(all_programs(server))
    assert choose(found, server_major=15).folder == DEBIAN
