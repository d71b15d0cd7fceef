"""How long what was seen last still stands: the value of a closed bar stands until the next should have closed."""

from __future__ import annotations

from datetime import datetime, timedelta

from automation.strategies.models import Strategy
from markets import calendar, selectors
from markets.observables import USABLE_FOR
from watches.models import Series

GRACE = timedelta(seconds=4)  # a closed minute bar is complete once the feed has flushed it
LATE = USABLE_FOR + timedelta(minutes=1)  # as long as a quote, and a minute more for a feed that writes its bars late
# A rolling base older than this beyond its window is no base: the market was closed, or the feed was away.
TOLERANCE = timedelta(minutes=10)


def stands(series: Series, exchange: str, now: datetime) -> bool:
    """Whether the last value of a pushed series is still its value. Its timeframe is the last part of its name."""
    if series.value is None or series.value_at is None:
        return False
    if series.observable.startswith("signal:"):  # of a strategy: until it runs again
        strategy = series.observable.split(":")[1]
        return Strategy.objects.filter(id=strategy, enabled=True, last_run_at__lte=series.value_at).exists()
    timeframe = series.observable.rpartition(":")[2]
    if timeframe == selectors.DAY:
        session = calendar.previous_session(exchange, now)
        return session is None or series.value_at >= session.closes_at
    return now - series.value_at <= timedelta(minutes=selectors.MINUTES.get(timeframe, 0)) + LATE
