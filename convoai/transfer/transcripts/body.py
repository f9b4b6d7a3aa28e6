"""A file as the whole body of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.utils.http import parse_header_parameters
from rest_framework.parsers import BaseParser

from convoai.api.errors import ApiError

# The encoding is told from the bytes; these names may stand in the header all the same.
CHARSETS = {"", "utf-8", "utf8", "us-ascii", "utf-16", "utf-16le", "utf-16be", "windows-1252"}


class TextParser(BaseParser):
    """The bytes of a text body.

    Raises ApiError 415 for a charset that is not read, 400 for a body that is shorter than its
    header says: a text that breaks off would look like a whole one.
    """

    media_type = "text/*"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        charset = parse_header_parameters(media_type or "")[1].get("charset", "")
        if charset.strip('"').lower() not in CHARSETS:
            message = "Send the text as UTF-8, UTF-16 or Windows-1252."
            raise ApiError(415, "unsupported_charset", message)
        data = stream.read()
        request = (parser_context or {}).get("request")
        length = request.META.get("CONTENT_LENGTH") if request else None
        if length and len(data) < int(length):
            raise ApiError(400, "malformed", "The body breaks off before its end.")
        return data


class JSONTextParser(TextParser):
    """JSON, which is read as a file is."""

    media_type = "application/json"
