"""The names, prices and calendar the sentences are read with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache

from agent.parse.types import Reading
from markets.calendar import new_york_sessions
from markets.models import MarketSession

CALLED = {
    "apple": "AAPL", "microsoft": "MSFT", "facebook": "META", "fb": "META", "google": "GOOG", "alphabet": "GOOG",
    "nvidia": "NVDA", "tesla": "TSLA", "amazon": "AMZN", "coca cola": "KO", "coca-cola": "KO", "s&p 500": "SPY",
    "nasdaq 100": "QQQ", "nasdaq": "QQQ", "gold": "GLD", "bonds": "AGG", "jp morgan": "JPM",
}  # fmt: skip
TICKERS = (
    *("AAPL", "MSFT", "META", "GOOG", "NVDA", "TSLA", "AMZN", "KO"),
    *("SPY", "QQQ", "GLD", "AGG", "JPM", "VTI", "TLT", "IBM"),
)
PRICES = {"AAPL": 170, "MSFT": 400, "NVDA": 140, "TSLA": 260, "SPY": 585, "KO": 62, "GOOG": 180, "META": 500}


class Names:
    def symbols(self, phrases: Sequence[str]) -> Mapping[str, str]:
        tickers = {ticker.lower(): ticker for ticker in TICKERS}
        return {phrase: found for phrase in phrases if (found := CALLED.get(phrase) or tickers.get(phrase))}

    def goals(self) -> Mapping[str, str]:
        return {"core portfolio": "g-1", "retirement": "g-2"}

    def strategies(self) -> Mapping[str, str]:
        return {"momentum five": "y-1"}

    def price(self, symbol: str) -> Decimal | None:
        return Decimal(PRICES[symbol]) if symbol in PRICES else None


@cache
def _sessions() -> list[MarketSession]:
    return new_york_sessions(date(2026, 11, 1), date(2027, 2, 1))


class Sessions:
    """The real calendar: Thanksgiving is on the 26th, the 27th and Christmas Eve end at 13:00."""

    def close_on_or_before(self, day: date) -> datetime | None:
        return max((session.closes_at for session in _sessions() if session.date <= day), default=None)

    def open_on_or_after(self, day: date) -> datetime | None:
        return min((session.opens_at for session in _sessions() if session.date >= day), default=None)


def reading(now: datetime = datetime(2026, 11, 23, 15, tzinfo=UTC), zone: str = "America/New_York") -> Reading:
    return Reading(names=Names(), sessions=Sessions(), now=now, zone=zone)
