"""The price table: dollars per million tokens, the common rows and each user's own."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db.models import F, Q

from accounts.models import User
from agent.models import ModelPrice
from common.errors import NotFound


def set_price(
    *,
    user: User,
    provider: str,
    model: str,
    input: Decimal,
    output: Decimal,
    now: datetime,
    cache_read: Decimal | None = None,
    cache_write: Decimal | None = None,
) -> ModelPrice:
    """The user's own price of a model. Cached tokens cost as much as others unless said."""
    price, _ = ModelPrice.objects.update_or_create(
        user=user,
        provider=provider,
        model=model.strip(),
        defaults={
            "input": input,
            "output": output,
            "cache_read": input if cache_read is None else cache_read,
            "cache_write": input if cache_write is None else cache_write,
            "updated_at": now,
        },
    )
    return price


def forget_price(*, user: User, price_id: int) -> None:
    """Delete one of the user's own prices; the common one holds again. Raises NotFound."""
    if not ModelPrice.objects.filter(user=user, pk=price_id).delete()[0]:
        raise NotFound(f"There is no price {price_id} of yours.")


def prices_of(user: User) -> list[ModelPrice]:
    """The prices that hold for the user: the common ones, each behind the user's own of the same model."""
    rows = ModelPrice.objects.filter(Q(user=user) | Q(user=None)).order_by(
        "provider", "model", F("user").asc(nulls_last=True)
    )
    found: dict[tuple[str, str], ModelPrice] = {}
    for row in rows:
        found.setdefault((row.provider, row.model), row)
    return list(found.values())
