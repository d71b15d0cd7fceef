"""One simulated account on its way through a market: valued at every close, traded at opens. Plain Python and numpy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

import numpy as np

from automation.backtest.account import Account, Trade
from automation.backtest.gating import Gatekeeper, Standing
from automation.backtest.market import Market
from automation.replay.bars import exact
from common.money import ZERO, cents
from markets.fill_model import BUY, SELL, Costs
from portfolios.lots import EXCHANGE_ZONE


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A market order somebody wants: shares."""

    symbol: str
    side: str
    quantity: Decimal
    why: str = ""


Pulse = Callable[[float], None]


def silent(share: float) -> None:
    """Nobody wants to know how much of the work is done (0 to 1)."""


class Course:
    """Where a backtest is. Time only goes forward: `act` at a moment values everything before it first."""

    def __init__(self, market: Market, *, cash: Decimal, costs: Costs, gate: Gatekeeper, pulse: Pulse = silent) -> None:
        self.market, self.gate, self.pulse = market, gate, pulse
        self.account = Account(cash, costs)
        self.start = cash
        size = len(market) - market.first
        self.equity = np.full(size, float(cash))  # dollars at each close, from `market.first` on
        self.invested = np.zeros(size)  # the part of it in shares
        self._valued = market.first  # closes of the moments before it are known
        self._peak = cash
        self._date: date | None = None
        self._midnight = 0
        self._trades_today, self._turnover_today = 0, ZERO
        self._priced_at = -1
        self._column: list[float] = []
        self._known: dict[str, Decimal] = {}
        self._worth: dict[str, tuple[Decimal, Decimal]] = {}

    def standing(self, at: int, symbols: Iterable[str]) -> Standing:
        """The account at a moment, at its opens. `symbols`: what else needs a price."""
        self._value_until(at)
        self.pulse((at - self.market.first) / max(len(self.market) - self.market.first, 1))
        market, account = self.market, self.account
        now = market.time(at)
        self._turn_day(now)
        wanted = set(symbols)
        prices = self._prices(at, wanted | account.positions.keys())
        previous = {}
        if at:
            before = market.closes[:, at - 1]
            previous = {s: exact(value) for s in wanted if (value := before[market.row[s]]) == value}
        return Standing(
            now=now,
            trading_date=self._date or now.date(),
            cash=account.cash,
            equity=account.cash + sum(self._values(prices), ZERO),
            day_start=self._day_start(),
            peak=self._peak,
            positions=account.positions,
            prices=prices,
            previous=previous,
            trades_today=self._trades_today,
            turnover_today=self._turnover_today,
        )

    def act(self, at: int, standing: Standing, orders: Sequence[Wanted]) -> list[Trade]:
        """Put orders before the gate in the order given, then fill what it admits at the open of `at`."""
        market, made = self.market, []
        self.gate.open_batch(standing, {order.symbol for order in orders})
        admitted = [
            order
            for order in orders
            if self.gate.admits(at=at, symbol=order.symbol, side=order.side, quantity=order.quantity)
        ]
        for order in admitted:
            close = exact(market.closes[market.row[order.symbol], at])
            fills = self.account.trade(
                symbol=order.symbol,
                side=order.side,
                quantity=order.quantity,
                prices=(standing.prices[order.symbol], close),
                at=at,
                time=standing.now,
                why=order.why,
            )
            self._trades_today += 1
            self._turnover_today += sum((fill.quantity * fill.price for fill in fills), ZERO)
            made += fills
        return made

    def finish(self) -> None:
        """Value the rest."""
        self._value_until(len(self.market))

    def _prices(self, at: int, symbols: Set[str]) -> dict[str, Decimal]:
        """What shares cost at a moment; those asked for before at this moment are known."""
        if self._priced_at != at:
            self._priced_at, self._known, self._worth = at, {}, {}
            self._column = self.market.opens[:, at].tolist()
        row = self.market.row
        for symbol in symbols - self._known.keys():
            value = self._column[row[symbol]]
            if value == value:
                self._known[symbol] = Decimal(repr(value))
        return self._known

    def _values(self, prices: dict[str, Decimal]) -> Iterator[Decimal]:
        """What each holding is worth, to the cent, as a portfolio is valued live; only what changed is worked out."""
        worth = self._worth
        for symbol, shares in self.account.positions.items():
            known = worth.get(symbol)
            if known is None or known[0] != shares:
                known = worth[symbol] = shares, cents(shares * prices[symbol])
            yield known[1]

    def _value_until(self, at: int) -> None:
        """Equity at the closes of the moments not valued yet, with what is held now."""
        begin, first = self._valued, self.market.first
        if at <= begin:
            return
        here = slice(begin - first, at - first)
        positions = self.account.positions
        if positions:
            rows = [self.market.row[symbol] for symbol in positions]
            held = np.array([float(shares) for shares in positions.values()])
            self.invested[here] = held @ self.market.closes[rows, begin:at]
        self.equity[here] = float(self.account.cash) + self.invested[here]
        self._peak = max(self._peak, _dollars(self.equity[here].max()))
        self._valued = at

    def _turn_day(self, now: datetime) -> None:
        day = now.astimezone(EXCHANGE_ZONE).date()
        if day != self._date:
            self._date, self._trades_today, self._turnover_today = day, 0, ZERO
            self._midnight = int(datetime.combine(day, time.min, EXCHANGE_ZONE).timestamp())

    def _day_start(self) -> Decimal:
        """Equity at the last close before the exchange's date began."""
        before = int(np.searchsorted(self.market.times[: self._valued], self._midnight)) - 1
        if before < self.market.first:
            return self.start
        return _dollars(self.equity[before - self.market.first])


def sells_first(orders: Iterable[Wanted]) -> list[Wanted]:
    """Sales before buys, otherwise as given."""
    return sorted(orders, key=lambda order: order.side != SELL)


def order_for(symbol: str, change: Decimal, why: str = "") -> Wanted | None:
    """The order that changes a position by so many shares; None for no change."""
    if not change:
        return None
    return Wanted(symbol=symbol, side=BUY if change > 0 else SELL, quantity=abs(change), why=why)


def _dollars(value: float) -> Decimal:
    return cents(exact(value))
