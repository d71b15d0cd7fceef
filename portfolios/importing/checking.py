"""What an import must not do: sell what was not held, spend what was not there, or change which lots were chosen.

Nor may it touch a portfolio whose truth is a broker outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from common.money import ZERO, plain
from markets.corporate_actions import SPLIT
from markets.importing import BadFile, Mistake
from markets.models import CorporateAction
from portfolios import rebuilding
from portfolios.deriving import Derived, derive
from portfolios.importing.types import Row
from portfolios.lots import EXCHANGE_ZONE
from portfolios.models import LedgerEntry, Portfolio

NEAR = timedelta(days=5)  # a broker books a split within these days of its ex-date
LARGEST_TERM = 1000
_guards: list[Callable[[Portfolio], None]] = []


def guard(check: Callable[[Portfolio], None]) -> None:
    """Register what must be asked before an import: rooms above know who keeps a portfolio. It raises Conflict."""
    if check not in _guards:
        _guards.append(check)


def allowed(portfolio: Portfolio) -> None:
    """Ask all guards. Raises Conflict."""
    for check in _guards:
        check(portfolio)


def announced(row: Row) -> CorporateAction | None:
    """The applied split of the market that this row of a file is about."""
    if row.kind != "split":
        return None
    near = CorporateAction.objects.filter(
        instrument=row.symbol,
        kind=SPLIT,
        applied_at__isnull=False,
        effective_at__range=(row.at - NEAR, row.at + NEAR),
    )
    if row.ratio is not None:
        near = near.filter(new_shares=row.ratio[0], old_shares=row.ratio[1])
    return near.first()


def ratio_of(portfolio: Portfolio, symbol: str, row: Row) -> tuple[int, int] | None:
    """The ratio that gives `row.quantity` shares on what was held at its time; None if no simple one does."""
    events = [event for event in rebuilding.events_of(portfolio, symbol) if event.at < row.at]
    held = derive(events).shares
    if held <= ZERO or held + row.quantity <= ZERO:
        return None
    exact = Fraction(held + row.quantity) / Fraction(held)
    ratio = exact.limit_denominator(LARGEST_TERM)
    if ratio in (0, 1) or abs(ratio - exact) > Fraction(1, 100_000):
        return None
    return ratio.numerator, ratio.denominator


def first_in_first_out(portfolio: Portfolio, rows: Sequence[Row], symbols: Sequence[str]) -> None:
    """Past sales from chosen lots cannot be derived again: refuse such symbols. Raises BadFile."""
    mistakes = []
    for symbol in symbols:
        standing = rebuilding.standing(portfolio, symbol)
        if not rebuilding.same(standing, derive(rebuilding.events_of(portfolio, symbol))):
            row = next(one for one in rows if one.symbol == symbol)
            fix = (
                "has sales here that were made from chosen lots, not first in first out: an import would change which."
                " Import it into a portfolio of its own."
            )
            mistakes.append(Mistake(row=row.line, column="symbol", value=symbol, fix=fix))
    if mistakes:
        raise BadFile(mistakes)


def short(derived: Derived, symbol: str, lines: Mapping[int, int], rows: Sequence[Row]) -> list[Mistake]:
    """A mistake for every sale of more than was held at its time, of the file or, because of the file, of before."""
    mistakes = []
    for one in derived.short:
        wanted, held = plain(one.event.quantity), plain(one.held)
        line = lines.get(one.event.key)
        if line is not None:
            fix = (
                f"is more than the {held} {symbol} held at that time: add the purchases before it (or an opening row"
                " with what was held when the file begins)."
            )
            mistakes.append(Mistake(row=line, column="quantity", value=wanted, fix=fix))
        else:
            first = next(row for row in rows if row.symbol == symbol)
            fix = (
                f"would leave {held} {symbol} for a sale of {wanted} on {one.event.at:%Y-%m-%d} that is booked already:"
                " leave this sale out, or add the purchases before it."
            )
            mistakes.append(Mistake(row=first.line, column="quantity", value=plain(first.quantity), fix=fix))
    return mistakes


def overdrawn(portfolio: Portfolio) -> set[date]:
    """The days (New York) at whose end the ledger's cash was below zero."""
    return {day for day, cash in _balances(portfolio) if cash < ZERO}


def overdrawn_by(
    portfolio: Portfolio, rows: Sequence[Row], lines: Mapping[int, int], before: set[date]
) -> list[Mistake]:
    """A mistake for the first row after which a day ends with less than no cash, if no day did before the import."""
    if before:
        return []
    first = next(((day, cash) for day, cash in _balances(portfolio) if cash < ZERO), None)
    if first is None:
        return []
    day, cash = first
    paid = [row for row in rows if _day(row.at) <= day and (row.kind == "buy" or row.value < ZERO)]
    row = paid[-1] if paid else rows[0]
    fix = (
        f"leaves ${plain(cash)} in cash at the end of {day}: add the deposit that paid for it, or allow negative cash"
        " for a history without its deposits."
    )
    return [Mistake(row=row.line, column="amount", value=plain(row.value), fix=fix)]


def _balances(portfolio: Portfolio) -> list[tuple[date, Decimal]]:
    """The cash at the end of each day on which something was booked."""
    balances: dict[date, Decimal] = {}
    cash = ZERO
    entries = LedgerEntry.objects.filter(portfolio=portfolio).exclude(amount=0).order_by("at", "id")
    for at, amount in entries.values_list("at", "amount"):
        cash += amount
        balances[_day(at)] = cash
    return list(balances.items())


def _day(at: datetime) -> date:
    return at.astimezone(EXCHANGE_ZONE).date()
