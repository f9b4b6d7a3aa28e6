"""Multipart bodies, refused when their end is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.utils.http import parse_header_parameters
from rest_framework.parsers import MultiPartParser

from convoai.api.errors import ApiError
from convoai.api.parsers import check_charset


class RememberingStream:
    """A stream that keeps the last bytes that were read from it."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self.stream = stream
        self.size = size
        self.tail = b""

    def read(self, *size: int) -> bytes:
        data = self.stream.read(*size)
        if data:
            self.tail = (self.tail + data)[-self.size :]
        return data


class CompleteMultiPartParser(MultiPartParser):
    """Django takes a body that breaks off for a whole one; here that is 400 `malformed`."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        check_charset(media_type or "")
        boundary = parse_header_parameters(media_type or "")[1].get("boundary", "")
        remembering = RememberingStream(stream, len(boundary) + 64)
        result = super().parse(remembering, media_type, parser_context)  # type: ignore[arg-type]
        while remembering.read(1 << 16):
            pass
        if f"--{boundary}--".encode() not in remembering.tail:
            raise ApiError(400, "malformed", "The multipart body breaks off before its end.")
        return result
