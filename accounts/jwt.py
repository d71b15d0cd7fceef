"""Refresh tokens: rotated at each use; using an old one again signs its owner out everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from accounts.models import User

# Two tabs, or a client that retries a lost answer, are not a thief.
REUSE_GRACE = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What a client holds: `access` for minutes, `refresh` to get the next pair."""

    access: str
    refresh: str


class _AnyRefreshToken(RefreshToken):
    """Checked for signature, type and expiry; whether it was used is asked by the one INSERT that uses it."""

    def check_blacklist(self) -> None:
        return


def new_pair(user: User) -> Pair:
    """A fresh pair for `user`."""
    refresh = RefreshToken.for_user(user)
    # The library keeps the whole token; its id is enough to end it, and a stolen backup then signs nobody in.
    OutstandingToken.objects.filter(jti=refresh[api_settings.JTI_CLAIM]).update(token="")
    return Pair(access=str(refresh.access_token), refresh=str(refresh))


def rotate(text: str, *, now: datetime) -> Pair:
    """Exchange a refresh token for the next pair. AuthenticationFailed (401) if it cannot be used any more.

    A token used twice was stolen, before or after: everybody who holds one of the user's refresh tokens is signed out.
    """
    token = _checked(text)
    user = User.objects.filter(pk=token[api_settings.USER_ID_CLAIM], is_active=True).first()
    if user is None or token.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(user.password):
        raise _refused("The account was closed or its password changed: sign in again.")
    used, first_time = _spend(token)
    if not first_time:
        owner = used.token.user_id  # nobody's after a sign-out
        if owner and used.blacklisted_at < now - REUSE_GRACE:
            sign_out_everywhere(owner)
        raise _refused("This refresh token was used before: sign in again.")
    return new_pair(user)


def sign_out(text: str) -> None:
    """End a refresh token. Ending it again changes nothing. Access tokens made from it live out their minutes."""
    token = _checked(text)
    entry, _ = _spend(token)
    # Nobody's from now on: a client that tries it once more is late, not a thief.
    OutstandingToken.objects.filter(pk=entry.token_id).update(user=None)


def sign_out_everywhere(user_id: int) -> None:
    """End every refresh token of a user."""
    open_tokens = OutstandingToken.objects.filter(user_id=user_id, blacklistedtoken__isnull=True)
    BlacklistedToken.objects.bulk_create(
        [BlacklistedToken(token=token) for token in open_tokens], ignore_conflicts=True
    )


def _spend(token: RefreshToken) -> tuple[BlacklistedToken, bool]:
    """The row that ends a token, and whether it was ended only now: one INSERT under a unique constraint decides."""
    return token.blacklist()  # type: ignore[return-value]


def _checked(text: str) -> RefreshToken:
    try:
        return _AnyRefreshToken(text)  # type: ignore[arg-type]
    except TokenError as error:
        raise _refused(f"The refresh token cannot be used ({error}): sign in again.") from None


def _refused(why: str) -> AuthenticationFailed:
    return AuthenticationFailed(why, code="token_not_valid")
