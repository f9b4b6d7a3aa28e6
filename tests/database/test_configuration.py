"""Which settings follow from the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
import pytest
from django.core.exceptions import ImproperlyConfigured

from convoai.database.configuration import database_settings
from convoai.database.pooler import direct_entry

EXTERNAL = "postgresql://alice:secret@db.example.com:5433/conversation_ai"


def settings(data_dir: Path, **variables: str) -> dict[str, Any]:
    return _settings(data_dir, variables, command=False)


def command_settings(data_dir: Path, **variables: str) -> dict[str, Any]:
    return _settings(data_dir, variables, command=True)


def _settings(data_dir: Path, variables: dict[str, str], *, command: bool) -> dict[str, Any]:
    class Environment(environ.Env):
        ENVIRON = variables

    return database_settings(Environment(), data_dir, command=command)


def external(tmp_path: Path, url: str = EXTERNAL, **variables: str) -> dict[str, Any]:
    return settings(tmp_path, DATABASE_URL=url, **variables)


def test_without_a_url_the_bundled_server_is_meant(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert found["ENGINE"] == "convoai.database.backend"
    assert (found["NAME"], found["USER"]) == ("conversation_ai", "convoai")
    assert found["BUNDLED_DATA_DIR"] == str(tmp_path)
    assert found["HOST"].startswith("/")


def test_an_empty_url_is_no_url(tmp_path: Path) -> None:
    assert "BUNDLED_DATA_DIR" in settings(tmp_path, DATABASE_URL="")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_a_url_is_taken_apart(tmp_path: Path, scheme: str) -> None:
    url = f"{scheme}://al%40ice:s%23cr%2Ft@db.example.com:5433/conversation_ai"
    found = external(tmp_path, url)
    assert found["USER"] == "al@ice"
    assert found["PASSWORD"] == "s#cr/t"
    assert (found["HOST"], found["PORT"]) == ("db.example.com", "5433")
    assert found["NAME"] == "conversation_ai"
    assert "BUNDLED_DATA_DIR" not in found


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://alice@%2FRun%2Fpostgresql/name",
        "postgresql://alice@//Run/postgresql/name",
        "postgresql://alice@/name?host=/Run/postgresql",
        "postgresql:///name?host=%2FRun%2Fpostgresql&user=alice",
    ],
)
def test_a_socket_folder_may_be_written_in_each_usual_way(tmp_path: Path, url: str) -> None:
    found = external(tmp_path, url)
    assert (found["HOST"], found["NAME"], found["USER"]) == ("/Run/postgresql", "name", "alice")
    assert "host" not in found["OPTIONS"]


def test_the_query_goes_to_the_driver(tmp_path: Path) -> None:
    root = tmp_path / "root.crt"
    root.touch()
    query = f"sslmode=verify-full&sslrootcert={root}&connect_timeout=9&application_name=mine"
    options = external(tmp_path, f"{EXTERNAL}?{query}")["OPTIONS"]
    assert options["sslmode"] == "verify-full"
    assert options["sslrootcert"] == str(root)
    assert options["connect_timeout"] == "9"
    assert options["application_name"] == "mine"


def test_the_query_cannot_undo_the_pool(tmp_path: Path) -> None:
    found = external(tmp_path, f"{EXTERNAL}?conn_max_age=600")
    assert found["CONN_MAX_AGE"] == 0


@pytest.mark.parametrize(
    ("profile", "figures"), [("", (10, 20)), ("low", (5, 10)), ("high", (20, 40))]
)
def test_a_profile_gives_the_pool_its_size(
    tmp_path: Path, profile: str, figures: tuple[int, int]
) -> None:
    pool = settings(tmp_path, DB_POOL_PROFILE=profile)["POOL_OPTIONS"]
    assert (pool["POOL_SIZE"], pool["MAX_OVERFLOW"]) == figures
    assert pool["PRE_PING"] is True
    assert pool["RECYCLE"] == 3600


def test_each_figure_of_the_pool_can_be_set_alone(tmp_path: Path) -> None:
    pool = settings(
        tmp_path,
        DB_POOL_PROFILE="high",
        DB_POOL_SIZE="3",
        DB_POOL_TIMEOUT="0.5",
        DB_POOL_RECYCLE="60",
        DB_POOL_PRE_PING="off",
    )["POOL_OPTIONS"]
    assert pool == {
        "POOL_SIZE": 3,
        "MAX_OVERFLOW": 40,
        "TIMEOUT": 0.5,
        "RECYCLE": 60,
        "PRE_PING": False,
    }


@pytest.mark.bad_input(110)
def test_web_requests_have_time_limits_and_commands_longer_ones(tmp_path: Path) -> None:
    web = settings(tmp_path)["OPTIONS"]["options"]
    assert "-c statement_timeout=10000 -c lock_timeout=3000 " in web
    assert web.endswith("-c idle_in_transaction_session_timeout=30000")
    command = command_settings(tmp_path)["OPTIONS"]["options"]
    assert "-c statement_timeout=0 -c lock_timeout=30000 " in command


def test_each_time_limit_can_be_set_alone(tmp_path: Path) -> None:
    variables = {"DB_LOCK_TIMEOUT": "1.5", "DB_COMMAND_LOCK_TIMEOUT": "7"}
    assert "lock_timeout=1500" in settings(tmp_path, **variables)["OPTIONS"]["options"]
    command = command_settings(tmp_path, **variables)["OPTIONS"]["options"]
    assert "lock_timeout=7000" in command


def test_options_of_the_url_win(tmp_path: Path) -> None:
    url = f"{EXTERNAL}?options=-c%20lock_timeout%3D1"
    assert external(tmp_path, url)["OPTIONS"]["options"].endswith(" -c lock_timeout=1")


DIRECT = "postgresql://alice:secret@postgres.example.com:5432/conversation_ai"


def test_behind_a_pooler_limits_go_with_each_transaction_and_commands_go_past_it(
    tmp_path: Path,
) -> None:
    variables = {
        "DATABASE_URL": EXTERNAL,
        "DATABASE_DIRECT_URL": DIRECT,
        "DB_POOLER": "transaction",
        "DB_STATEMENT_TIMEOUT": "7",
    }
    web = settings(tmp_path, **variables)
    assert web["HOST"] == "db.example.com"
    assert "options" not in web["OPTIONS"]
    assert web["LIMITS"].startswith("SET LOCAL statement_timeout = 7000; SET LOCAL lock_timeout")
    command = command_settings(tmp_path, **variables)
    assert command["HOST"] == "postgres.example.com"
    assert "statement_timeout=0" in command["OPTIONS"]["options"]
    assert "LIMITS" not in command
    assert direct_entry(web)["HOST"] == "postgres.example.com"
    assert direct_entry(command) == command


def test_workers_go_through_the_pooler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["manage.py", "qcluster"])
    worker = command_settings(
        tmp_path,
        DATABASE_URL=EXTERNAL,
        DATABASE_DIRECT_URL=DIRECT,
        DB_POOLER="transaction",
    )
    assert worker["HOST"] == "db.example.com"
    assert "SET LOCAL statement_timeout = 0; " in worker["LIMITS"]


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"DB_POOLER": "pgbouncer"}, "DB_POOLER is 'pgbouncer'"),
        ({"DB_POOLER": "transaction"}, "needs two addresses"),
        ({"DB_POOLER": "transaction", "DATABASE_URL": EXTERNAL}, "needs two addresses"),
        ({"DATABASE_URL": EXTERNAL, "DATABASE_DIRECT_URL": DIRECT}, "is set and DB_POOLER is not"),
        (
            {
                "DB_POOLER": "transaction",
                "DATABASE_URL": EXTERNAL,
                "DATABASE_DIRECT_URL": "mysql://secret",
            },
            "^DATABASE_DIRECT_URL begins with mysql:",
        ),
    ],
)
def test_a_pooler_that_is_half_set_up_is_refused(
    tmp_path: Path, variables: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=sentence) as refused:
        settings(tmp_path, **variables)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_POOL_PROFILE", "huge"),
        ("DB_POOL_SIZE", "ten"),
        ("DB_POOL_SIZE", "0"),
        ("DB_MAX_OVERFLOW", "-1"),
        ("DB_POOL_RECYCLE", "1.5"),
        ("DB_POOL_TIMEOUT", "soon"),
        ("DB_POOL_PRE_PING", "maybe"),
        ("DB_STATEMENT_TIMEOUT", "nan"),
        ("DB_LOCK_TIMEOUT", "-3"),
        ("DB_IDLE_TIMEOUT", "inf"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^{name} is '{value}', but must be "):
        settings(tmp_path, **{name: value})


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("duckdb:///old.duckdb", r"DuckDB file.*postgresql://.*manage\.py import_duckdb"),
        ("sqlite:///db.sqlite3", r"begins with sqlite:.*PostgreSQL only"),
        ("mysql://root@localhost/db", r"begins with mysql:.*PostgreSQL only"),
        ("secret-word", r"does not begin with postgresql://"),
        ("postgresql://alice:secret@host:port/name", r"is the port a number"),
        ("postgresql://alice:secret@host:99999/name", r"is the port a number"),
        ("postgresql://alice:sec#ret@host/name", r"# is %23"),
        ("postgresql://alice:secret@host:5432", r"names no database"),
        ("postgresql://alice:secret@host:5432/", r"names no database"),
    ],
)
def test_a_wrong_url_is_refused_without_repeating_its_secret(
    tmp_path: Path, url: str, sentence: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=sentence) as caught:
        external(tmp_path, url)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
