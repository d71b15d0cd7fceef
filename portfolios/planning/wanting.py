"""What each asset would have to be traded for, and what the limits leave of that. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal

from common.money import CENT, ZERO
from portfolios.planning.draft import Draft
from portfolios.planning.taxing import without_short_term_gain
from portfolios.planning.types import Code


@dataclass(kw_only=True, slots=True)
class Want:
    """Dollars one asset should be bought or sold for. `taken`: what each limit took off, in order."""

    symbol: str
    sell: bool
    gap: Decimal
    left: Decimal
    taken: list[tuple[Code, Decimal]] = field(default_factory=list)

    def limit(self, code: Code, most: Decimal) -> None:
        """Leave at most `most` dollars, down to the cent."""
        if most < self.left:
            most = max(most, ZERO).quantize(CENT, ROUND_DOWN)
            self.taken.append((code, self.left - most))
            self.left = most


def wants_of(draft: Draft, aims: Mapping[str, Decimal]) -> list[Want]:
    """One for each asset that is not where it should be, after the limits that look at the asset alone."""
    wants, values = [], draft.values
    for symbol, aim in aims.items():
        gap = values[symbol] - aim
        if gap > ZERO:
            want = Want(symbol=symbol, sell=True, gap=gap, left=gap)
            if draft.limits_sales:
                _limit_sale(draft, want)
            wants.append(want)
        elif gap:
            want = Want(symbol=symbol, sell=False, gap=-gap, left=-gap)
            if draft.limits_purchases:
                _limit_purchase(draft, want)
            wants.append(want)
    return wants


def turnover_left(draft: Draft) -> Decimal:
    """Dollars that may still be bought or sold under the goal's turnover cap."""
    cap = draft.terms.turnover_cap
    if cap is None:
        return Decimal("Infinity")
    kept = CENT * len(draft.book.holdings)  # a cent an order, for rounding
    return max(cap * draft.equity_before - draft.turnover - kept, ZERO)


def cap_turnover(draft: Draft, wants: Sequence[Want]) -> None:
    """Scale everything by one factor if all of it would be more than the goal's turnover cap."""
    total, most = sum((want.left for want in wants), ZERO), turnover_left(draft)
    if total > most:
        for want in wants:
            want.limit(Code.TURNOVER_CAP, want.left * most / total)


def _limit_sale(draft: Draft, want: Want) -> None:
    terms, holding = draft.terms, draft.holding(want.symbol)
    price = holding.price or ZERO
    sold = -min(draft.traded.get(want.symbol, ZERO), ZERO)
    if holding.committed:
        want.limit(Code.HELD, (draft.shares(want.symbol) - holding.committed) * price)
    if want.symbol in terms.do_not_sell:
        want.limit(Code.DO_NOT_SELL, ZERO)
    if terms.cash_flow_only:
        want.limit(Code.CASH_FLOW_ONLY, ZERO)
    if not holding.tradable:
        want.limit(Code.NOT_TRADABLE, ZERO)
    if terms.avoid_short_term_gains and holding.lots:
        gentle = sum((lot.quantity for lot in without_short_term_gain(holding, draft.book.now)), ZERO)
        if gentle < holding.quantity:
            want.limit(Code.SHORT_TERM_GAIN, (gentle - sold) * price)


def _limit_purchase(draft: Draft, want: Want) -> None:
    if not draft.holding(want.symbol).tradable:
        want.limit(Code.NOT_TRADABLE, ZERO)
    if draft.terms.wash_sale_lock and want.symbol in draft.book.loss_sales:
        want.limit(Code.WASH_SALE_LOCK, ZERO)
