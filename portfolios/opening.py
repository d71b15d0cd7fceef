"""Open a portfolio."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from accounts.models import User
from common.errors import Conflict, InvalidInput
from common.money import ZERO
from portfolios.ledger import deposit
from portfolios.models import Portfolio

NAME_LENGTH = 80


@transaction.atomic
def open_portfolio(*, user: User, name: str, cash: Decimal, now: datetime, primary: bool = False) -> Portfolio:
    """A new portfolio with `cash` dollars paid in (0 is fine). Conflict if the name, or being primary, is taken."""
    name = name.strip()
    if not name or len(name) > NAME_LENGTH:
        raise InvalidInput({"name": f"{name!r} is not a name: use 1 to {NAME_LENGTH} characters."})
    try:
        with transaction.atomic():
            portfolio = Portfolio.objects.create(user=user, name=name, primary=primary)
    except IntegrityError as error:
        what = "a primary portfolio" if "one_primary" in str(error) else f"a portfolio called {name!r}"
        raise Conflict(f"You already have {what}: choose another name, or do not make it primary.") from error
    if cash != ZERO:
        deposit(portfolio=portfolio, amount=cash, now=now, source_id="opening", note="Opening deposit")
    return portfolio
