"""Splits and cash dividends in the books: one ledger entry each, however often they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from common.money import CENT, ZERO, cents, plain, shares
from portfolios import rebuilding, writing
from portfolios.deriving import SPLIT, Derived, Event, derive, split
from portfolios.models import LedgerEntry, Portfolio

SOURCE = "corporate_action"
PLACEHOLDER = 0  # the key of an entry that is about to be written


@dataclass(frozen=True, kw_only=True, slots=True)
class Ratio:
    """A split as the books need it: its name (`key`), `new` shares for `old`, from `at` on."""

    key: str
    symbol: str
    new: int
    old: int
    at: datetime


def holders(symbol: str, at: datetime) -> list[UUID]:
    """The portfolios that held shares of the symbol just before `at`, by id."""
    rows = LedgerEntry.objects.filter(instrument=symbol, at__lt=at).order_by("portfolio").values("portfolio")
    held = rows.annotate(shares=Sum("quantity")).filter(shares__gt=0)
    return list(held.values_list("portfolio", flat=True))


@transaction.atomic
def book_split(
    *, portfolio: Portfolio, ratio: Ratio, whole: bool, price: Decimal | None, now: datetime
) -> LedgerEntry | None:
    """Scale the portfolio's lots, what was sold of them, and its holding. None: nothing held then, or booked before.

    `whole`: the instrument trades in whole shares: the fraction is paid out at `price` dollars a share (of the new
    ones; None: at what it cost). What was bought or sold at or after the split's time is in new shares already.
    """
    locked = writing.lock(portfolio)
    if LedgerEntry.objects.filter(
        portfolio=locked, source_kind=SOURCE, source_id=ratio.key, kind=LedgerEntry.Kind.SPLIT
    ).exists():
        return None
    event = Event(key=PLACEHOLDER, at=ratio.at, kind=SPLIT, new=ratio.new, old=ratio.old)
    derived = after_split(locked, ratio.symbol, event)
    before, after = derived.splits[PLACEHOLDER]
    if not before:
        return None
    cash = ZERO
    fraction = after - shares(after, fractional=False)
    if whole and fraction:
        if price is None:
            price = derived.cost / derived.shares if derived.shares else ZERO
        cash = max(cents(fraction * price), CENT)  # a booking of nothing would leave the fraction unexplained
        derived = after_split(locked, ratio.symbol, replace(event, whole=True, dollars=cash))
        after -= fraction
    entry = LedgerEntry.objects.create(
        portfolio=locked,
        kind=LedgerEntry.Kind.SPLIT,
        at=ratio.at,
        instrument_id=ratio.symbol,
        quantity=after - before,
        amount=cash,
        source_kind=SOURCE,
        source_id=ratio.key,
        note=f"Split {ratio.new}:{ratio.old}"
        + (f", ${plain(cash)} in lieu of {plain(fraction)} shares" if cash else ""),
        new_shares=ratio.new,
        old_shares=ratio.old,
    )
    rebuilding.write(locked, ratio.symbol, _renamed(derived, entry.pk), now=now)
    if cash:
        portfolio.cash = writing.change_cash(locked, cash)
    return entry


def after_split(portfolio: Portfolio, symbol: str, event: Event) -> Derived:
    """The symbol's lots with this split among its entries.

    Nothing since: the lots as they stand are scaled, whichever were chosen for past sales. Else all is derived again.
    """
    later = LedgerEntry.objects.filter(portfolio=portfolio, instrument=symbol, at__gte=event.at)
    if later.exclude(kind__in=(LedgerEntry.Kind.DIVIDEND, LedgerEntry.Kind.FEE)).exists():
        return derive([event, *rebuilding.events_of(portfolio, symbol)])
    derived = rebuilding.standing(portfolio, symbol)
    split(event, derived, rebuilding.open_lots(derived))
    return derived


def _renamed(derived: Derived, key: int) -> Derived:
    """The parts sold by the entry that has its key now."""
    for lot in derived.lots.values():
        for part in lot.sold:
            if part.key == PLACEHOLDER:
                part.key = key
    return derived


@transaction.atomic
def book_dividend(
    *, portfolio: Portfolio, symbol: str, key: str, per_share: Decimal, at: datetime, now: datetime
) -> LedgerEntry | None:
    """Pay a cash dividend on the shares held just before `at` (the ex-date's beginning), to the cent.

    None: nothing held then, less than half a cent, or booked before. It is dated `at`.
    """
    locked = writing.lock(portfolio)
    entries = LedgerEntry.objects.filter(portfolio=locked, instrument=symbol)
    if entries.filter(source_kind=SOURCE, source_id=key, kind=LedgerEntry.Kind.DIVIDEND).exists():
        return None
    held = entries.filter(at__lt=at).aggregate(sum=Sum("quantity"))["sum"] or ZERO
    amount = cents(held * per_share)
    if amount <= ZERO:
        return None
    entry = LedgerEntry.objects.create(
        portfolio=locked,
        kind=LedgerEntry.Kind.DIVIDEND,
        at=at,
        instrument_id=symbol,
        price=per_share,
        amount=amount,
        source_kind=SOURCE,
        source_id=key,
        note=f"${plain(per_share)} a share on {plain(held)} shares",
    )
    portfolio.cash = writing.change_cash(locked, amount)
    return entry
