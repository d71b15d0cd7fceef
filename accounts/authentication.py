"""API authentication besides JWT: personal tokens and the site's session."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import ApiToken, User
from accounts.secrets import hashed
from common.clock import now as clock_now

LAST_USED_PRECISION = timedelta(minutes=1)


def holder_of(secret: str, *, now: datetime) -> ApiToken:
    """The live personal token with this secret, its user loaded. Raises AuthenticationFailed."""
    token = ApiToken.objects.select_related("user").filter(secret_hash=hashed(secret)).first()
    if token is None or token.revoked_at or not token.user.is_active:
        raise AuthenticationFailed("This token is unknown or revoked.", code="token_invalid")
    if token.expires_at and token.expires_at <= now:
        raise AuthenticationFailed(f"This token expired at {token.expires_at:%Y-%m-%d %H:%M} UTC.", "token_expired")
    # Once a minute is enough to see whether a token is in use, and spares every other request a write.
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - LAST_USED_PRECISION)
    ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    return token


class PersonalTokenAuthentication(BaseAuthentication):
    """`Authorization: Token pfl_…`. `request.auth` is the ApiToken, whose scopes `HasScope` asks."""

    keyword = "Token"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != self.keyword.lower().encode():
            return None
        if len(words) != 2:
            raise AuthenticationFailed("Send the token as: Authorization: Token pfl_…", code="token_malformed")
        token = holder_of(words[1].decode("latin-1"), now=clock_now())
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


class SiteSessionAuthentication(SessionAuthentication):
    """The site's session, with CSRF."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"
