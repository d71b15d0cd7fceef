"""A plan under way: the shares traded so far and what follows from them. Plain Python."""

from __future__ import annotations

from decimal import Decimal

from common.money import ZERO, cents
from portfolios.planning.costs import cost_of_trade
from portfolios.planning.drifting import equity_of, reserved_of, value_of
from portfolios.planning.types import CASH, CostModel, GoalTerms, PlanBook, PlanHolding


class Draft:
    """The book after the trades so far, if each fills at its price and costs what is expected."""

    def __init__(self, book: PlanBook, terms: GoalTerms, cost: CostModel) -> None:
        self.book, self.terms, self.cost = book, terms, cost
        total = sum(terms.targets.values(), ZERO)  # 1, give or take a millionth
        self.targets = {symbol: weight / total for symbol, weight in terms.targets.items()}
        self.start = {symbol: value_of(holding) for symbol, holding in book.holdings.items()}
        self.equity_before = equity_of(book)
        self.reserved_before = reserved_of(self.equity_before, terms)
        self.traded: dict[str, Decimal] = {}  # shares, + bought, - sold
        self.traded_values: dict[str, Decimal] = {}  # dollars with the same signs
        self.costs: dict[str, Decimal] = {}
        self.cash = book.cash
        self.cost_total = self.turnover = ZERO

    @property
    def equity(self) -> Decimal:
        return self.equity_before - self.cost_total

    @property
    def reserved(self) -> Decimal:
        return reserved_of(self.equity, self.terms)

    @property
    def managed(self) -> Decimal:
        """Dollars the weights are shares of."""
        return self.equity - self.reserved

    @property
    def free(self) -> Decimal:
        """Cash beyond the reserve and what orders under way will need."""
        return self.cash - self.reserved - self.book.committed_cash

    def target(self, symbol: str) -> Decimal:
        return self.targets.get(symbol, ZERO)

    def holding(self, symbol: str) -> PlanHolding:
        return self.book.holdings[symbol]

    def value(self, symbol: str) -> Decimal:
        return self.start[symbol] + self.traded_values.get(symbol, ZERO)

    def shares(self, symbol: str) -> Decimal:
        return self.book.holdings[symbol].quantity + self.traded.get(symbol, ZERO)

    def cash_target(self, managed: Decimal) -> Decimal:
        """Dollars meant to be cash beyond the reserve: what the targets of the assets leave of `managed`."""
        return managed - sum((cents(self.target(s) * managed) for s in self.targets if s != CASH), ZERO)

    def trade(self, symbol: str, shares: Decimal) -> None:
        """Add `shares` (+ buys, - sells) to the trade in `symbol`; it stays one order."""
        before, paid = self.traded_values.get(symbol, ZERO), self.costs.get(symbol, ZERO)
        total = self.traded.get(symbol, ZERO) + shares
        size = cents(abs(total) * (self.holding(symbol).price or ZERO))
        value = size if total > ZERO else -size
        cost = cost_of_trade(size, self.cost)
        self.traded[symbol], self.traded_values[symbol], self.costs[symbol] = total, value, cost
        self.cash -= value - before + cost - paid
        self.cost_total += cost - paid
        self.turnover += size - abs(before)
