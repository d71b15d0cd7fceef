"""Another portfolio that can trade on paper at once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from brokers.opening import open_paper_account
from common.errors import Conflict
from portfolios.models import Portfolio
from portfolios.opening import open_portfolio

MOST_PORTFOLIOS = 20  # per user


@transaction.atomic
def open_paper_portfolio(*, user: User, name: str, cash: Decimal, now: datetime) -> Portfolio:
    """A portfolio with its paper account and `cash` dollars. Raises InvalidInput; Conflict if the name is taken."""
    if Portfolio.objects.filter(user=user).count() >= MOST_PORTFOLIOS:
        raise Conflict(f"You have {MOST_PORTFOLIOS} portfolios: use one of them.")
    portfolio = open_portfolio(user=user, name=name, cash=cash, now=now)
    open_paper_account(portfolio=portfolio)
    return portfolio
