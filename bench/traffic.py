"""A load generator that leaves the processors to the server: one thread, raw keep-alive sockets."""

from __future__ import annotations

import selectors
import socket
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

BUFFER = bytearray(1 << 20)
WARM_UP_SECONDS = 1.0


@dataclass
class Measured:
    """What came of one run: answers per second, and how long they took in milliseconds."""

    # Requests sent in all, with those of the warm-up.
    sent: int
    per_second: float
    p10: float
    p50: float
    p95: float
    answer_bytes: int


@dataclass
class Client:
    """One connection that always has one request under way."""

    sock: socket.socket
    sent_at: float = 0.0
    head: bytearray = field(default_factory=bytearray)
    missing: int | None = None
    size: int = 0

    def send(self, request: bytes) -> None:
        self.head.clear()
        self.missing = None
        self.sent_at = time.perf_counter()
        self.sock.setblocking(True)
        self.sock.sendall(request)
        self.sock.setblocking(False)

    def read(self, wanted_status: int) -> bool:
        """Take what has arrived; True when the answer is complete. Raises SystemExit on others."""
        try:
            count = self.sock.recv_into(BUFFER)
        except BlockingIOError:
            return False
        if not count:
            raise SystemExit("The server closed a connection.")
        if self.missing is None:
            self.head += BUFFER[:count]
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return False
            lines = bytes(self.head[:end]).split(b"\r\n")
            if int(lines[0].split()[1]) != wanted_status:
                raise SystemExit(f"Answered {lines[0]!r}: {bytes(self.head[end : end + 500])!r}")
            self.size = content_length(lines)
            self.missing = self.size - (len(self.head) - end - 4)
        else:
            self.missing -= count
        return self.missing == 0


def content_length(lines: list[bytes]) -> int:
    for line in lines:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise SystemExit("An answer came without Content-Length.")


def request(method: str, path: str, key: str = "", body: bytes = b"") -> bytes:
    """One HTTP request as bytes, with an API key if there is one."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Accept: application/json"]
    if key:
        lines.append(f"Authorization: Bearer {key}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def measure(
    port: int, next_request: Callable[[], bytes], *, clients: int, seconds: float, status: int = 200
) -> Measured:
    """Keep `clients` requests under way for `seconds`, after a warm-up; every answer must be
    `status`.
    """
    selector = selectors.DefaultSelector()
    crowd = [Client(socket.create_connection(("127.0.0.1", port))) for _ in range(clients)]
    for client in crowd:
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.send(next_request())
        selector.register(client.sock, selectors.EVENT_READ, client)
    begin = time.perf_counter() + WARM_UP_SECONDS
    end, last = begin + seconds, begin
    took: list[float] = []
    sent = clients
    size = 0
    while (now := time.perf_counter()) < end or len(took) < 2:
        for key, _ in selector.select(timeout=30):
            client = key.data
            if client.read(status):
                now = time.perf_counter()
                if now >= begin:
                    took.append((now - client.sent_at) * 1000)
                    last, size = now, client.size
                client.send(next_request())
                sent += 1
    # The last answers are waited for, or the next run would share the server with them.
    waiting = len(crowd)
    while waiting:
        for key, _ in selector.select(timeout=30):
            if key.data.read(status):
                selector.unregister(key.data.sock)
                key.data.sock.close()
                waiting -= 1
    selector.close()
    cuts = statistics.quantiles(took, n=20)
    return Measured(
        sent, len(took) / (last - begin), cuts[1], statistics.median(took), cuts[18], size
    )
