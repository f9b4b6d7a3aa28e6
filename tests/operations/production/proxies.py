"""nginx and Caddy for a test: the files of docs, with ports, names and certificate of the test."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.database.scratch import poll
from tests.guards.source import ROOT
from tests.operations.servers import free_port

NAME = "talk.example.org"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
CADDY = shutil.which("caddy")


@dataclass(frozen=True)
class Certificate:
    certificate: Path
    key: Path


@dataclass(frozen=True)
class Proxy:
    """A web server in front, and how to ask it by HTTPS."""

    port: int
    # Where it leads from HTTP to HTTPS; 0 when it does so on port 80 alone.
    plain_port: int
    # Whether it passes on a request only when all of it is there.
    reads_first: bool

    def connect(self) -> http.client.HTTPSConnection:
        """A connection that is kept, to the name that the certificate is for."""
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection(NAME, self.port, timeout=30, context=context)
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.sock = context.wrap_socket(raw, server_hostname=NAME)
        return connection


def make_certificate(folder: Path) -> Certificate:
    made = Certificate(folder / "made.crt", folder / "made.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", f"/CN={NAME}"),
            *("-keyout", str(made.key), "-out", str(made.certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return made


@contextmanager
def nginx(folder: Path, port: int, certificate: Certificate) -> Iterator[Proxy]:
    """nginx before the server at `port`; `nginx -t` has found nothing."""
    proxy = Proxy(free_port(), free_port(), reads_first=True)
    site = (
        (ROOT / "docs/nginx.conf")
        .read_text()
        .replace("listen 443", f"listen 127.0.0.1:{proxy.port}")
        .replace("listen 80", f"listen 127.0.0.1:{proxy.plain_port}")
        .replace("127.0.0.1:8000", f"127.0.0.1:{port}")
        .replace("/etc/ssl/talk.example.org.crt", str(certificate.certificate))
        .replace("/etc/ssl/talk.example.org.key", str(certificate.key))
    )
    (folder / "site.conf").write_text(site)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    own = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"{'user root;' if os.geteuid() == 0 else ''} daemon off; pid {folder}/nginx.pid;\n"
        f"error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {own} include {folder}/site.conf; }}\n"
    )
    command = [str(NGINX), "-p", str(folder), "-e", f"{folder}/error.log", "-c"]
    command.append(str(folder / "nginx.conf"))
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    assert "[warn]" not in tried.stderr
    with _running(command, proxy):
        yield proxy


@contextmanager
def caddy(folder: Path, port: int, certificate: Certificate) -> Iterator[Proxy]:
    """Caddy before the server at `port`; `caddy validate` has found nothing."""
    proxy = Proxy(free_port(), 0, reads_first=False)
    named = (ROOT / "docs/Caddyfile").read_text()
    site = named.replace(
        f"\n{NAME} {{",
        "\n{\n\tadmin off\n\tauto_https disable_redirects\n}\n"
        f"{NAME}:{proxy.port} {{\n\tbind 127.0.0.1\n"
        f"\ttls {certificate.certificate} {certificate.key}",
    ).replace("127.0.0.1:8000", f"127.0.0.1:{port}")
    (folder / "Caddyfile").write_text(site)
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    options = ["--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    tried = subprocess.run(
        [str(CADDY), "validate", *options],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 0, tried.stderr
    with _running([str(CADDY), "run", *options], proxy, environment):
        yield proxy


@contextmanager
def _running(
    command: list[str], proxy: Proxy, environment: dict[str, str] | None = None
) -> Iterator[None]:
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        poll(lambda: _listens(proxy.port), seconds=20)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
