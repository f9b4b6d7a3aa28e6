"""manage.py setup_database and the causes of no connection, on somebody else's server over TCP."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from convoai.database.addresses import parse_url
from convoai.database.binaries import installed_binaries
from convoai.operations.checklist.points import run_checklist
from convoai.operations.database_setup.problem import SetupProblem
from convoai.operations.database_setup.setting_up import set_up
from convoai.operations.doctor.examination import examine_database
from convoai.operations.doctor.installation import Installation
from convoai.operations.findings import Finding, Level
from tests.database.scratch import Remote, manage, poll, scratch_folder
from tests.operations.doctor.examining import examined, told_statements


def only_problem(url: str) -> Finding:
    """The one finding of a database that cannot be reached; nothing in it tells the password."""
    (found,) = examined(url).values()
    assert found.level == Level.ERROR
    assert "wonder" not in str(found.as_json())
    return found


def test_a_refused_connection(remote: Remote) -> None:
    found = only_problem("postgresql://a:b@127.0.0.1:1/c")
    assert found.id == "database.refused"
    assert "pg_isready --host=127.0.0.1 --port=1" in found.hint


def test_a_wrong_password_and_the_command_that_sets_it(remote: Remote) -> None:
    found = only_problem(remote.url(password="wonder"))
    assert found.id == "database.password"
    assert f"psql --host=127.0.0.1 --port={remote.port} --username=postgres" in found.hint
    assert told_statements(found.hint) == ['\\password "alice"']


def test_a_missing_database_and_the_command_that_makes_it(remote: Remote) -> None:
    found = only_problem(remote.url(name="absent"))
    assert found.id == "database.missing"
    assert f"setup_database --admin-url postgresql://postgres@127.0.0.1:{remote.port}" in found.hint


def test_ssl_that_the_server_refuses(remote: Remote) -> None:
    found = only_problem(f"{remote.url()}?sslmode=require")
    assert found.id == "database.ssl_refused"
    assert "sslmode=prefer" in found.hint
    assert "ALTER SYSTEM SET ssl = on" in found.hint


def make_certificate(folder: Path) -> Path:
    """A certificate that nobody signed, with its key, in this folder."""
    folder.mkdir()
    files = ["-keyout", str(folder / "server.key"), "-out", str(folder / "server.crt")]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command = ["openssl", "req", "-x509", "-subj", "/CN=localhost", *kind, *files]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize(
    ("id", "damage"),
    [
        ("rights.schema", "REVOKE USAGE ON SCHEMA public FROM PUBLIC"),
        ("rights.table", "CREATE TABLE topics ()"),
        ("rights.sequence", "CREATE SEQUENCE topics_id_seq"),
    ],
)
def test_a_missing_right_and_the_command_that_grants_it(
    remote: Remote, id: str, damage: str
) -> None:
    name = id.replace(".", "_")
    remote.execute(f"CREATE DATABASE {name}", f"CREATE ROLE {name} LOGIN PASSWORD 'wonder land'")
    remote.execute(damage, name=name)
    url = remote.url(user=name, name=name)
    found = examined(url)
    assert found[id].level == Level.ERROR
    assert f"--port={remote.port} --username=postgres --dbname={name}" in found[id].hint
    # Nothing else is said of a schema that cannot be looked into.
    assert ("migrations.missing" in found) == (id != "rights.schema")
    remote.execute(*told_statements(found[id].hint), name=name)
    assert id not in examined(url)


def test_a_bundled_server_that_does_not_run_is_not_started(tmp_path: Path, settings: Any) -> None:
    own = {**settings.DATABASES["default"], "HOST": str(tmp_path)}
    reached, (found,) = examine_database(Installation({**own, "BUNDLED_DATA_DIR": str(tmp_path)}))
    assert (reached, found.id) == (False, "database.refused")
    assert "manage.py database start" in found.hint
    assert list(tmp_path.iterdir()) == []


@contextmanager
def server_that_shows(folder: Path) -> Iterator[int]:
    """Speaks as much of PostgreSQL's protocol as comes before a certificate is looked at."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(8)
                client.sendall(b"S")
                try:
                    context.wrap_socket(client, server_side=True).close()
                except OSError:
                    return  # the client does not trust the certificate

        thread = threading.Thread(target=answer)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_a_certificate_that_cannot_be_verified(tmp_path: Path) -> None:
    trusted = make_certificate(tmp_path / "trusted")
    shown = make_certificate(tmp_path / "shown")
    with server_that_shows(shown) as port:
        url = f"postgresql://alice:wonder@127.0.0.1:{port}/ready?sslmode=verify-full"
        found = only_problem(f"{url}&sslrootcert={trusted / 'server.crt'}")
    assert found.id == "database.ssl_unverified"
    assert "sslmode=verify-full&sslrootcert=" in found.hint
    assert "openssl s_client -starttls postgres" in found.hint


def test_the_command_says_it_in_json_with_an_exit_code_for_monitors(remote: Remote) -> None:
    result = manage("doctor", "--json", DATABASE_URL=remote.url(name="absent"))
    assert result.returncode == 2, result.stderr
    assert '"id": "database.missing"' in result.stdout
    assert "wonder" not in result.stdout + result.stderr


def trusted_vector(remote: Remote, folder: Path) -> None:
    """pgvector as managed servers have it: whoever may make objects may make the extension."""
    extension = folder / "extension"
    shutil.copytree(
        next(installed_binaries().parent.rglob("vector.control")).parent,
        extension,
        ignore=lambda _, names: [name for name in names if not name.startswith("vector")],
    )
    control = extension / "vector.control"
    control.write_text(control.read_text() + "trusted = true\n")
    for path in (extension, *extension.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    remote.execute(
        "CREATE ROLE manager LOGIN CREATEDB CREATEROLE PASSWORD 'wonder land'",
        f"ALTER ROLE manager SET extension_control_path = '{folder}'",
    )


def test_a_managed_server_is_set_up_without_a_superuser_and_again(remote: Remote) -> None:
    with scratch_folder() as folder:
        trusted_vector(remote, folder)
        admin = remote.url(user="manager", name="postgres")
        told: list[str] = []
        talks = partial(set_up, admin, role="talker", database="talks", tell=told.append)
        talks(dry_run=True)
        assert len(told) == 5
        planned, told[:] = told[:], []
        url = talks()
        assert told == planned
        told.clear()
        again = talks()
        assert told == []
        assert again.startswith("postgresql://talker:PASSWORD@")
        renewed = talks(new_password=True)
    assert only_problem(url).id == "database.password"
    found = examined(renewed)
    assert found["versions.pgvector"].level == found["database.reachable"].level == Level.OK
    assert found["settings.locale"].level == Level.OK
    assert found["migrations.missing"].hint == "Run `manage.py migrate`."


def test_a_plain_role_and_a_foreign_database_are_refused_with_the_fix(remote: Remote) -> None:
    with pytest.raises(SetupProblem, match="may not make roles: name one with CREATEROLE"):
        set_up(remote.url(), role="x", database="y", tell=lambda _: None)
    remote.execute("CREATE ROLE keeper LOGIN CREATEDB CREATEROLE PASSWORD 'wonder land'")
    admin = remote.url(user="keeper", name="postgres")
    lacking = remote.url(name="without_pgvector")
    with pytest.raises(SetupProblem, match=r"lacks pgvector.* postgresql-18-pgvector"):
        set_up(lacking, role="x", database="y", tell=lambda _: None)
    with pytest.raises(SetupProblem, match="ready belongs to alice, not to keeper: name another"):
        set_up(admin, role="keeper", database="ready", tell=lambda _: None)
    with pytest.raises(SetupProblem, match=r"vector: switch it on.*with --new-password"):
        set_up(admin, role="x", database="y", tell=lambda _: None)


def test_the_command_prints_the_address_alone(
    remote: Remote, capsys: pytest.CaptureFixture[str]
) -> None:
    remote.execute("CREATE ROLE chief SUPERUSER LOGIN PASSWORD 'wonder land'")
    admin = remote.url(user="chief", name="postgres")
    call_command("setup_database", admin_url=admin, role="owner", database="mine")
    printed = capsys.readouterr()
    assert printed.out.startswith("DATABASE_URL=postgresql://owner:")
    assert "keep people's words out of the log" in printed.err
    found = examined(printed.out.strip().partition("=")[2])
    assert found["settings.log_words"].level == Level.OK


def test_a_server_with_little_room_and_changes_that_wait_are_named(remote: Remote) -> None:
    remote.execute(
        "ALTER ROLE alice CONNECTION LIMIT 20",
        "ALTER SYSTEM SET max_connections = 150",
        "SELECT pg_reload_conf()",
    )
    found = examined(remote.url())["settings.connections"]
    assert found.level == Level.WARNING
    assert "WEB_CONCURRENCY" in found.hint
    # Told as soon as the server has read its file anew.
    poll(lambda: "max_connections" in examined(remote.url())["settings.waiting"].message)


def test_what_is_missing_is_told_with_the_command_and_the_rest_is_not_tried(
    remote: Remote, settings: Any
) -> None:
    here = Installation({**settings.DATABASES["default"], **parse_url(remote.url())})
    levels = {one.id: (one.level.word, one.hint) for one in run_checklist(here)}
    assert levels["checklist.1"][0] == "ok"
    assert levels["checklist.3"] == ("error", "Run `manage.py migrate`.")
    assert {levels[f"checklist.{number}"][0] for number in range(4, 11)} == {"info"}
