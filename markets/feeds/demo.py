"""The demo feed: a seeded path per demo instrument, day and night, every day of the week."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Max

from common.money import nano
from markets.bars import MINUTE, day_start
from markets.calendar import DEMO, NEW_YORK, session_at
from markets.corporate_actions import SPLIT
from markets.demo import MINUTES_PER_DAY, extend_demo_bars, take_overrides, volume_so_far
from markets.demo_catalogue import BY_SYMBOL
from markets.demo_history import SOURCE, average_volume
from markets.feeds.path import Path, bridge
from markets.models import Bar, CorporateAction, Instrument, Quote
from markets.types import ZERO, BarRow, Tick

RECENT = timedelta(hours=1)  # a quote of another day continues the path if it is this young (restart around midnight)


@dataclass(slots=True)
class _Stock:
    """One symbol in the feed's memory: its path and what belongs to its session."""

    path: Path
    session_date: date
    opened: Decimal | None  # None until the session's first tick
    prev_close: Decimal
    volume: Decimal


class DemoFeed:
    """Always streams every demo instrument. The same seed, prices and number of polls give the same ticks.

    `seconds` between polls, `speed` market seconds per second, `volatility` a factor on all moves.
    """

    source = SOURCE

    def __init__(self, *, seed: int, speed: float, volatility: float, seconds: float) -> None:
        self.seconds = seconds
        self._seed, self._speed, self._volatility = seed, speed, volatility
        self._stocks: dict[str, _Stock] = {}
        self._held: Mapping[str, Decimal] = {}
        self._closed_until: date | None = None
        self._splits: dict[int, CorporateAction] = {}  # coming, or effective and not yet in our paths
        self._split: set[int] = set()

    def start(self, *, now: datetime) -> None:
        """Continue where the standing quotes are, or at the last close where they are of another day."""
        extend_demo_bars(now=now, seed=self._seed)
        today = _date(now)
        quotes = {quote.instrument_id: quote for quote in Quote.objects.filter(instrument__demo=True)}
        self._stocks = {
            symbol: self._stock(symbol, close, quotes.get(symbol), today, now)
            for symbol, close in _last_closes(today).items()
        }
        self._closed_until = today
        self._splits, self._split = {}, {row.pk for row in _splits(now) if row.applied_at is not None}

    def refresh(self, *, symbols: frozenset[str], now: datetime) -> None:
        """Take over price moves somebody asked for; after a roll of the day, write the daily bars."""
        self._held = take_overrides(symbols=self._stocks, now=now)
        self._splits = {row.pk: row for row in _splits(now) if row.pk not in self._split}
        today = _date(now)
        if self._closed_until != today:
            extend_demo_bars(now=now, seed=self._seed)
            self._closed_until = today

    def poll(self, *, now: datetime) -> list[Tick]:
        """One tick of every instrument."""
        self._take_splits(now)
        today = _date(now)
        elapsed = self.seconds * self._speed  # not the clock: the same number of polls gives the same path
        return [self._tick(symbol, stock, today, elapsed, now) for symbol, stock in self._stocks.items()]

    def missed_bars(self, *, now: datetime) -> Iterable[BarRow]:
        """Minutes of today that no feed was there for: a random path from the last known price to the present one."""
        session = session_at(DEMO, now)
        if session is None:
            return []
        this_minute = now.replace(second=0, microsecond=0)
        stored = Bar.objects.filter(instrument_id__in=list(self._stocks), timeframe=MINUTE, at__gte=session.opens_at)
        newest = dict(stored.values_list("instrument_id").annotate(last=Max("at")))
        closes = dict(
            stored.order_by("instrument_id", "-at").distinct("instrument_id").values_list("instrument_id", "close")
        )
        rows: list[BarRow] = []
        for symbol, stock in self._stocks.items():
            start = newest[symbol] + timedelta(minutes=1) if symbol in newest else session.opens_at
            minutes = int((this_minute - start) / timedelta(minutes=1))
            before = closes.get(symbol, stock.prev_close)
            rows += self._bridge(symbol, start, minutes, float(before), float(stock.path.price))
        return rows

    def stop(self) -> None:
        """Nothing to disconnect."""

    def _stock(self, symbol: str, close: Decimal, quote: Quote | None, today: date, now: datetime) -> _Stock:
        same_day = quote is not None and quote.session_date == today
        known = quote if quote and (same_day or now - quote.at <= RECENT) else None
        price = known.last if known else close
        path = Path(
            symbol=symbol,
            seed=self._seed,
            price=float(price),
            anchor=float(close),
            volatility=self._volatility,
            daily_volume=average_volume(symbol),
        )
        return _Stock(
            path=path,
            session_date=today,
            opened=known.session_open if known and same_day else None,
            prev_close=(known.prev_close if known and same_day else None) or close,
            volume=known.volume if known and same_day else volume_so_far(symbol, now),
        )

    def _take_splits(self, now: datetime) -> None:
        """From a split's first moment on the path is in new shares: known ahead, so that no tick is in old ones."""
        for row in [row for row in self._splits.values() if row.effective_at <= now]:
            self._split.add(self._splits.pop(row.pk).pk)
            stock = self._stocks.get(row.instrument_id)
            if stock is None:
                continue
            new, old = row.new_shares or 1, row.old_shares or 1
            stock.path.jump(nano(stock.path.price * old / new))
            stock.prev_close = nano(stock.prev_close * old / new)
            stock.opened = None if stock.opened is None else nano(stock.opened * old / new)
            stock.volume = nano(stock.volume * new / old)

    def _tick(self, symbol: str, stock: _Stock, today: date, elapsed: float, now: datetime) -> Tick:
        if today != stock.session_date:
            stock.prev_close = stock.path.price
            stock.path.new_day()
            stock.volume, stock.session_date, stock.opened = ZERO, today, None
        price = self._held.get(symbol)
        if price is None:
            price = stock.path.step(elapsed)
        else:
            stock.path.jump(price)
        if stock.opened is None:
            stock.opened = price
        size = stock.path.size(elapsed)
        stock.volume += size
        bid, ask = stock.path.sides(price)
        return Tick(
            symbol=symbol,
            price=price,
            bid=bid,
            ask=ask,
            size=size,
            volume=stock.volume,
            at=now,
            source=SOURCE,
            session_open=stock.opened,
            prev_close=stock.prev_close,
            session_date=today,
        )

    def _bridge(self, symbol: str, start: datetime, minutes: int, opens: float, closes: float) -> list[BarRow]:
        volume = Decimal(round(average_volume(symbol) / MINUTES_PER_DAY))
        bars = bridge(
            symbol=symbol,
            seed=self._seed,
            start=start,
            minutes=minutes,
            opens=opens,
            closes=closes,
            volatility=self._volatility,
        )
        return [
            BarRow(
                symbol=symbol,
                timeframe=MINUTE,
                at=at,
                open=opened,
                high=high,
                low=low,
                close=close,
                volume=volume,
                source=SOURCE,
            )
            for at, opened, high, low, close in bars
        ]


def _date(now: datetime) -> date:
    """The demo session's date: New York's. From the clock, because `poll` must work while the database is away."""
    return now.astimezone(NEW_YORK).date()


def _splits(now: datetime) -> list[CorporateAction]:
    """Splits of demo instruments that took effect lately or do so within the hour."""
    near = (now - timedelta(days=3), now + timedelta(hours=1))
    rows = CorporateAction.objects.filter(instrument__demo=True, kind=SPLIT, effective_at__range=near)
    return list(rows.order_by("effective_at"))


def _last_closes(today: date) -> dict[str, Decimal]:
    """The last daily close before today of every demo instrument we have a path for."""
    daily = Bar.objects.filter(instrument_id__in=_known(), timeframe=Bar.Timeframe.DAY)
    newest = daily.filter(at__lt=day_start(today)).order_by("instrument_id", "-at")
    return dict(newest.distinct("instrument_id").values_list("instrument_id", "close"))


def _known() -> list[str]:
    demo = Instrument.objects.filter(demo=True, active=True).values_list("symbol", flat=True)
    return [symbol for symbol in demo if symbol in BY_SYMBOL]
