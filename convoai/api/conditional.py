"""ETags: a client that has the newest version is told so; a stale change is refused."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.utils.http import parse_etags, quote_etag
from rest_framework.request import Request
from rest_framework.response import Response

from convoai.api.errors import ApiError
from convoai.api.renderers import to_json


def etag_of(data: Any) -> str:
    """The strong ETag of a representation (the object that becomes JSON)."""
    return quote_etag(hashlib.sha256(to_json(data)).hexdigest()[:32])


def etag_of_version(*words: Any) -> str:
    """The ETag of what is made from stored rows, by what was asked and the rows' version.

    This release is part of it: another one may word the answer differently.
    """
    return etag_of([settings.SPECTACULAR_SETTINGS["VERSION"], *words])


def conditional_response(request: Request, data: Any) -> Response:
    """200 with an ETag, or 304 when the client's If-None-Match names that ETag."""
    etag = etag_of(data)
    if is_known(request, etag):
        return Response(status=304, headers={"ETag": etag})
    return Response(data, headers={"ETag": etag})


def is_known(request: Request, etag: str) -> bool:
    """Whether the client's If-None-Match names that ETag."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return etag in known or f"W/{etag}" in known or known == ["*"]


def check_if_match(request: Request, data: Any) -> None:
    """Refuses a change of a version that is no longer the newest.

    `data` is the representation as it is now. Raises ApiError 412 `stale`, or 428
    `if_match_required` when REQUIRE_IF_MATCH is set and the header is missing.
    """
    wanted = request.headers.get("If-Match")
    if wanted is None:
        if settings.REQUIRE_IF_MATCH and request.method == "PATCH":
            message = "Send If-Match with the ETag of the version that you change."
            raise ApiError(428, "if_match_required", message)
        return
    tags = parse_etags(wanted)
    if tags != ["*"] and etag_of(data) not in tags:
        message = "This has changed since you read it; read it again and repeat the change."
        raise ApiError(412, "stale", message)
