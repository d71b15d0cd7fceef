"""Sign in and out, personal tokens, socket tickets, the signed-in user."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth import authenticate, user_logged_in
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import credentials, jwt
from accounts.models import ApiToken, Credential, User
from accounts.serializers import (
    CredentialIn,
    CredentialOut,
    MeIn,
    MeOut,
    NewTokenOut,
    PairOut,
    PersonOut,
    RefreshIn,
    SignInIn,
    TicketOut,
    TokenIn,
    TokenOut,
)
from accounts.tickets import create_ticket
from accounts.tokens import create_token, revoke_token, token_of
from accounts.users import user_of
from common.api import OwnedQuerysetMixin
from common.clock import now


class OpenView(APIView):
    """For everybody. It still answers 401 with WWW-Authenticate when what was sent is not good enough."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    def get_authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class SignIn(OpenView):
    @extend_schema(request=SignInIn, responses=PairOut, auth=[], operation_id="auth_sign_in")
    def post(self, request: Request) -> Response:
        """Username and password for an access and a refresh token. Five wrong tries lock for 15 minutes."""
        given = SignInIn(data=request.data)
        given.is_valid(raise_exception=True)
        # Django's request, not DRF's: django-axes marks it, and its middleware answers for a locked-out client.
        user = authenticate(request._request, **given.validated_data)
        if not isinstance(user, User):
            raise AuthenticationFailed("The username or the password is wrong.", code="wrong_credentials")
        # As a session's sign-in does: sets last_login, and resets the count of wrong passwords.
        user_logged_in.send(sender=User, request=request._request, user=user)
        return Response(PairOut(jwt.new_pair(user)).data)


class Refresh(OpenView):
    @extend_schema(request=RefreshIn, responses=PairOut, auth=[], operation_id="auth_refresh")
    def post(self, request: Request) -> Response:
        """The next access and refresh token. A refresh token works once."""
        given = RefreshIn(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(PairOut(jwt.rotate(given.validated_data["refresh"], now=now())).data)


class SignOut(OpenView):
    @extend_schema(request=RefreshIn, responses={204: None}, auth=[], operation_id="auth_sign_out")
    def post(self, request: Request) -> Response:
        """End a refresh token."""
        given = RefreshIn(data=request.data)
        given.is_valid(raise_exception=True)
        jwt.sign_out(given.validated_data["refresh"])
        return Response(status=204)


class Tokens(OwnedQuerysetMixin, ListAPIView[ApiToken]):
    """Personal tokens. A personal token cannot make another one."""

    queryset = ApiToken.objects.all()
    serializer_class = TokenOut
    ordering_fields = ["created_at", "name", "last_used_at"]

    @extend_schema(request=TokenIn, responses={201: NewTokenOut}, operation_id="auth_tokens_create")
    def post(self, request: Request) -> Response:
        """Make a personal token. Its secret is shown in this answer and never again."""
        given = TokenIn(data=request.data)
        given.is_valid(raise_exception=True)
        token, secret = create_token(user=user_of(request), now=now(), **given.validated_data)
        return Response({**TokenOut(token).data, "secret": secret}, status=201)


class Token(APIView):
    @extend_schema(responses=TokenOut, operation_id="auth_tokens_retrieve")
    def get(self, request: Request, token_id: UUID) -> Response:
        """One personal token, without its secret."""
        return Response(TokenOut(token_of(user=user_of(request), token_id=token_id)).data)

    @extend_schema(responses={204: None}, operation_id="auth_tokens_revoke")
    def delete(self, request: Request, token_id: UUID) -> Response:
        """Revoke a personal token at once."""
        revoke_token(user=user_of(request), token_id=token_id, now=now())
        return Response(status=204)


class Credentials(OwnedQuerysetMixin, ListAPIView[Credential]):
    """Keys of other services you keep here. Only their last four characters are ever shown."""

    queryset = Credential.objects.filter(kind__in=credentials.KEYS).order_by("kind")
    serializer_class = CredentialOut
    ordering_fields = ["kind", "updated_at"]


class OneCredential(APIView):
    scopes = {"PUT": "admin", "DELETE": "admin"}

    @extend_schema(request=CredentialIn, responses=CredentialOut, operation_id="auth_credentials_store")
    def put(self, request: Request, kind: str) -> Response:
        """Keep a key, replacing the former one. It is encrypted and never shown again."""
        given = CredentialIn(data=request.data)
        given.is_valid(raise_exception=True)
        secret = given.validated_data["secret"]
        stored = credentials.store(user=user_of(request), kind=kind, secret=secret, now=now())
        return Response(CredentialOut(stored).data)

    @extend_schema(responses={204: None}, operation_id="auth_credentials_forget")
    def delete(self, request: Request, kind: str) -> Response:
        """Forget a key."""
        credentials.forget(user=user_of(request), kind=kind)
        return Response(status=204)


class Ticket(APIView):
    scopes = {"POST": "read"}

    @extend_schema(request=None, responses={201: TicketOut}, operation_id="auth_ticket")
    def post(self, request: Request) -> Response:
        """A ticket that opens one WebSocket within 30 seconds."""
        token = request.auth if isinstance(request.auth, ApiToken) else None
        ticket, expires_at = create_ticket(user=user_of(request), token=token, now=now())
        return Response(TicketOut({"ticket": ticket, "expires_at": expires_at}).data, status=201)


class Me(APIView):
    @extend_schema(responses=MeOut, operation_id="auth_me")
    def get(self, request: Request) -> Response:
        """Who this request is, and what it may do."""
        return Response(_me(request))

    @extend_schema(request=MeIn, responses=MeOut, operation_id="auth_me_update")
    def patch(self, request: Request) -> Response:
        """Change the e-mail address or time zone."""
        given = MeIn(user_of(request), data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        given.save()
        return Response(_me(request))


def _me(request: Request) -> dict[str, Any]:
    user, auth = user_of(request), request.auth
    means = "token" if isinstance(auth, ApiToken) else "jwt" if auth is not None else "session"
    scopes = auth.scopes if isinstance(auth, ApiToken) else ApiToken.Scope.values
    return {**PersonOut(user).data, "signed_in_with": means, "scopes": scopes}
