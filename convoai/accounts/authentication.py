"""Who makes a request to the API: a key, a browser's session, or the single user."""

from __future__ import annotations

import re
from contextlib import suppress

from django.db import DatabaseError
from django.utils import timezone
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from rest_framework import authentication, exceptions
from rest_framework.authentication import get_authorization_header
from rest_framework.request import Request

from convoai.accounts.models import ApiKey, User
from convoai.accounts.services import note_use, revoke_api_key
from convoai.accounts.single_user import acts_as_single_user, single_user
from convoai.api.errors import ApiError
from convoai.database.statements import Statement

SCHEMES = {b"bearer", b"token"}
TOKEN = re.compile(rb"[A-Za-z0-9_]{16,128}")
# Keys in an address end up in logs, histories and referrers.
ADDRESS_PARAMETERS = ("token", "access_token", "api_key")
BAD_KEY = "This key is not valid. Sign in again, or create a new key."


class BearerKeyAuthentication(TokenAuthentication):
    """`Authorization: Bearer <key>` (or `Token <key>`). One query reads the key and its user."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        refuse_token_in_address(request)
        words = get_authorization_header(request).split()
        if not words or words[0].lower() not in SCHEMES:
            return None
        if len(words) != 2 or not TOKEN.fullmatch(words[1]):
            raise exceptions.AuthenticationFailed(BAD_KEY, code="invalid_key")
        return self.authenticate_credentials(words[1])

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiKey]:
        """The owner of this key and the key. Raises AuthenticationFailed.

        The digest is looked up as such: it is a hash of 256 random bits, so the time of the
        look-up tells nothing that helps to guess one.
        """
        key = stored_key(hash_token(token.decode("ascii")))
        if key is None or not key.user.is_active:
            raise exceptions.AuthenticationFailed(BAD_KEY, code="invalid_key")
        if key.expiry is not None and key.expiry <= timezone.now():
            revoke_api_key(key=key)
            raise exceptions.AuthenticationFailed(
                "This key has expired. Sign in again, or create a new key.", code="expired_key"
            )
        # A full disk must not keep people from reading what is stored.
        with suppress(DatabaseError):
            note_use(key=key)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class SessionAuthentication(authentication.SessionAuthentication):
    """The session of someone signed in on our pages; writes need the CSRF token."""

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class SingleUserAuthentication(authentication.BaseAuthentication):
    """Requests without credentials act as SINGLE_USER, where that is safe."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        if not acts_as_single_user(request._request):
            return None
        return single_user(), None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


KEY_COLUMNS = [field.attname for field in ApiKey._meta.concrete_fields]
USER_COLUMNS = [field.attname for field in User._meta.concrete_fields]
KEY_WITH_USER = Statement(
    lambda digest: ApiKey.objects.filter(digest=digest).values_list(
        *KEY_COLUMNS, *(f"user__{name}" for name in USER_COLUMNS)
    ),
    str,
)


def stored_key(digest: str) -> ApiKey | None:
    """The key of this digest with its user, or None."""
    row = KEY_WITH_USER.row(digest)
    if row is None:
        return None
    key = ApiKey.from_db("default", KEY_COLUMNS, row[: len(KEY_COLUMNS)])
    key.user = User.from_db("default", USER_COLUMNS, row[len(KEY_COLUMNS) :])
    return key


def refuse_token_in_address(request: Request) -> None:
    """Raise 400 if a key was put into the address."""
    for name in ADDRESS_PARAMETERS:
        if name in request.query_params:
            raise ApiError(
                400,
                "token_in_address",
                f"Send the key in the Authorization header, not as ?{name}=; "
                "and revoke it, since addresses are written to logs.",
            )
