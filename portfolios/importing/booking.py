"""Book an imported history: all of it or nothing, each row once, however old it is.

The ledger only grows. Lots and holdings are derived from it again for every symbol of the file, so that a purchase
older than what is there takes its place in the order, and past sales take from the lots they would have taken from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from common.money import ZERO, cents
from markets import corporate_actions
from markets.importing import BadFile, Mistake
from markets.models import Quote
from portfolios import rebuilding, writing
from portfolios.corporate import SOURCE
from portfolios.deriving import SPLIT, Derived, Event, derive
from portfolios.importing import checking, instruments, restating
from portfolios.importing.reading import read
from portfolios.importing.types import Booking, Held, Report, Row
from portfolios.lots import OpenLot
from portfolios.models import Holding, LedgerEntry, Portfolio
from portfolios.peaks import move_peak

IMPORT = "import"
Kind = LedgerEntry.Kind
SHARES = {"buy": 1, "opening": 1, "sell": -1}


@transaction.atomic
def import_history(
    *,
    portfolio: Portfolio,
    text: str,
    now: datetime,
    format: str = "",
    dry_run: bool = False,
    allow_negative_cash: bool = False,
    create_instruments: bool = False,
) -> Report:
    """Book a file of transactions (see `reading`). Importing it again, or one that overlaps, books only what is new.

    `dry_run` does all of it and takes it back. `create_instruments` makes unknown symbols known, for the record only:
    they cannot be traded until an administrator says so. Raises BadFile naming every row, column, value and fix;
    InvalidInput; Conflict when a broker outside keeps this portfolio.
    """
    checking.allowed(portfolio)
    reading = read(text, now=now, format=format)
    locked = writing.lock(portfolio)
    known = set(
        LedgerEntry.objects.filter(portfolio=locked, source_kind=IMPORT).values_list("source_id", flat=True)
    ) | _known_splits(locked, reading.rows)
    new = [row for row in reading.rows if row.source_id not in known]
    with transaction.atomic():
        created = instruments.ensure(new, create=create_instruments)
        booked = _book(locked, new, allow_negative_cash, now) if new else ()
        locked.refresh_from_db()
        holdings = Holding.objects.filter(portfolio=locked).order_by("instrument")
        report = Report(
            dry_run=dry_run,
            format=reading.format,
            booked=tuple(booked),
            already_booked=len(reading.rows) - len(new),
            left_out=reading.left_out,
            cash=locked.cash,
            holdings=tuple(Held(symbol=row.instrument_id, quantity=row.quantity, cost=row.cost) for row in holdings),
            created=tuple(created),
        )
        if dry_run:
            transaction.set_rollback(True)
    return report


def _known_splits(portfolio: Portfolio, rows: Sequence[Row]) -> set[str]:
    """The split rows of the file that the market announced and that are booked under its name."""
    booked = set(
        LedgerEntry.objects.filter(portfolio=portfolio, source_kind=SOURCE, kind=Kind.SPLIT).values_list(
            "source_id", flat=True
        )
    )
    return {row.source_id for row in rows if (found := checking.announced(row)) is not None and found.key in booked}


def _book(portfolio: Portfolio, rows: Sequence[Row], allow_negative: bool, now: datetime) -> list[Booking]:
    rows = sorted(rows, key=lambda row: row.at)  # stable: rows of one moment stay in the file's order
    symbols = sorted({row.symbol for row in rows if row.symbol and row.kind in (*SHARES, SPLIT)})
    checking.first_in_first_out(portfolio, rows, symbols)
    shares_before = dict(
        Holding.objects.filter(portfolio=portfolio, instrument__in=symbols).values_list("instrument_id", "quantity")
    )
    overdrawn_before = checking.overdrawn(portfolio)
    last_id = LedgerEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0
    lines = _add_entries(portfolio, [row for row in rows if row.kind != SPLIT])
    mistakes: list[Mistake] = []
    derived: dict[str, Derived] = {}
    for symbol in symbols:
        _add_splits(portfolio, symbol, [row for row in rows if row.kind == SPLIT and row.symbol == symbol], mistakes)
        derived[symbol] = derive(rebuilding.events_of(portfolio, symbol))
        mistakes += checking.short(derived[symbol], symbol, lines, rows)
    if not allow_negative and not mistakes:
        mistakes += checking.overdrawn_by(portfolio, rows, lines, overdrawn_before)
    if mistakes:
        raise BadFile(sorted(mistakes, key=lambda one: one.row))
    entries = list(LedgerEntry.objects.filter(portfolio=portfolio, id__gt=last_id).order_by("at", "id"))
    cash = sum((entry.amount for entry in entries), ZERO)
    move_peak(portfolio, cash + _value_of(derived, shares_before))
    for symbol, one in derived.items():
        rebuilding.write(portfolio, symbol, one, now=now)
    writing.change_cash(portfolio, cash)
    restating.restate(portfolio, entries)
    return [
        Booking(
            line=lines.get(entry.pk),
            kind=entry.kind,
            at=entry.at,
            symbol=entry.instrument_id or "",
            quantity=entry.quantity,
            price=entry.price,
            amount=entry.amount,
            source_id=entry.source_id,
            note=entry.note,
        )
        for entry in entries
    ]


def _value_of(derived: dict[str, Derived], before: dict[str, Decimal]) -> Decimal:
    """What the shares that came (or went) are worth now, in dollars."""
    prices = dict(Quote.objects.filter(pk__in=derived).values_list("pk", "last"))
    return sum(
        (
            cents((one.shares - before.get(symbol, ZERO)) * prices[symbol])
            for symbol, one in derived.items()
            if symbol in prices
        ),
        ZERO,
    )


def _add_entries(portfolio: Portfolio, rows: Sequence[Row]) -> dict[int, int]:
    """Insert the rows' entries, their fees, and the lots of opening positions. Returns entry -> line of the file."""
    entries, fees = [], []
    for row in rows:
        sign = SHARES.get(row.kind, 0)
        amount = {"buy": -row.value, "opening": ZERO}.get(row.kind, row.value)
        common = {
            "portfolio": portfolio,
            "at": row.at,
            "instrument_id": row.symbol or None,
            "source_kind": IMPORT,
            "source_id": row.source_id,
            "note": row.note,
        }
        entries.append(
            LedgerEntry(**common, kind=row.kind, quantity=sign * row.quantity, price=row.price, amount=amount)
        )
        if row.fee and row.kind in ("buy", "sell"):
            fees.append((LedgerEntry(**common, kind=Kind.FEE, amount=-row.fee), row.line))
    LedgerEntry.objects.bulk_create(entries)
    LedgerEntry.objects.bulk_create([fee for fee, _ in fees])
    opened = [(entry, row) for entry, row in zip(entries, rows, strict=True) if row.kind == "opening"]
    writing.add_lots(
        portfolio,
        [
            (
                entry,
                OpenLot(row=None, acquired_at=row.at, open_quantity=row.quantity, open_cost=row.value + row.fee),
                row.quantity,
                row.value + row.fee,
            )
            for entry, row in opened
        ],
    )
    return {entry.pk: row.line for entry, row in zip(entries, rows, strict=True)} | {fee.pk: line for fee, line in fees}


def _add_splits(portfolio: Portfolio, symbol: str, rows: Sequence[Row], mistakes: list[Mistake]) -> None:
    """Book the file's splits and those the market has had, wherever shares were held; correct those booked before.

    An announced split goes by its own name: in the file or not, it is booked once.
    """
    wanted: dict[tuple[str, str], Event] = {}
    for row in rows:
        if checking.announced(row) is not None:
            continue
        ratio = row.ratio or checking.ratio_of(portfolio, symbol, row)
        if ratio is None:
            fix = "does not fit the shares held at that time: give the ratio in our own format."
            mistakes.append(Mistake(row=row.line, column="quantity", value=str(row.quantity), fix=fix))
            continue
        wanted[IMPORT, row.source_id] = Event(key=-1 - len(wanted), at=row.at, kind=SPLIT, new=ratio[0], old=ratio[1])
    for one in corporate_actions.splits_of([symbol]):
        wanted[SOURCE, one.key] = Event(
            key=-1 - len(wanted),
            at=one.effective_at,
            kind=SPLIT,
            new=one.new_shares or 1,
            old=one.old_shares or 1,
        )
    booked: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    rows_booked = LedgerEntry.objects.filter(portfolio=portfolio, instrument=symbol, kind=Kind.SPLIT)
    first: dict[tuple[str, str], int] = {}
    for pk, source_kind, source_id, quantity, new in rows_booked.values_list(
        "pk", "source_kind", "source_id", "quantity", "new_shares"
    ):
        key = (source_kind, source_id.partition("#")[0])
        booked[key] += quantity
        if new:
            first[key] = pk
    events = rebuilding.events_of(portfolio, symbol)
    derived = derive([*events, *(event for key, event in wanted.items() if key not in first)])
    at = {event.key: event for event in (*events, *wanted.values())}
    for key in {**wanted, **first}:
        event = at[first[key]] if key in first else wanted[key]
        before, after = derived.splits[event.key]
        change = after - before - booked[key]
        if change or (key not in first and before):
            _add_split(portfolio, symbol, key, event, change, again=key in first, number=rows_booked.count())


def _add_split(
    portfolio: Portfolio, symbol: str, key: tuple[str, str], event: Event, change: Decimal, *, again: bool, number: int
) -> None:
    LedgerEntry.objects.create(
        portfolio=portfolio,
        kind=Kind.SPLIT,
        at=event.at,
        instrument_id=symbol,
        quantity=change,
        amount=ZERO,
        source_kind=key[0],
        source_id=f"{key[1]}#{number}" if again else key[1],
        note=f"Split {event.new}:{event.old}" + (", of shares imported later" if again else ""),
        new_shares=None if again else event.new,
        old_shares=None if again else event.old,
    )
