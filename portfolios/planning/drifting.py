"""How far a book is from its goal, and whether that is outside the bands. Plain Python."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from common.money import HUNDRED, ZERO, cents, nano, plain, shares
from portfolios.planning.types import CASH, BandKind, Drift, DriftRow, GoalTerms, PlanBook, PlanHolding, RebalanceTo

FIVE_POINTS, QUARTER = Decimal("0.05"), Decimal("0.25")
ONE_POINT, FIFTH = Decimal("0.01"), Decimal("0.20")
ALWAYS_USE = Decimal(2)  # of a holding without a target, and of a target not held: outside whatever the band
INSIDE = Decimal("0.0001")  # a move to the band's edge ends so far inside it, for what costs and rounding still move


def band_of(target: Decimal, terms: GoalTerms) -> Decimal:
    """Allowed |w - t| in weight points, 0 or more. Definitions and sources: `BandKind`."""
    if terms.band_kind is BandKind.ABSOLUTE:
        return terms.threshold
    if terms.band_kind is BandKind.RELATIVE:
        return terms.threshold * target
    if terms.band_kind is BandKind.HYBRID_5_25:
        return min(FIVE_POINTS, QUARTER * target)
    return max(FIFTH * target, ONE_POINT)


def is_outside(*, value: Decimal, held: bool, target: Decimal, managed: Decimal, terms: GoalTerms) -> bool:
    """Whether an asset needs rebalancing. A holding without a target, or a target not held, always does."""
    return not target or not held or abs(value / managed - target) > band_of(target, terms)


def ends_at_edge(terms: GoalTerms) -> bool:
    """Whether a rebalance stops at the band's edge; one that only buys goes as far as the cash does."""
    return terms.rebalance_to is RebalanceTo.BAND_EDGE and not terms.cash_flow_only


def into_the_band(*, to_aim: Decimal, to_target: Decimal, price: Decimal) -> Decimal:
    """Whole shares for a move of `to_aim` dollars to a band's edge: one more than fit, if that is not past the target.

    Rounded down it would end just outside.
    """
    more = (to_aim / price).quantize(Decimal(1), ROUND_CEILING)
    return more if more * price <= to_target else shares(to_aim / price, fractional=False)


def aim_of(*, value: Decimal, target: Decimal, managed: Decimal, terms: GoalTerms) -> Decimal:
    """Dollars an asset outside its band is brought to: its target, or just inside the nearest edge of the band."""
    if not ends_at_edge(terms) or not target:
        return target * managed
    band = band_of(target, terms)
    inner = band - min(INSIDE, band / 10)
    if inner >= target and not value:
        return target * managed  # the lower edge is nothing at all
    return min(max(value, (target - inner) * managed), (target + inner) * managed)


def drift_of(book: PlanBook, terms: GoalTerms) -> Drift:
    """Every held or wanted asset against its target, and cash. Never raises: `problem` says why nothing can be told."""
    problem = problem_of(book, terms)
    if problem:
        return _untold(problem)
    equity = equity_of(book)
    managed = equity - reserved_of(equity, terms)
    if managed <= ZERO:
        return _untold(nothing_to_share(equity, terms), equity)
    free = book.cash - (equity - managed)
    rows = tuple(_rows(book, terms, managed, free))
    judged = [row for row in rows if row.band is not None]
    return Drift(
        equity=equity,
        managed=managed,
        rows=rows,
        worst=max((abs(row.drift) for row in judged), default=ZERO),
        band_use=max((_use(row) for row in judged), default=ZERO),
        needs_rebalancing=any(row.actionable for row in rows),
    )


def problem_of(book: PlanBook, terms: GoalTerms) -> str:
    """Why neither drift nor a plan can be made of this book; empty if they can."""
    if CASH in book.holdings:
        return f"An instrument with the symbol {CASH} is held, which goals use for cash: they cannot manage it."
    unknown = sorted(symbol for symbol in terms.targets if symbol != CASH and symbol not in book.holdings)
    if unknown:
        return f"{', '.join(unknown)}: no such instrument. Take it out of the targets, or check the symbol."
    unpriced = sorted(symbol for symbol, holding in book.holdings.items() if holding.price is None)
    if unpriced:
        return f"{', '.join(unpriced)}: no price yet, and nothing is built on a guess. Wait for a quote."
    return ""


def equity_of(book: PlanBook) -> Decimal:
    """Cash and every holding at its price; all must have one."""
    return book.cash + sum((value_of(holding) for holding in book.holdings.values()), ZERO)


def value_of(holding: PlanHolding) -> Decimal:
    return ZERO if holding.price is None else cents(holding.quantity * holding.price)


def reserved_of(equity: Decimal, terms: GoalTerms) -> Decimal:
    """Dollars that stay cash and belong to no weight."""
    return cents(terms.cash_buffer + equity * terms.cash_buffer_pct / HUNDRED)


def nothing_to_share(equity: Decimal, terms: GoalTerms) -> str:
    return (
        f"The portfolio is worth ${plain(equity)} and ${plain(reserved_of(equity, terms))} of it stay cash: "
        "nothing is left to share out. Pay cash in, or lower the goal's cash buffer."
    )


def smallest_trade(holding: PlanHolding, terms: GoalTerms) -> Decimal:
    """Dollars below which no trade of it can be made: the goal's minimum, or one share."""
    price = holding.price or ZERO
    return terms.min_trade if holding.fractional else max(terms.min_trade, price)


def _rows(book: PlanBook, terms: GoalTerms, managed: Decimal, free: Decimal) -> Iterator[DriftRow]:
    for symbol in sorted(book.holdings):
        holding, target = book.holdings[symbol], terms.targets.get(symbol, ZERO)
        if not holding.quantity and not target:
            continue
        value = value_of(holding)
        dollars = value - cents(target * managed)
        drift = value / managed - target
        band = band_of(target, terms)
        outside = is_outside(value=value, held=bool(holding.quantity), target=target, managed=managed, terms=terms)
        possible = outside and _large_enough(holding, value, target, managed, terms)
        yield DriftRow(
            symbol=symbol,
            value=value,
            weight=nano(value / managed),
            target=target,
            drift=nano(drift),
            band=band,
            dollars=dollars,
            outside=outside,
            actionable=possible and _may_trade(holding, dollars, terms, free),
        )
    yield _cash_row(terms, managed, free)


def _large_enough(holding: PlanHolding, value: Decimal, target: Decimal, managed: Decimal, terms: GoalTerms) -> bool:
    """Whether the way to where a rebalance ends is as long as the smallest trade."""
    to_aim = abs(value - aim_of(value=value, target=target, managed=managed, terms=terms))
    if holding.fractional or not ends_at_edge(terms):
        return to_aim >= smallest_trade(holding, terms)
    price, to_target = holding.price or ZERO, abs(value - target * managed)
    move = price * into_the_band(to_aim=to_aim, to_target=to_target, price=price)
    return move >= max(terms.min_trade, price)


def _cash_row(terms: GoalTerms, managed: Decimal, free: Decimal) -> DriftRow:
    target = terms.targets.get(CASH, ZERO)
    dollars = free - cents(target * managed)
    drift = free / managed - target
    band = band_of(target, terms) if target else None
    outside = band is not None and (abs(drift) > band or free <= ZERO)
    possible = outside and abs(dollars) >= terms.min_trade
    return DriftRow(
        symbol=CASH,
        value=free,
        weight=nano(free / managed),
        target=target,
        drift=nano(drift),
        band=band,
        dollars=dollars,
        outside=outside,
        actionable=possible and (dollars > ZERO or not terms.cash_flow_only),
    )


def _may_trade(holding: PlanHolding, dollars: Decimal, terms: GoalTerms, free: Decimal) -> bool:
    """Whether something could be done about it at all."""
    if not holding.tradable:
        return False
    if dollars > ZERO:
        return not terms.cash_flow_only and holding.symbol not in terms.do_not_sell
    return not terms.cash_flow_only or free >= smallest_trade(holding, terms)


def _use(row: DriftRow) -> Decimal:
    """|drift| / band; 0 for what is outside but too small to trade, or cannot be traded."""
    if row.outside and not row.actionable:
        return ZERO
    always = row.outside and (not row.target or not row.value)
    share = nano(abs(row.drift) / row.band) if row.band else ZERO
    return max(share, ALWAYS_USE) if always or (row.outside and not row.band) else share


def _untold(problem: str, equity: Decimal | None = None) -> Drift:
    return Drift(
        equity=equity, managed=ZERO, rows=(), worst=ZERO, band_use=ZERO, needs_rebalancing=False, problem=problem
    )
