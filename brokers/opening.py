"""Open accounts."""

from __future__ import annotations

from brokers.models import BrokerAccount
from portfolios.models import Portfolio


def open_paper_account(*, portfolio: Portfolio) -> BrokerAccount:
    """Give the portfolio its paper account. Doing it twice returns the first one."""
    account, _ = BrokerAccount.objects.get_or_create(
        portfolio=portfolio, defaults={"kind": BrokerAccount.Kind.PAPER, "live": False}
    )
    return account
