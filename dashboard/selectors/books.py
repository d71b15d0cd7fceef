"""Lots and the ledger, with their filters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils import timezone

from common.money import ZERO, cents, percent_of
from portfolios.lots import EXCHANGE_ZONE, held_long
from portfolios.models import LedgerEntry, Lot, Portfolio

PAGE = 50
MOST_EXPORTED = 100_000


def lot_page(portfolio: Portfolio, filters: Mapping[str, str], number: str, *, now: datetime) -> dict[str, Any]:
    """Open lots, the oldest first, at the latest quotes; with what all of them come to."""
    lots = Lot.objects.filter(portfolio=portfolio, open_quantity__gt=0).order_by("acquired_at", "pk")
    symbols = list(lots.order_by("instrument_id").values_list("instrument_id", flat=True).distinct())
    if filters.get("symbol"):
        lots = lots.filter(instrument_id=filters["symbol"].upper())
    page: Page[Any] = Paginator(lots.select_related("instrument__quote"), PAGE).get_page(number)
    page.object_list = [_lot(lot, now) for lot in page.object_list]
    return {"rows": page, "lot_symbols": symbols, "totals": _totals(lots, now)}


def _lot(lot: Lot, now: datetime) -> dict[str, Any]:
    quote = getattr(lot.instrument, "quote", None)
    value = None if quote is None else cents(quote.last * lot.open_quantity)
    gain = None if value is None else value - lot.open_cost
    day = lot.acquired_at.astimezone(EXCHANGE_ZONE).date()
    held = (now.astimezone(EXCHANGE_ZONE).date() - day).days
    long_term = held_long(lot.acquired_at, now)
    return {
        "lot": lot,
        "unit_cost": lot.open_cost / lot.open_quantity,
        "value": value,
        "gain": gain,
        "gain_percent": None if gain is None else percent_of(gain, lot.open_cost),
        "held": held,
        "long_term": long_term,
        "until_long": None if long_term else _until_long(day, now),
    }


def _until_long(acquired: date, now: datetime) -> int:
    """Days until a sale is long term: the day after the anniversary."""
    try:
        anniversary = acquired.replace(year=acquired.year + 1)
    except ValueError:
        anniversary = date(acquired.year + 1, 2, 28)
    return (anniversary + timedelta(days=1) - now.astimezone(EXCHANGE_ZONE).date()).days


def _totals(lots: QuerySet[Lot], now: datetime) -> dict[str, Any]:
    """Open gains by holding period; None while a price is missing."""
    gains: dict[bool, Decimal] = {True: ZERO, False: ZERO}
    rows = lots.values_list("acquired_at", "open_quantity", "open_cost", "instrument__quote__last")
    missing, cost, count = False, ZERO, 0
    for acquired_at, quantity, open_cost, last in rows:
        cost, count = cost + open_cost, count + 1
        if last is None:
            missing = True
        else:
            gains[held_long(acquired_at, now)] += cents(last * quantity) - open_cost
    return {
        "cost": cost,
        "count": count,
        "short_term": None if missing else gains[False],
        "long_term": None if missing else gains[True],
    }


def entries_of(portfolio: Portfolio, filters: Mapping[str, str]) -> tuple[QuerySet[LedgerEntry], dict[str, str]]:
    """The ledger, newest first, filtered by kind, symbol, since and until (dates of the reader's clock); and what was
    wrong with a filter, by its name."""
    entries = LedgerEntry.objects.filter(portfolio=portfolio).order_by("-at", "-id")
    wrong: dict[str, str] = {}
    if filters.get("kind"):
        if filters["kind"] in LedgerEntry.Kind.values:
            entries = entries.filter(kind=filters["kind"])
        else:
            wrong["kind"] = f"{filters['kind']!r} is no kind of entry: choose one of the list."
    if filters.get("symbol"):
        entries = entries.filter(instrument_id=filters["symbol"].strip().upper())
    for name, lookup, days in (("since", "at__gte", 0), ("until", "at__lt", 1)):
        if not filters.get(name):
            continue
        try:
            day = date.fromisoformat(filters[name]) + timedelta(days=days)
        except (ValueError, OverflowError):
            wrong[name] = f"{filters[name]!r} is no date: write it like 2026-01-31."
            continue
        local = (
            timezone.make_aware(datetime.combine(day, time.min)) if day.year > 1 else datetime.min.replace(tzinfo=UTC)
        )
        entries = entries.filter(**{lookup: local})
    return entries, wrong


def ledger_page(portfolio: Portfolio, filters: Mapping[str, str], number: str) -> dict[str, Any]:
    """One page of it."""
    entries, wrong = entries_of(portfolio, filters)
    return {
        "rows": Paginator(entries, PAGE).get_page(number),
        "kinds": LedgerEntry.Kind.choices,
        "wrong": wrong,
    }


def transfers_of(portfolio: Portfolio) -> list[LedgerEntry]:
    """The newest deposits and withdrawals."""
    kinds = (LedgerEntry.Kind.DEPOSIT, LedgerEntry.Kind.WITHDRAWAL)
    return list(LedgerEntry.objects.filter(portfolio=portfolio, kind__in=kinds).order_by("-at", "-id")[:PAGE])
