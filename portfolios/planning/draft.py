"""A plan under way: the shares traded so far and what follows from them. Plain Python."""

from __future__ import annotations

from decimal import Decimal

from common.money import CENT, ZERO, cents
from portfolios.planning.costs import benefit_of_trade, cost_of_trade, rate_of
from portfolios.planning.drifting import equity_of, reserved_of, value_of
from portfolios.planning.types import CASH, CostModel, GoalTerms, PlanBook, PlanHolding


class Draft:
    """The book after the trades so far, if each fills at its price and costs what is expected."""

    def __init__(self, book: PlanBook, terms: GoalTerms, cost: CostModel) -> None:
        self.book, self.terms, self.cost = book, terms, cost
        total = sum(terms.targets.values(), ZERO)  # 1, give or take a millionth
        self.targets = {symbol: weight / total for symbol, weight in terms.targets.items()}
        self.start = {symbol: value_of(holding) for symbol, holding in book.holdings.items()}
        self.values = dict(self.start)  # dollars now
        self.prices = {symbol: holding.price or ZERO for symbol, holding in book.holdings.items()}
        self.rate = rate_of(cost)
        self.equity_before = equity_of(book)
        self.reserved_before = reserved_of(self.equity_before, terms)
        self.traded: dict[str, Decimal] = {}  # shares, + bought, - sold
        self.traded_values: dict[str, Decimal] = {}  # dollars with the same signs
        self.costs: dict[str, Decimal] = {}
        holdings = book.holdings.values()
        tradable = all(holding.tradable for holding in holdings)
        # Whether any limit of a single asset can bind at all: most goals have none, and there may be many assets.
        self.limits_sales = bool(
            not tradable
            or terms.do_not_sell
            or terms.cash_flow_only
            or terms.avoid_short_term_gains
            or any(holding.committed for holding in holdings)
        )
        self.limits_purchases = bool(not tradable or (terms.wash_sale_lock and book.loss_sales))
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

    def shares(self, symbol: str) -> Decimal:
        return self.book.holdings[symbol].quantity + self.traded.get(symbol, ZERO)

    def aim(self, symbol: str, managed: Decimal) -> Decimal:
        """Dollars of its target, to the cent, if `managed` dollars are shared out."""
        return cents(self.targets.get(symbol, ZERO) * managed)

    def spare_cash(self) -> Decimal:
        """Free cash above its own target, which is what the targets of the assets leave."""
        managed = self.managed
        return self.free - managed + sum((self.aim(s, managed) for s in self.targets if s != CASH), ZERO)

    def worth_it(self, symbol: str, value: Decimal) -> bool:
        """Whether trading `value` dollars more of it is worth what that costs."""
        fixed = ZERO if self.traded.get(symbol) else self.cost.commission
        return fixed + value * self.rate + CENT <= benefit_of_trade(value, self.cost) or not (fixed or self.rate)

    def trade(self, symbol: str, shares: Decimal) -> None:
        """Add `shares` (+ buys, - sells) to the trade in `symbol`; it stays one order."""
        before, paid = self.traded_values.get(symbol, ZERO), self.costs.get(symbol, ZERO)
        total = self.traded.get(symbol, ZERO) + shares
        size = cents(abs(total) * self.prices[symbol])
        value = size if total > ZERO else -size
        cost = cost_of_trade(size, self.cost)
        self.traded[symbol], self.traded_values[symbol], self.costs[symbol] = total, value, cost
        self.values[symbol] = self.start[symbol] + value
        self.cash -= value - before + cost - paid
        self.cost_total += cost - paid
        self.turnover += size - abs(before)
