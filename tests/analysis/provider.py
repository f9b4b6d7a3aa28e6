"""A model provider of our own: a real HTTP server that speaks the chat-completions format."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from convoai.analysis.model.analyzer import ModelAnalyzer
from convoai.analysis.model.provider import provider_from

Answer = Callable[["Exchange"], None]


class Exchange(BaseHTTPRequestHandler):
    """One request and its answer; the server's `answers` are given by turns, the last one again."""

    server: ProviderServer

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.bodies.append(self.rfile.read(length).decode())
        self.server.authorizations.append(self.headers.get("Authorization", ""))
        with self.server.lock:
            answers = self.server.answers
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        try:
            answer(self)
        except (BrokenPipeError, ConnectionResetError):
            self.server.hung_up = True

    def give(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", headers.pop("type", "application/json"))
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


class ProviderServer(ThreadingHTTPServer):
    """The server, and what it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.answers: list[Answer] = []
        self.bodies: list[str] = []
        self.authorizations: list[str] = []
        self.hung_up = False
        self.connections = 0
        self.lock = threading.Lock()
        self.over = threading.Event()

    def get_request(self) -> Any:
        self.connections += 1
        return super().get_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.hung_up = True

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/v1"

    def analyzer(self, *answers: Answer, timeout: float = 30, listed: bool = True) -> ModelAnalyzer:
        """An analyzer that asks this server, which answers so."""
        self.answers = list(answers)
        provider = provider_from(
            name="openai:test-model",
            base_url=self.url,
            google_key="",
            openai_key="a key",
            timeout=timeout,
            allowed_hosts={self.host} if listed else set(),
            pause=0.01,
        )
        return ModelAnalyzer(provider)

    def said(self, number: int = -1) -> str:
        """All text of a request that the model would read."""
        body = json.loads(self.bodies[number])
        return "\n".join(str(message["content"]) for message in body["messages"])


@contextmanager
def provider_server() -> Iterator[ProviderServer]:
    server = ProviderServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def completion(content: str, finish: str = "stop") -> bytes:
    """What a provider sends around a model's words."""
    answer = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_780_000_000,
        "model": "test-model",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content},
                "finish_reason": finish,
            }
        ],
        "usage": {"prompt_tokens": 1200, "completion_tokens": 80, "total_tokens": 1280},
    }
    return json.dumps(answer).encode()


def notes(**changes: Any) -> dict[str, Any]:
    """A good answer about a talk that begins with a move to Porto."""
    return {
        "summary": "Dana moved to Porto.",
        "sentiment": "positive",
        "topics": [{"name": "Moving", "category": "life", "relevance": 8}],
        "facts": [fact()],
        "key_insights": ["Dana starts anew."],
        "suggested_topics": ["Porto"],
        "suggested_questions": ["How is Porto?"],
        "action_items": [],
        **changes,
    }


def fact(**changes: Any) -> dict[str, Any]:
    return {
        "message": 1,
        "quote": "I moved to Porto",
        "category": "personal",
        "key": "home_city",
        "value": "Porto",
        "subject": "partner",
        "confidence": 0.9,
        "since": "2026-02-01",
        **changes,
    }


def says(**changes: Any) -> Answer:
    """An answer whose notes are good but for the changes."""
    return words(json.dumps(notes(**changes)))


def words(content: str, finish: str = "stop") -> Answer:
    return lambda exchange: exchange.give(completion(content, finish))


def raw(body: bytes, status: int = 200, **headers: str) -> Answer:
    return lambda exchange: exchange.give(body, status, **headers)


def silence(exchange: Exchange) -> None:
    """Nothing, until the test is over."""
    exchange.server.over.wait(60)


def drip(exchange: Exchange) -> None:
    """A sign now and then, without an end."""
    exchange.send_response(200)
    exchange.send_header("Content-Type", "application/json")
    exchange.end_headers()
    while not exchange.server.over.wait(0.05):
        exchange.wfile.write(b" ")
        exchange.wfile.flush()


def flood(exchange: Exchange) -> None:
    """Fifty megabytes."""
    exchange.send_response(200)
    exchange.send_header("Content-Type", "application/json")
    exchange.end_headers()
    for _ in range(50):
        exchange.wfile.write(b'"' + b"x" * 999_999)
