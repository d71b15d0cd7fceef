"""What the rule form looks at while a rule is written: the chart of its symbol, its past, what the gate would say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from automation.models import Action
from automation.replay.glancing import SPANS, Past, glance
from dashboard.selectors.actions import offset_minutes
from markets.models import Instrument
from markets.selectors import bars, latest_quotes

MOST_BARS = 400
MARKERS = 60
UNITS = {"1d": "daily bars", "1m": "minute bars"}
# How much of the past is drawn: a year of days, or the last hours.
DRAWN = {"1d": timedelta(days=365), "1m": timedelta(days=4)}


def chart_of_symbol(symbol: str, timeframe: str, *, now: datetime) -> dict[str, Any]:
    """Candles and the standing prices of one symbol, for drawing (floats). Empty for a symbol nobody knows."""
    timeframe = timeframe if timeframe in SPANS else "1d"
    symbol = symbol.strip().upper()
    known = Instrument.objects.filter(symbol=symbol).first()
    if known is None:
        return {"symbol": "", "points": [], "offset": offset_minutes(now), "timeframe": timeframe}
    quote = latest_quotes({symbol}).get(symbol)
    found = bars(symbol, timeframe, now - DRAWN[timeframe], now, limit=MOST_BARS)
    prices = {name: getattr(quote, name, None) for name in ("last", "prev_close", "session_open")}
    return {
        "symbol": symbol,
        "name": known.name,
        "timeframe": timeframe,
        "offset": offset_minutes(now),
        **{name: None if value is None else float(value) for name, value in prices.items()},
        "points": [
            {
                "time": int(bar.at.timestamp()),
                "open": float(bar.open),
                "high": float(bar.high),
                "low": float(bar.low),
                "close": float(bar.close),
            }
            for bar in found
        ],
    }


def past_of(action: Action, timeframe: str, *, now: datetime) -> dict[str, Any]:
    """When the rule would have fired: words, and the moments as marks for the chart."""
    past = glance(action, user=action.user, timeframe=timeframe, now=now)
    return {
        "past": past,
        "past_words": _words(past),
        "marks": {
            "timeframe": past.timeframe,
            "marks": [
                {"time": int(at.timestamp()), "price": None if price is None else float(price)}
                for at, price in past.firings[-MARKERS:]
            ],
        },
    }


def _words(past: Past) -> str:
    if past.reason:
        return ""
    span = "the last 12 months" if past.days > 300 else f"the last {past.days} days"
    count = len(past.firings)
    times = "not have fired" if not count else "have fired once" if count == 1 else f"have fired {count} times"
    latest = f", last on {timezone.localtime(past.firings[-1][0]):%d %b %Y, %H:%M}" if count else ""
    return f"In {span} ({UNITS[past.timeframe]}) it would {times}{latest}."
