"""Each wrong set-up, tried for real, ends in one sentence and exit code 1."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg2
import pytest
from django.db import DataError

from convoai.database.checks import check_driver
from convoai.database.extensions import require_server
from convoai.database.problems import DatabaseProblem, connection_sentence, sentence_for
from tests.database.scratch import Remote, manage

MIGRATE = ("migrate", "--verbosity=0")


def refused(url: str, sentence: str, *command: str, **variables: str) -> None:
    """Run a command with this address; it must say one sentence and nothing else."""
    result = manage(*(command or MIGRATE), DATABASE_URL=url, **variables)
    assert result.returncode == 1, result.stdout + result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert re.search(sentence, result.stderr), result.stderr
    assert "wonder" not in result.stdout + result.stderr


def test_a_wrong_password(remote: Remote) -> None:
    refused(remote.url(password="wonder"), r"refuses the user alice .*correct user and password")


def test_a_wrong_user(remote: Remote) -> None:
    refused(remote.url(user="mallory"), r"refuses the user mallory .*correct user and password")


def test_a_user_who_may_not_log_in(remote: Remote) -> None:
    refused(remote.url(user="sleeper"), r'user sleeper may not log in.*ALTER ROLE "sleeper" LOGIN')


def test_a_missing_password(remote: Remote) -> None:
    refused(remote.url().replace(":wonder%20land", ""), r"wants a password")


def test_a_wrong_host() -> None:
    refused("postgresql://a:b@no-such-host.invalid/c", r"host no-such-host\.invalid is unknown")


def test_a_wrong_port() -> None:
    refused("postgresql://a:b@127.0.0.1:1/c", r"No PostgreSQL answers at 127\.0\.0\.1:1: correct")


def test_a_wrong_socket_folder() -> None:
    refused("postgresql://a@%2Fnowhere/c", r"No PostgreSQL listens in the folder /nowhere")


def test_a_missing_database(remote: Remote) -> None:
    refused(
        remote.url(name="absent"),
        rf"no database absent.*createdb --host=127\.0\.0\.1 --port={remote.port} --owner=alice",
    )


def test_a_server_without_pgvector(remote: Remote) -> None:
    refused(remote.url(name="without_pgvector"), r"lacks pgvector.*apt install postgresql-NN-pg")


def test_no_right_to_create_the_extension(remote: Remote) -> None:
    refused(
        remote.url(name="without_right"),
        r"alice may not create the extension vector.*psql .*CREATE EXTENSION vector",
    )


def test_no_right_to_create_tables(remote: Remote) -> None:
    refused(remote.url(name="of_another"), r"may not create tables in of_another.*GRANT CREATE")


def test_an_old_pgvector(remote: Remote) -> None:
    refused(remote.url(name="outdated"), r"vector has version 0\.6\.2.*ALTER EXTENSION vector")


def test_ssl_demanded_of_a_server_without(remote: Remote) -> None:
    refused(f"{remote.url()}?sslmode=require", r"refuses SSL.*sslmode=prefer")


def test_a_missing_root_certificate(remote: Remote) -> None:
    refused(
        f"{remote.url()}?sslmode=verify-full&sslrootcert=/nowhere.crt",
        r"/nowhere\.crt does not exist",
    )


@pytest.mark.parametrize("query", ["sslmode=perhaps", "no_such_parameter=1", "connect_timeout=x"])
def test_a_wrong_parameter(remote: Remote, query: str) -> None:
    refused(f"{remote.url()}?{query}", r"holds a parameter that PostgreSQL does not know or cannot")


def test_a_duckdb_file() -> None:
    refused("duckdb:///old.duckdb", r"DuckDB file.*import_duckdb")


def test_a_sqlite_file() -> None:
    refused("sqlite:///db.sqlite3", r"PostgreSQL only")


@pytest.mark.parametrize("command", ["runserver", "loaddata", "shell", "serve"])
def test_other_commands_say_the_same(command: str) -> None:
    arguments = {"loaddata": ["demo"], "shell": ["-c", "pass"]}.get(command, [])
    refused("postgresql://a:b@127.0.0.1:1/c", r"No PostgreSQL answers at", command, *arguments)


def test_psycopg_3_beside_psycopg2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "psycopg").mkdir()
    (tmp_path / "psycopg" / "__init__.py").touch()
    refused(
        "postgresql://a:b@127.0.0.1:1/c",
        r"psycopg \(version 3\).*pip uninstall psycopg",
        PYTHONPATH=str(tmp_path),
    )
    assert check_driver() == []
    monkeypatch.syspath_prepend(tmp_path)
    assert [message.id for message in check_driver()] == ["database.E001"]


def test_a_server_that_is_right_is_set_up_by_its_owner_alone(remote: Remote) -> None:
    """The extension is there already, so that alice needs no right for it."""
    result = manage("migrate", "database", "--verbosity=0", DATABASE_URL=remote.url())
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("arguments", [["help"], ["migrate", "--help"], ["check"]])
def test_what_needs_no_database_asks_none(arguments: list[str]) -> None:
    result = manage(*arguments, DATABASE_URL="postgresql://a:b@127.0.0.1:1/c")
    assert result.returncode == 0, result.stderr


def test_an_unknown_error_keeps_its_traceback(remote: Remote) -> None:
    result = manage("shell", "-c", "1/0", DATABASE_URL=remote.url())
    assert result.returncode == 1
    assert "Traceback" in result.stderr
    assert "ZeroDivisionError" in result.stderr


def test_an_old_server_is_refused() -> None:
    class Cursor:
        def __enter__(self) -> Cursor:
            return self

        def __exit__(self, *_: object) -> None: ...

        def execute(self, query: str) -> None: ...

        def fetchone(self) -> tuple[str]:
            return ("140011",)

    class Old:
        def cursor(self) -> Cursor:
            return Cursor()

    with pytest.raises(DatabaseProblem, match="runs PostgreSQL 14, and convoai needs 15 or newer"):
        require_server(Old())


def test_a_dropped_bundled_database_is_made_again(shared: Path) -> None:
    variables = {"DATA_DIR": str(shared)}
    drop = ("--", "--dbname=postgres", "-c", "DROP DATABASE conversation_ai")
    assert manage("database", "shell", *drop, **variables).returncode == 0
    result = manage("migrate", "database", "--verbosity=0", **variables)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    "said",
    [
        'value "99999999999" is out of range for type integer',
        "could not open file: No such file or directory",
    ],
)
def test_an_error_of_a_statement_is_not_taken_for_a_wrong_address(said: str) -> None:
    class StatementError(psycopg2.Error):
        pgcode = "22003"

    error = DataError(said)
    error.__cause__ = StatementError(said)
    assert sentence_for(error, {}) is None


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ('no pg_hba.conf entry for host "1.2.3.4", user "a", no encryption', "sslmode=require"),
        ('no pg_hba.conf entry for host "1.2.3.4", SSL encryption', "add a line for it"),
        ("SSL error: certificate verify failed", "sslmode=verify-full&sslrootcert="),
        ("FATAL:  unsupported startup parameter: options", "DB_POOLER=transaction"),
        ("FATAL:  query_wait_timeout", "raise its default_pool_size"),
        ("FATAL:  no more connections allowed (max_client_conn)", "raise its max_client_conn"),
        ("timeout expired", "through the firewall"),
        ("FATAL:  sorry, too many clients already", "lower DB_POOL_SIZE"),
        ("FATAL:  the database system is starting up", "try again in a moment"),
        ("server closed the connection unexpectedly", "run the command again"),
        ("something new", r"cannot be used \(something new\): correct DATABASE_URL"),
    ],
)
def test_what_other_servers_say_is_known_too(said: str, sentence: str) -> None:
    settings = {"HOST": "db.example.com", "PORT": "5432", "USER": "alice", "NAME": "talks"}
    told = connection_sentence(psycopg2.OperationalError(said), settings)
    assert re.search(sentence, told), told
    assert "{" not in told
