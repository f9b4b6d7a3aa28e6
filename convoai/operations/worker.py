"""The web worker: gunicorn's threads, with JSON for broken requests and an end to slow clients."""

from __future__ import annotations

import json
import socket
import time
import uuid
from typing import Any

from gunicorn import util
from gunicorn.http import errors
from gunicorn.workers.gthread import TConn, ThreadWorker

# What a request that never reaches Django is answered: status, reason, code, sentence.
Refusal = tuple[int, str, str, str]
MALFORMED: Refusal = (
    400,
    "Bad Request",
    "malformed",
    "The request is not valid HTTP.",
)
INTERNAL: Refusal = (
    500,
    "Internal Server Error",
    "internal",
    "Something went wrong; the log has it under this request id.",
)
REFUSALS: list[tuple[type[Exception], Refusal]] = [
    (errors.InvalidResponseHeader, INTERNAL),
    (errors.InvalidResponseHeaderName, INTERNAL),
    (
        errors.LimitRequestLine,
        (414, "URI Too Long", "uri_too_long", "The address is longer than 4,000 characters."),
    ),
    (
        errors.LimitRequestHeaders,
        (
            431,
            "Request Header Fields Too Large",
            "headers_too_large",
            "More than 100 header lines, or one that is too long.",
        ),
    ),
    (
        errors.ExpectationFailed,
        (417, "Expectation Failed", "expectation_failed", "Only 'Expect: 100-continue' is known."),
    ),
    (
        errors.UnsupportedTransferCoding,
        (501, "Not Implemented", "transfer_coding", "Send the body plain or chunked."),
    ),
    (errors.ForbiddenProxyRequest, (403, "Forbidden", "forbidden", "This proxy is not allowed.")),
    (errors.ParseException, MALFORMED),
]


# Parts of 64 KB of a refused request that are read to no end.
DROPPED_PARTS = 16
# What is read of a body that the application has refused unread: bytes, and seconds.
DROPPED_BYTES, DROPPED_SECONDS = 40_000_000, 2.0


def refusal_for(error: Exception) -> Refusal:
    """Return what to answer to a request whose handling raised `error` outside the application."""
    for kind, refusal in REFUSALS:
        if isinstance(error, kind):
            return refusal
    return INTERNAL


def drop_what_has_come(client: socket.socket) -> None:
    """Read the rest of a refused request, as far as it is here already.

    Closing a connection with unread bytes resets it, and who is in front of it then loses the
    answer. Does not wait. Raises OSError.
    """
    client.setblocking(False)
    try:
        for _ in range(DROPPED_PARTS):
            if not client.recv(65_536):
                return
    except BlockingIOError:
        return


class Worker(ThreadWorker):
    """A gthread worker whose threads cannot be held by clients that send slowly or not at all."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.handled_since: dict[TConn, float] = {}
        self.is_quitting = False

    def handle(self, conn: TConn) -> Any:
        self.handled_since[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            self.handled_since.pop(conn, None)

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        """Whether the connection can be used again.

        Reads what the application left of the body, for a connection that is closed too: a web
        server in front that is still sending loses the answer when its connection is reset.
        """
        until = time.monotonic() + DROPPED_SECONDS
        is_read = conn.parser.finish_body(deadline=until, max_bytes=DROPPED_BYTES)
        return bool(keepalive and is_read)

    def handle_quit(self, sig: int, frame: Any) -> None:
        """On Ctrl-C, stop as on SIGTERM; but do not wait for connections without a request.

        The parent shuts the thread pool down in here, and hangs for ever when the signal has
        interrupted code that holds the pool's lock: another Ctrl-C, or the start of a thread.
        """
        self.is_quitting = True
        self.handle_exit(sig, frame)

    def _cap_keepalive(self, deadline: float) -> None:
        super()._cap_keepalive(0.0 if self.is_quitting else deadline)
        for conn in self.pending_conns if self.is_quitting else ():
            conn.timeout = 0.0

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        super().wait_for_and_dispatch_events(timeout)
        self.stop_reading_from_slow_clients()

    def stop_reading_from_slow_clients(self) -> None:
        """End the reading side of connections whose request takes longer than the timeout.

        A thread that waits for the rest of a request then sees its end and is free again; one that
        has read everything and is still computing its answer is not disturbed.
        """
        latest = time.monotonic() - self.cfg.timeout
        for conn, since in list(self.handled_since.items()):
            if since < latest and self.handled_since.pop(conn, 0.0):
                try:
                    conn.sock.shutdown(socket.SHUT_RD)
                except OSError:
                    continue  # the client has gone by itself

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """Answer a request that never reached Django, or whose application raised, with JSON.

        The log gets the kind of error and the id, not the request: an address holds people's words.
        """
        status, reason, code, sentence = refusal_for(exc)
        request_id = uuid.uuid4().hex
        if status == INTERNAL[0]:
            self.log.exception("Request %s failed", request_id)
        else:
            self.log.info("Request %s refused: %s", request_id, type(exc).__name__)
        body = json.dumps({"detail": sentence, "code": code, "request_id": request_id})
        head = (
            f"HTTP/1.1 {status} {reason}\r\n"
            "Connection: close\r\n"
            "Content-Type: application/json\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            f"X-Request-ID: {request_id}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        try:
            util.write_nonblock(client, (head + body).encode("ascii"))
            drop_what_has_come(client)
        except OSError:
            self.log.debug("The client of request %s had gone.", request_id)
