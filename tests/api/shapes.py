"""What answers look like, for tests of the contract."""

from __future__ import annotations

import io
import re
from typing import Any

from PIL import Image

PARTNER_KEYS = [
    "id",
    "user_id",
    "name",
    "email",
    "phone",
    "notes",
    "relationship",
    "image_url",
    "image_path",
    "created_at",
    "updated_at",
]
# The keys of the older backend; convoai adds the rest.
OLD_CONVERSATION_KEYS = {
    "id",
    "user_id",
    "partner_id",
    "title",
    "summary",
    "is_analyzed",
    "started_at",
    "ended_at",
    "created_at",
    "full_transcript",
}
CONVERSATION_KEYS = OLD_CONVERSATION_KEYS | {"updated_at", "language", "source", "external_id"}
DETAIL_KEYS = CONVERSATION_KEYS | {
    "sentiment",
    "key_insights",
    "suggested_topics",
    "suggested_questions",
    "action_items",
    "promises",
    "analyzer",
    "analyzed_at",
    "analysis_run",
    "analysis_error",
    "messages",
    "topics",
    "extracted_facts",
}
MESSAGE_KEYS = ["id", "conversation_id", "position", "sender", "speaker", "content", "timestamp"]
FACT_KEYS = [
    "id",
    "partner_id",
    "conversation_id",
    "category",
    "fact_key",
    "fact_value",
    "confidence",
    "subject",
    "quote",
    "quote_start",
    "source_message_id",
    "many_valued",
    "is_current",
    "valid_from",
    "valid_to",
    "superseded_by",
    "origin",
    "review",
    "extracted_at",
    "pinned_at",
]
Z_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
OFFSET_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00")


def assert_plain_error(answer: Any, status: int, detail: str) -> None:
    """An application error: a sentence, a word for programs, and the id that the log names."""
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/json"
    body = answer.json()
    assert list(body) == ["detail", "code", "request_id"]
    assert body["detail"] == detail
    assert re.fullmatch(r"[a-z_]+", body["code"])
    assert body["request_id"] == answer["X-Request-ID"]


def assert_invalid(answer: Any, *loc: str | int, kind: str | None = None) -> None:
    """A validation error whose first problem is at this place."""
    assert answer.status_code == 422, answer.content
    problems = answer.json()["detail"]
    assert isinstance(problems, list)
    assert all(set(problem) == {"type", "loc", "msg"} for problem in problems)
    assert problems[0]["loc"] == list(loc)
    assert problems[0]["msg"]
    if kind:
        assert problems[0]["type"] == kind


def transcript() -> io.BytesIO:
    """A small transcript as an upload."""
    file = io.BytesIO(b"Dana: I bake bread.\nMe: Since when?\n")
    file.name = "lunch.txt"
    return file


def photo(width: int = 40, height: int = 30, kind: str = "JPEG") -> io.BytesIO:
    """A small picture as an upload."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, kind)
    file.name = f"me.{kind.lower()}"
    file.seek(0)
    return file
