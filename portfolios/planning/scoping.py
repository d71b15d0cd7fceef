"""Which assets a rebalance touches, and where it brings them. Plain Python."""

from __future__ import annotations

from decimal import Decimal

from common.money import ZERO, cents
from portfolios.planning.draft import Draft
from portfolios.planning.drifting import aim_of, drift_of, is_outside
from portfolios.planning.types import CASH, RebalanceTo


class Scope:
    """The assets a plan may move; it only grows while the plan is made, so that each pass sees all of the one before.

    A rebalance to target takes all of them; otherwise those outside their bands, and, if cash is outside its own,
    those that can mend it. While nothing needs rebalancing it holds only what is outside and cannot be helped.
    """

    def __init__(self, draft: Draft, *, force: bool) -> None:
        drift = drift_of(draft.book, draft.terms)
        terms = draft.terms
        self.fresh_cash = terms.cash_flow_only and draft.spare_cash() >= terms.min_trade  # the occasion of such a goal
        self.open = force or drift.needs_rebalancing or self.fresh_cash
        to_target = terms.rebalance_to is RebalanceTo.TARGET or terms.cash_flow_only
        self.everything = self.open and to_target
        self.cash = False  # it is outside its own band
        self.drifted: set[str] = set()
        self.whole_way: set[str] = set()  # to the target, wherever the others end

    def grow(self, draft: Draft) -> None:
        """Take in what is outside now."""
        if self.everything:
            return
        managed, spare = draft.managed, draft.spare_cash()
        self.cash = self.cash or (self.open and _cash_is_off(draft, managed, spare))
        for symbol in draft.book.holdings:
            value, target = draft.values[symbol], draft.target(symbol)
            held = bool(draft.shares(symbol))
            if not held and not target:
                continue
            if is_outside(value=value, held=held, target=target, managed=managed, terms=draft.terms):
                self.drifted.add(symbol)
            if self.cash and (value < target * managed) == (spare > ZERO):
                self.whole_way.add(symbol)

    def aims(self, draft: Draft, managed: Decimal) -> dict[str, Decimal]:
        """Dollars to bring each asset in scope to, to the cent; `managed`: what there will be after costs."""
        if self.everything:
            return {symbol: draft.aim(symbol, managed) for symbol in draft.book.holdings}
        aims = {symbol: self._aim(draft, symbol, managed) for symbol in self.drifted}
        aims.update((symbol, draft.aim(symbol, managed)) for symbol in self.whole_way)
        return aims

    def holds(self, symbol: str) -> bool:
        return self.everything or symbol in self.drifted or symbol in self.whole_way

    def _aim(self, draft: Draft, symbol: str, managed: Decimal) -> Decimal:
        value, target = draft.values[symbol], draft.target(symbol)
        return cents(aim_of(value=value, target=target, managed=managed, terms=draft.terms))


def _cash_is_off(draft: Draft, managed: Decimal, spare: Decimal) -> bool:
    """Whether cash has a target and is outside its band, by enough that a trade could mend it."""
    target, free = draft.target(CASH), draft.cash - draft.reserved
    if not target or abs(spare) < draft.terms.min_trade:
        return False
    return is_outside(value=free, held=free > ZERO, target=target, managed=managed, terms=draft.terms)
