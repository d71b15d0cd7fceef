"""Personal tokens: made, listed and revoked by their owner; the secret is shown once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import ApiToken, User
from accounts.secrets import hashed, new_secret
from common.errors import InvalidInput, NotFound

PREFIX = "pfl_"
SHOWN_CHARACTERS = 12


def create_token(
    *, user: User, name: str, scopes: Sequence[str], now: datetime, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a token and return it with its secret, which is stored nowhere. InvalidInput names the wrong field."""
    unknown = [scope for scope in scopes if scope not in ApiToken.Scope.values]
    if unknown or not scopes:
        raise InvalidInput({"scopes": f"{list(scopes)}: choose from {', '.join(ApiToken.Scope.values)}."})
    if expires_at and expires_at <= now:
        raise InvalidInput({"expires_at": f"{expires_at.isoformat()} is not in the future."})
    secret = new_secret(PREFIX)
    token = ApiToken(
        user=user,
        name=name,
        prefix=secret[:SHOWN_CHARACTERS],
        secret_hash=hashed(secret),
        scopes=sorted(set(scopes)),
        created_at=now,
        expires_at=expires_at,
    )
    try:
        with transaction.atomic():
            token.save(force_insert=True)
    except IntegrityError:
        raise InvalidInput({"name": f"You have a token named {name!r}: choose another name, or revoke it."}) from None
    return token, secret


def token_of(*, user: User, token_id: UUID) -> ApiToken:
    """The user's token; another user's is NotFound."""
    token = ApiToken.objects.filter(user=user, pk=token_id).first()
    if token is None:
        raise NotFound("You have no such token.")
    return token


def revoke_token(*, user: User, token_id: UUID, now: datetime) -> None:
    """Revoke a token at once. Revoking it again changes nothing; another user's is NotFound."""
    token = token_of(user=user, token_id=token_id)
    ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now)
