"""What a person can change about a portfolio itself: its name, and which one comes first."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import User
from common.errors import Conflict, InvalidInput, NotFound
from portfolios.models import Portfolio
from portfolios.opening import NAME_LENGTH


@transaction.atomic
def rename(*, user: User, portfolio_id: UUID, name: str) -> Portfolio:
    """Call it `name`. Raises InvalidInput, NotFound; Conflict if another of the user's has the name."""
    portfolio, name = _locked(user, portfolio_id), name.strip()
    if not name or len(name) > NAME_LENGTH:
        raise InvalidInput({"name": f"{name!r} is not a name: use 1 to {NAME_LENGTH} characters."})
    portfolio.name = name
    try:
        with transaction.atomic():
            portfolio.save(update_fields=["name"])
    except IntegrityError:
        raise Conflict(f"You already have a portfolio called {name!r}: choose another name.") from None
    return portfolio


@transaction.atomic
def make_primary(*, user: User, portfolio_id: UUID) -> Portfolio:
    """The one that pages, rules and tools take when none is named. Raises NotFound."""
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)  # two choices at once, one after another
    portfolio = _locked(user, portfolio_id)
    Portfolio.objects.filter(user=user, primary=True).exclude(pk=portfolio.pk).update(primary=False)
    portfolio.primary = True
    portfolio.save(update_fields=["primary"])
    return portfolio


def _locked(user: User, portfolio_id: UUID) -> Portfolio:
    found = Portfolio.objects.select_for_update(no_key=True).filter(user=user, pk=portfolio_id).first()
    if found is None:
        raise NotFound(f"There is no portfolio {portfolio_id}.")
    return found
