"""How the three ways of authenticating read in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class BearerKeyScheme(OpenApiAuthenticationExtension):
    target_class = "convoai.accounts.authentication.BearerKeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A key from POST /api/auth/login or POST /api/auth/keys.",
        }


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "convoai.accounts.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "Signed in on the pages; writes need the X-CSRFToken header.",
        }


class SingleUserScheme(OpenApiAuthenticationExtension):
    """Sends nothing, so there is nothing to describe."""

    target_class = "convoai.accounts.authentication.SingleUserAuthentication"
    name: list[str] = []

    def get_security_requirement(self, auto_schema: Any) -> list[Any]:
        return []

    def get_security_definition(self, auto_schema: Any) -> list[Any]:
        return []
