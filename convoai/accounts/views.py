"""Signing in and out over the API, and the keys of the signed-in user."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.contrib.auth import authenticate, logout
from django.contrib.auth.signals import user_logged_in
from drf_spectacular.utils import OpenApiResponse, extend_schema
from knox.settings import knox_settings
from rest_framework import exceptions
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from convoai.accounts import services
from convoai.accounts.authentication import refuse_token_in_address
from convoai.accounts.lockout_answers import refuse_locked_out
from convoai.accounts.models import ApiKey, User
from convoai.accounts.serializers import (
    ApiKeySerializer,
    CreatedApiKeySerializer,
    LoginSerializer,
    NewApiKeySerializer,
    SignedInSerializer,
    UserSerializer,
)
from convoai.api.viewsets import OwnedViewSet, read_body

# The same words whether the address exists or not.
WRONG_CREDENTIALS = "Wrong e-mail address or password."
# No browser or proxy may keep an answer that holds a key.
NOT_KEPT = {"Cache-Control": "no-store"}
NO_CONTENT = {204: OpenApiResponse(description="Done; the answer is empty.")}


class LoginView(APIView):
    # An old key in the Authorization header must not keep anyone from signing in.
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="auth_login",
        tags=["auth"],
        request=LoginSerializer,
        responses=SignedInSerializer,
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Exchange e-mail address and password for a key."""
        refuse_token_in_address(request)
        given = read_body(request, LoginSerializer)
        user = authenticate(
            request=request._request,
            username=given["email"].strip(),
            password=given["password"],
        )
        if not isinstance(user, User):
            refuse_locked_out(request)
            raise exceptions.AuthenticationFailed(WRONG_CREDENTIALS, code="wrong_credentials")
        key, token = services.create_api_key(
            user=user,
            name=given.get("name") or "Sign-in",
            lifetime=knox_settings.TOKEN_TTL,
        )
        user_logged_in.send(sender=User, request=request._request, user=user)
        answer = {"token": token, "expiry": key.expiry, "user": user}
        return Response(SignedInSerializer(answer).data, headers=NOT_KEPT)

    def get_authenticate_header(self, request: Request) -> str:
        return "Bearer"


class LogoutView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="auth_logout", tags=["auth"], request=None, responses=NO_CONTENT)
    def post(self, request: Request) -> Response:
        """Revoke the key that this request was made with, or end the browser's session."""
        if isinstance(request.auth, ApiKey):
            services.revoke_api_key(key=request.auth)
        else:
            logout(request._request)
        return Response(status=204)


class LogoutAllView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        operation_id="auth_logout_all", tags=["auth"], request=None, responses=NO_CONTENT
    )
    def post(self, request: Request) -> Response:
        """Revoke every key of the user, and end the browser's session if this came from one."""
        services.revoke_all_api_keys(user=user_of(request))
        logout(request._request)
        return Response(status=204)


class MeView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="auth_me", tags=["auth"], responses=UserSerializer)
    def get(self, request: Request) -> Response:
        """The user that requests like this one act as."""
        return Response(UserSerializer(user_of(request)).data)


class ApiKeyViewSet(OwnedViewSet):
    model = ApiKey
    serializer_class = ApiKeySerializer
    missing = "There is no such key."
    orderings: ClassVar[dict[str, tuple[str, ...]]] = {"-id": ("-pk",), "id": ("pk",)}

    @extend_schema(operation_id="auth_keys_list", tags=["auth"])
    def list(self, request: Request) -> Response:
        """The user's keys that are valid, newest first."""
        return self.list_response(ApiKey.objects.owned_by(user_of(request)).valid())

    @extend_schema(
        operation_id="auth_keys_create",
        tags=["auth"],
        request=NewApiKeySerializer,
        responses={201: CreatedApiKeySerializer},
    )
    def create(self, request: Request) -> Response:
        """Create a key. Its text is in this answer and nowhere else."""
        given = read_body(request, NewApiKeySerializer)
        days = given.get("expires_in_days")
        key, token = services.create_api_key(
            user=user_of(request),
            name=given["name"],
            lifetime=None if days is None else timedelta(days=days),
        )
        shown = {**self.get_serializer(key).data, "token": token}
        return Response(shown, status=201, headers=NOT_KEPT)

    @extend_schema(operation_id="auth_keys_revoke", tags=["auth"], responses=NO_CONTENT)
    def destroy(self, request: Request, pk: int) -> Response:
        """Revoke one of the user's keys."""
        services.revoke_api_key(key=self.get_object())
        return Response(status=204)


def user_of(request: Request) -> User:
    """The signed-in user of a request that has passed IsAuthenticated."""
    assert isinstance(request.user, User)  # noqa: S101 - tells the type checker
    return request.user
