"""The finished plan in numbers and words. Plain Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from common.money import ZERO, cents, nano, shares
from portfolios.planning.cautions import cautions
from portfolios.planning.draft import Draft
from portfolios.planning.drifting import ends_at_edge
from portfolios.planning.reasons import cash_reason, percent, reason
from portfolios.planning.scoping import Scope
from portfolios.planning.taxing import Disposed, dispose
from portfolios.planning.types import (
    CASH,
    Code,
    DroppedTrade,
    Plan,
    PlannedTrade,
    Residual,
)
from portfolios.planning.wanting import Want


def tell(draft: Draft, scope: Scope, wants: Sequence[Want]) -> Plan:
    """`wants`: what the last pass still wanted and could not trade."""
    trades = _trades(draft)
    by_symbol = {want.symbol: want for want in wants}
    managed = draft.managed
    before = draft.equity_before - draft.reserved_before
    return Plan(
        trades=trades,
        dropped=tuple(_dropped(draft, by_symbol)),
        residuals=tuple(_residuals(draft, scope, by_symbol)),
        warnings=tuple(cautions(draft, trades)),
        equity=draft.equity_before,
        managed=before,
        reserved=draft.reserved_before,
        expected_cost=draft.cost_total,
        estimated_tax=sum((trade.estimated_tax for trade in trades), ZERO),
        turnover=nano(draft.turnover / draft.equity_before),
        cash_before=draft.book.cash,
        cash_after=draft.cash,
        weights_before=_weights(draft, draft.start, draft.book.cash - draft.reserved_before, before),
        weights_after=_weights(draft, {s: draft.values[s] for s in draft.start}, draft.cash - draft.reserved, managed),
    )


def _trades(draft: Draft) -> tuple[PlannedTrade, ...]:
    managed = draft.managed
    made = [_trade(draft, symbol, quantity, managed) for symbol, quantity in draft.traded.items() if quantity]
    gap = {t.symbol: abs(draft.start[t.symbol] - draft.target(t.symbol) * managed) for t in made}
    return tuple(sorted(made, key=lambda t: (t.side == "buy", -gap[t.symbol], t.symbol)))


def _trade(draft: Draft, symbol: str, quantity: Decimal, managed: Decimal) -> PlannedTrade:
    holding, selling = draft.holding(symbol), quantity < ZERO
    disposed = dispose(holding, -quantity, draft.book.now, draft.terms) if selling else Disposed()
    return PlannedTrade(
        symbol=symbol,
        side="sell" if selling else "buy",
        quantity=abs(quantity),
        price=holding.price or ZERO,
        value=abs(draft.traded_values[symbol]),
        cost=draft.costs[symbol],
        reason=_why(draft, symbol, managed),
        lots=disposed.parts,
        short_term_gain=disposed.short_term_gain,
        long_term_gain=disposed.long_term_gain,
        estimated_tax=disposed.tax,
    )


def _why(draft: Draft, symbol: str, managed: Decimal) -> str:
    target = draft.target(symbol)
    now = percent(draft.start[symbol] / (draft.equity_before - draft.reserved_before))
    then = percent(draft.values[symbol] / managed)
    if not target:
        return f"{symbol} is held ({now}) and has no target."
    if not draft.start[symbol]:
        return f"{symbol} is not held, its target is {percent(target)}: this brings it to {then}."
    return f"{symbol} is {now} of what the goal manages, its target is {percent(target)}: this brings it to {then}."


def _dropped(draft: Draft, wants: Mapping[str, Want]) -> Iterator[DroppedTrade]:
    """Trades that were wanted and are not made at all, by symbol."""
    for symbol in sorted(wants):
        want = wants[symbol]
        if draft.traded.get(symbol) or not want.taken:
            continue
        quantity = shares(want.gap / draft.prices[symbol], fractional=True)
        if not quantity:
            continue
        code = want.taken[-1][0]
        yield DroppedTrade(
            symbol=symbol,
            side="sell" if want.sell else "buy",
            quantity=quantity,
            value=want.gap,
            code=code,
            reason=reason(code, draft, symbol, want.sell, want.gap),
        )


def _residuals(draft: Draft, scope: Scope, wants: Mapping[str, Want]) -> Iterator[Residual]:
    """By symbol: value after the plan less target value, split by what stood in the way; then cash, the other side."""
    assets, managed = ZERO, draft.managed
    for symbol in sorted(draft.start):
        off = draft.values[symbol] - cents(draft.target(symbol) * managed)
        assets += off
        for code, dollars in _split(draft, off, wants.get(symbol), scope.holds(symbol)):
            yield Residual(
                symbol=symbol,
                dollars=dollars,
                code=code,
                reason=reason(code, draft, symbol, dollars > ZERO, abs(dollars)),
            )
    if assets:
        yield Residual(symbol=CASH, dollars=-assets, code=Code.LEFTOVER_CASH, reason=cash_reason(-assets))


def _split(draft: Draft, off: Decimal, want: Want | None, in_scope: bool) -> list[tuple[Code, Decimal]]:
    """`off` dollars by what stood in the way of trading them; together they are `off`."""
    if not off:
        return []
    if want is None or not want.taken:
        return [(Code.ROUNDING if in_scope else Code.INSIDE_BAND, off)]
    sign = 1 if want.sell else -1
    parts: dict[Code, Decimal] = {}
    for code, dollars in want.taken:
        parts[code] = parts.get(code, ZERO) + sign * dollars
    rest = off - sum(parts.values(), ZERO)
    main = Code.INSIDE_BAND if ends_at_edge(draft.terms) else max(parts, key=lambda code: abs(parts[code]))
    parts[main] = parts.get(main, ZERO) + rest
    return [(code, dollars) for code, dollars in parts.items() if dollars]


def _weights(draft: Draft, values: Mapping[str, Decimal], free: Decimal, managed: Decimal) -> dict[str, Decimal]:
    shown = {symbol: nano(value / managed) for symbol, value in sorted(values.items()) if value or draft.target(symbol)}
    return {**shown, CASH: nano(free / managed)}
