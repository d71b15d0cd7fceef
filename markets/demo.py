"""The demo market: always open, always marked, deterministic for a seed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from common.errors import Conflict, InvalidInput
from common.money import plain
from markets.bars import close_day, day_start, keep_bars
from markets.calendar import DEMO, NEW_YORK, XNYS, ensure_exchanges, fill_calendar, sessions_between, trading_date
from markets.demo_catalogue import BY_SYMBOL, CATALOGUE
from markets.demo_history import SOURCE, average_volume, history, simulated_day
from markets.instruments import by_symbol
from markets.models import Bar, DemoPriceOverride, Instrument, MarketSession, Quote
from markets.quoting import record_ticks
from markets.types import Tick

LONGEST_HOLD = 3600  # seconds
FORGOTTEN = timedelta(minutes=2)  # an override nobody took for so long is not applied by a feed that starts later
SUB_PENNY = Decimal("0.0001")
MINUTES_PER_DAY = 1440


def seed_demo_market(*, now: datetime, seed: int, count: int | None = None) -> dict[str, int]:
    """Create exchanges, calendar, demo instruments, their daily bars up to yesterday and a first quote each.

    Idempotent: what exists stays, and days missing since the last run are added. `count` keeps only the newest bars
    of each history (for tests). Returns how many rows of each kind were added.
    """
    with transaction.atomic():
        ensure_exchanges()
        if not _calendar_reaches(now + timedelta(days=370)):
            fill_calendar(now)
        before = Instrument.objects.count()
        Instrument.objects.bulk_create(_instruments(), ignore_conflicts=True)
        instruments = Instrument.objects.count() - before
        bars = _seed_bars(now=now, seed=seed, count=count) + extend_demo_bars(now=now, seed=seed)
        quotes = _first_quotes(now)
    return {"instruments": instruments, "bars": bars, "quotes": quotes}


def extend_demo_bars(*, now: datetime, seed: int) -> int:
    """Add the daily bars of finished sessions since each instrument's last one; returns how many.

    A day the feed watched is made of its minute bars, any other is simulated. Idempotent; called at the roll of the
    day and when the feed starts after a downtime.
    """
    last = _last_days()
    if not last:
        return 0
    today = trading_date(DEMO, now)
    start = min(last.values()) + timedelta(days=1)
    added = 0
    with transaction.atomic():
        for session in sessions_between(DEMO, start, today - timedelta(days=1)):
            missing = [symbol for symbol, day in last.items() if day < session.date]
            added += close_day(session, missing)
            added += _simulate_missing(session, missing, seed)
    return added


def move_price(*, symbol: str, price: Decimal, hold_seconds: int, now: datetime) -> DemoPriceOverride:
    """Let the running demo feed trade `symbol` at `price` from its next tick on, for `hold_seconds` at least.

    Raises NotFound, InvalidInput naming the argument, or Conflict for an instrument that is not a demo instrument.
    """
    instrument = by_symbol(symbol)
    check_move(instrument, price=price, hold_seconds=hold_seconds)
    override, _ = DemoPriceOverride.objects.update_or_create(
        instrument=instrument,
        defaults={"price": price, "hold_seconds": hold_seconds, "requested_at": now, "applied_at": None},
    )
    return override


def check_move(instrument: Instrument, *, price: Decimal, hold_seconds: int) -> None:
    """Raise Conflict or InvalidInput unless the demo feed can trade `instrument` at `price`."""
    if not instrument.demo:
        raise Conflict(f"{instrument.symbol} has real prices: only demo instruments can be moved.")
    if not price.is_finite() or not SUB_PENNY <= price <= 1_000_000:
        raise InvalidInput({"price": f"{price} is not a price: use dollars from 0.0001 to 1000000, e.g. 187.50."})
    if price != price.quantize(SUB_PENNY):
        raise InvalidInput({"price": f"{plain(price)} has more than four decimals: use e.g. 187.50."})
    if not 0 <= hold_seconds <= LONGEST_HOLD:
        raise InvalidInput({"hold": f"{hold_seconds} is out of range: use 0 to {LONGEST_HOLD} seconds."})


def take_overrides(*, symbols: Iterable[str], now: datetime) -> dict[str, Decimal]:
    """The prices the feed has to hold now; marks new ones as taken and deletes those that are over."""
    held: dict[str, Decimal] = {}
    over: list[DemoPriceOverride] = []
    for override in DemoPriceOverride.objects.filter(instrument_id__in=list(symbols)):
        if override.applied_at is None:
            if now - override.requested_at > FORGOTTEN:
                over.append(override)
                continue
            # Conditional, so that a newer request made meanwhile is not marked as taken.
            mine = DemoPriceOverride.objects.filter(pk=override.pk, requested_at=override.requested_at)
            mine.update(applied_at=now)
            override.applied_at = now
            held[override.instrument_id] = override.price
        elif now < override.applied_at + timedelta(seconds=override.hold_seconds):
            held[override.instrument_id] = override.price
        else:
            over.append(override)
    for override in over:
        DemoPriceOverride.objects.filter(pk=override.pk, requested_at=override.requested_at).delete()
    return held


def volume_so_far(symbol: str, now: datetime) -> Decimal:
    """What an ordinary day has traded by this time, for a session that is joined in the middle."""
    local = now.astimezone(NEW_YORK)
    part = (local.hour * 60 + local.minute) / MINUTES_PER_DAY
    return Decimal(round(average_volume(symbol) * part))


def _instruments() -> list[Instrument]:
    return [
        Instrument(
            symbol=entry.symbol,
            name=entry.name,
            aliases=list(entry.aliases),
            exchange_id=DEMO,
            asset_class=entry.asset_class,
            demo=True,
            data_label=entry.data_label,
        )
        for entry in CATALOGUE
    ]


def _calendar_reaches(when: datetime) -> bool:
    ends = dict(MarketSession.objects.values_list("exchange").annotate(last=Max("closes_at")))
    return all(code in ends and ends[code] >= when for code in (XNYS, DEMO))


def _seed_bars(*, now: datetime, seed: int, count: int | None) -> int:
    """Bars of demo instruments that have none; a history is never re-dated."""
    known = set(_last_days())
    yesterday = now.astimezone(NEW_YORK).date() - timedelta(days=1)
    demo = set(Instrument.objects.filter(demo=True).values_list("symbol", flat=True))
    rows = [
        row
        for entry in CATALOGUE
        if entry.symbol in demo and entry.symbol not in known
        for row in history(entry, last=yesterday, seed=seed, count=count)
    ]
    return keep_bars(rows)


def _last_days() -> dict[str, date]:
    """The date of the newest daily bar of every instrument of the demo market."""
    newest = (
        Bar.objects.filter(instrument__demo=True, instrument__in=list(BY_SYMBOL), timeframe=Bar.Timeframe.DAY)
        .values_list("instrument_id")
        .annotate(last=Max("at"))
    )
    return {symbol: at.date() for symbol, at in newest}


def _simulate_missing(session: MarketSession, symbols: list[str], seed: int) -> int:
    at = day_start(session.date)
    daily = Bar.objects.filter(timeframe=Bar.Timeframe.DAY)
    have = set(daily.filter(instrument_id__in=symbols, at=at).values_list("instrument_id", flat=True))
    absent = [symbol for symbol in symbols if symbol not in have]
    before = daily.filter(instrument_id__in=absent, at__lt=at).order_by("instrument_id", "-at")
    closes = dict(before.distinct("instrument_id").values_list("instrument_id", "close"))
    return keep_bars(
        [
            simulated_day(BY_SYMBOL[symbol], at=session.date, previous=close, seed=seed)
            for symbol, close in closes.items()
        ]
    )


def _first_quotes(now: datetime) -> int:
    """A quote at the last close for instruments without one, so that no page waits for the feed."""
    quoted = set(Quote.objects.values_list("instrument_id", flat=True))
    daily = Bar.objects.filter(instrument_id__in=_last_days(), timeframe=Bar.Timeframe.DAY)
    daily = daily.order_by("instrument_id", "-at")
    closes = dict(daily.distinct("instrument_id").values_list("instrument_id", "close"))
    today = trading_date(DEMO, now)
    ticks = [
        Tick(symbol=symbol, price=close, at=now, source=SOURCE, volume=volume_so_far(symbol, now), session_open=close,
             prev_close=close, session_date=today)
        for symbol, close in closes.items()
        if symbol not in quoted
    ]  # fmt: skip
    return record_ticks(ticks=ticks, now=now).recorded
