"""A market the test moves by hand. Symbols are on the demo exchange, so it is always open; times are real."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from decimal import Decimal

from common.clock import now
from markets import calendar
from markets.bars import keep_bars
from markets.models import Instrument, MarketSession, Quote
from markets.quoting import record_ticks
from markets.types import BarRow, Tick
from tests.journeys.waiting import eventually

D = Decimal
_numbers = itertools.count(1)


def open_exchange() -> None:
    """The always-open exchange, a week to each side of today. Before any process starts: each keeps a copy."""
    today = now().date()
    calendar.ensure_exchanges()
    sessions = calendar.demo_sessions(today - timedelta(days=8), today + timedelta(days=8))
    MarketSession.objects.bulk_create(sessions, ignore_conflicts=True)
    calendar.forget()


class Listing:
    """One symbol nobody else uses, with its standing price."""

    def __init__(self, price: str = "100", *, prev_close: str | None = None) -> None:
        self.symbol = f"JRN{next(_numbers)}"
        self.price = D(price)
        self.prev_close = D(prev_close or price)
        self.volume = D(1000)
        Instrument.objects.create(
            symbol=self.symbol, name=f"Journey {self.symbol}", exchange_id=calendar.DEMO, demo=True
        )
        self.trade(price)

    def trade(self, price: str | Decimal, *, volume: str | None = None, wait: bool = True) -> None:
        """A trade. Returns when the engine has seen it (`wait`): the next one is another observation."""
        self.price = D(price)
        self.volume = D(volume) if volume else self.volume
        self.repeat()
        if wait:
            self.until_seen()

    def repeat(self) -> None:
        """The same price again, now: quotes grow old when a busy machine makes the test slow."""
        at = now()
        tick = Tick(
            symbol=self.symbol,
            price=self.price,
            bid=self.price - D("0.01"),
            ask=self.price + D("0.01"),
            size=D(100),
            volume=self.volume,
            at=at,
            source="journey",
            session_open=self.prev_close,
            prev_close=self.prev_close,
            session_date=calendar.trading_date(calendar.DEMO, at),
        )
        result = record_ticks(ticks=[tick], now=at)
        assert result.recorded == 1, result

    def until_seen(self) -> None:
        """Until a worker or the sweeper has evaluated the standing quote."""
        quotes = Quote.objects.filter(instrument=self.symbol, dirty=True)
        eventually(lambda: not quotes.exists(), f"the engine saw {self.symbol} at {self.price}")

    def minute_bars(self, *closes: str, end: datetime) -> None:
        """Closed minute bars, the last of which ended at `end`."""
        first = end - timedelta(minutes=len(closes))
        keep_bars(
            [
                BarRow(
                    symbol=self.symbol,
                    timeframe="1m",
                    at=first + timedelta(minutes=number),
                    open=D(close),
                    high=D(close),
                    low=D(close),
                    close=D(close),
                    volume=D(100),
                    source="journey",
                )
                for number, close in enumerate(closes)
            ]
        )


def minute(back: int = 0) -> datetime:
    """The start of the running minute, or of one so many minutes ago."""
    return now().replace(second=0, microsecond=0) - timedelta(minutes=back)
