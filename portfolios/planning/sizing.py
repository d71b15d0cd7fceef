"""From dollars to orders: proceeds, funding, rounding, minimum and cost. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from common.money import CENT, ZERO, cents, shares
from portfolios.planning.costs import rate_of
from portfolios.planning.draft import Draft
from portfolios.planning.drifting import ends_at_edge, into_the_band
from portfolios.planning.types import Code
from portfolios.planning.wanting import Want, turnover_left

ONE = Decimal(1)


def sell(draft: Draft, wants: Sequence[Want]) -> bool:
    """Add the sales to the draft. Returns whether there were any."""
    sold, up = False, _room_to_round_up(draft, wants)
    for want in wants:
        if want.sell and want.left:
            quantity, code = _quantity(draft, want, want.left, up=want.symbol in up)
            if code is not None:
                want.limit(code, ZERO)
                continue
            _note_rounding(draft, want, quantity)
            draft.trade(want.symbol, -quantity)
            sold = True
    return sold


def buy(draft: Draft, wants: Sequence[Want], funds: Decimal) -> bool:
    """Add purchases for at most `funds` dollars, costs included. Returns whether there were any.

    One factor scales them all. Those it makes too small are left out, the smaller half of them at a time, and the
    others share what that frees.
    """
    active = {want.symbol: want for want in wants if not want.sell and want.left}
    left_out: list[tuple[Want, Code]] = []
    while active:
        factor = _factor(draft, list(active.values()), funds)
        up = _room_to_round_up(draft, list(active.values()), funds) if factor == ONE else set()
        sizes = {s: _quantity(draft, want, want.left * factor, up=s in up) for s, want in active.items()}
        failing = sorted((active[s].left, s, code) for s, (_, code) in sizes.items() if code is not None)
        if not failing:
            for symbol, want in active.items():
                want.limit(Code.FUNDING, want.left * factor)
                _note_rounding(draft, want, sizes[symbol][0])
                draft.trade(symbol, sizes[symbol][0])
            return True
        for _, symbol, code in failing[: (len(failing) + 1) // 2]:
            left_out.append((active.pop(symbol), code if factor == ONE else Code.FUNDING))
    for want, code in left_out:  # none could be made: this is what the plan will tell
        if code is Code.FUNDING:  # if it could not be made with enough cash either, it is not the cash
            code = _quantity(draft, want, want.left)[1] or code
        want.limit(code, ZERO)
    return False


def _factor(draft: Draft, wants: Sequence[Want], funds: Decimal) -> Decimal:
    """The share of what is wanted that `funds` pay for, 0 to 1; two cents an order are kept for rounding."""
    payable = funds - _fees(draft, wants)
    total = sum((want.left for want in wants), ZERO) * (ONE + rate_of(draft.cost))
    return min(ONE, max(payable, ZERO) / total)


def _fees(draft: Draft, wants: Sequence[Want]) -> Decimal:
    commissions = sum((draft.cost.commission for want in wants if not draft.traded.get(want.symbol)), ZERO)
    return commissions + 2 * CENT * len(wants)


def _room_to_round_up(draft: Draft, wants: Sequence[Want], funds: Decimal | None = None) -> set[str]:
    """Moves to a band's edge that may take one share more than fit and still keep the cap and, of purchases, the cash.

    Cheap shares come first.
    """
    if not ends_at_edge(draft.terms):
        return set()
    room = turnover_left(draft) - sum((_floor(draft, want) for want in wants), ZERO)
    side = [want for want in wants if want.left and want.sell == (funds is None)]
    if funds is not None:
        rate = ONE + rate_of(draft.cost)
        paid = sum((_floor(draft, want) for want in side), ZERO)
        room = min(room, (funds - _fees(draft, side)) / rate - paid)
    found = set()
    for price, symbol in sorted((draft.prices[want.symbol], want.symbol) for want in side):
        if price > room:
            break
        found.add(symbol)
        room -= price
    return found


def _floor(draft: Draft, want: Want) -> Decimal:
    """Dollars of it without a share more."""
    holding = draft.holding(want.symbol)
    price = holding.price or ZERO
    return want.left if holding.fractional else price * shares(want.left / price, fractional=False)


def _quantity(draft: Draft, want: Want, dollars: Decimal, *, up: bool = False) -> tuple[Decimal, Code | None]:
    """Shares for at most `dollars`, or why there is no trade. `up`: into the band instead of just outside it."""
    holding, value = draft.holding(want.symbol), draft.values[want.symbol]
    price = holding.price or ZERO
    if not up:  # what is plainly too small needs no arithmetic
        if not holding.fractional and dollars < price:
            return ZERO, Code.ROUNDING
        if dollars < draft.terms.min_trade:
            return ZERO, Code.MIN_TRADE
    whole = dollars == want.gap
    if want.sell and whole and want.gap == value:
        quantity = shares(draft.shares(want.symbol), fractional=holding.fractional)  # all of it, to the last sliver
    elif up and whole and not holding.fractional:
        to_target = abs(value - cents(draft.target(want.symbol) * draft.managed))
        quantity = into_the_band(to_aim=dollars, to_target=to_target, price=price)
    else:
        quantity = shares(dollars / price, fractional=holding.fractional)
    size = cents(quantity * price)
    if not size:
        return ZERO, Code.ROUNDING
    if size < draft.terms.min_trade:
        return ZERO, Code.MIN_TRADE
    return (quantity, None) if draft.worth_it(want.symbol, size) else (ZERO, Code.COST)


def _note_rounding(draft: Draft, want: Want, quantity: Decimal) -> None:
    value = cents(quantity * draft.prices[want.symbol])
    want.limit(Code.ROUNDING, value)
