"""What a draft is checked against: the user's portfolios, holdings, and symbols. Each is asked of the database once.

One draft gets its own; an import hands the same one to a thousand, which then cost what differs between them.
"""

from __future__ import annotations

import difflib
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from accounts.models import User
from markets.models import Instrument
from portfolios.models import Holding, Portfolio, PortfolioGoal

SUGGESTIONS = 10  # looking for the nearest of 20,000 symbols takes a while: a file full of wrong ones gets no more


class Lookups:
    """One user's portfolios, their holdings, and instruments by symbol."""

    def __init__(self, user: User) -> None:
        self._user = user
        self._instruments: dict[str, Instrument | None] = {}
        self._held: dict[UUID, dict[str, Decimal]] = {}
        self._goals: dict[UUID, list[PortfolioGoal]] = {}
        self._suggested = 0

    def preload(self, symbols: set[str]) -> None:
        """Read these instruments in one query."""
        found = Instrument.objects.in_bulk(symbols)
        self._instruments.update({symbol: found.get(symbol) for symbol in symbols})

    def instrument(self, symbol: str) -> Instrument | None:
        """The instrument of an upper-case symbol that PostgreSQL can store."""
        if symbol not in self._instruments:
            self._instruments[symbol] = Instrument.objects.filter(symbol=symbol).first()
        return self._instruments[symbol]

    def portfolio(self, portfolio_id: UUID) -> Portfolio | None:
        return next((portfolio for portfolio in self.portfolios if portfolio.id == portfolio_id), None)

    def primary(self) -> Portfolio | None:
        return next((portfolio for portfolio in self.portfolios if portfolio.primary), None)

    def named(self, name: str) -> Portfolio | None:
        return next((portfolio for portfolio in self.portfolios if portfolio.name == name), None)

    def goals(self, portfolio: Portfolio) -> list[PortfolioGoal]:
        """The portfolio's goals, by name."""
        if portfolio.id not in self._goals:
            rows = PortfolioGoal.objects.filter(portfolio=portfolio, archived_at=None)
            self._goals[portfolio.id] = list(rows.order_by("name"))
        return self._goals[portfolio.id]

    @cached_property
    def portfolios(self) -> list[Portfolio]:
        """Every portfolio of the user, with its account."""
        return list(Portfolio.objects.filter(user=self._user).select_related("broker_account").order_by("created_at"))

    def live(self, portfolio: Portfolio | None) -> bool:
        """Whether its orders would move real money."""
        return portfolio is not None and hasattr(portfolio, "broker_account") and portfolio.broker_account.live

    def held(self, portfolio: Portfolio, symbol: str) -> Decimal:
        """Shares held."""
        if portfolio.id not in self._held:
            rows = Holding.objects.filter(portfolio=portfolio).values_list("instrument_id", "quantity")
            self._held[portfolio.id] = dict(rows)
        return self._held[portfolio.id].get(symbol, Decimal(0))

    def near_symbol(self, symbol: str) -> str:
        """How to go on from a symbol nobody knows."""
        self._suggested += 1
        near: list[str] = []
        if self._suggested <= SUGGESTIONS:
            near = difflib.get_close_matches(symbol, self._known_symbols, n=1)
        return f": did you mean {near[0]}?" if near else ": see /api/markets/instruments/"

    @cached_property
    def _known_symbols(self) -> list[str]:
        return list(Instrument.objects.filter(active=True).values_list("symbol", flat=True)[:20_000])
