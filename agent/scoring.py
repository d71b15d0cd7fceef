"""What suggestions came to: 1, 5 and 20 closes later, beside the benchmark. Whatever a person made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from agent.models import Suggestion, SuggestionScore
from agent.proposing import BENCHMARK
from common.money import HUNDRED
from markets.closes import Closes, daily_closes_between, date_of
from portfolios.lots import EXCHANGE_ZONE

HORIZONS = (1, 5, 20)  # closes after the day it was made
PATIENCE = timedelta(days=60)  # after which a missing close is not waited for
MOST = 500  # suggestions at a time
PLACES = Decimal("0.0001")


def score_due(now: datetime) -> int:
    """Score what is due. Returns how many scores were written. Safe to call at any time, twice."""
    today = now.astimezone(EXCHANGE_ZONE).date()
    waiting = Suggestion.objects.filter(scored_at=None, created_at__lt=now - timedelta(hours=12))
    rows = list(waiting.exclude(price=None).order_by("created_at").prefetch_related("scores")[:MOST])
    waiting.filter(price=None).update(scored_at=now)  # without a price at its beginning there is nothing to compare
    if not rows:
        return 0
    closes = daily_closes_between(
        {BENCHMARK, *(row.symbol for row in rows)}, start=_day(rows[0]), end=today - timedelta(days=1)
    )
    return sum(_score(row, closes, now) for row in rows)


@transaction.atomic
def _score(suggestion: Suggestion, closes: Mapping[str, Closes], now: datetime) -> int:
    """The scores of one suggestion that are due and not written."""
    after = _closes_after(closes.get(suggestion.symbol), _day(suggestion))
    known = {score.sessions for score in suggestion.scores.all()}
    made = [
        _row(suggestion, horizon, *after[horizon - 1], closes, now)
        for horizon in HORIZONS
        if horizon not in known and len(after) >= horizon
    ]
    SuggestionScore.objects.bulk_create(made, ignore_conflicts=True)
    if made:
        suggestion.return_percent = made[-1].return_percent
        suggestion.benchmark_percent = made[-1].benchmark_percent
    if len(after) >= HORIZONS[-1] or suggestion.created_at < now - PATIENCE:
        suggestion.scored_at = now
    suggestion.save(update_fields=["return_percent", "benchmark_percent", "scored_at"])
    return len(made)


def _row(
    suggestion: Suggestion, horizon: int, day: date, price: float, closes: Mapping[str, Closes], now: datetime
) -> SuggestionScore:
    sign = 1 if suggestion.side == "buy" else -1
    began = suggestion.benchmark_price
    market = next((close for at, close in _closes_after(closes.get(BENCHMARK), _day(suggestion)) if at >= day), None)
    last = Decimal(repr(price))
    return SuggestionScore(
        suggestion=suggestion,
        sessions=horizon,
        price=last,
        return_percent=sign * _change(suggestion.price or last, last),
        benchmark_percent=None if began is None or market is None else sign * _change(began, Decimal(repr(market))),
        at=now,
    )


def _change(before: Decimal, after: Decimal) -> Decimal:
    """Percent."""
    return ((after - before) * HUNDRED / before).quantize(PLACES)


def _closes_after(closes: Closes | None, day: date) -> Sequence[tuple[date, float]]:
    """The closes of the days after `day`, oldest first."""
    if closes is None:
        return []
    pairs = ((date_of(number), price) for number, price in zip(closes.days, closes.prices, strict=True))
    return [(at, price) for at, price in pairs if at > day]


def _day(suggestion: Suggestion) -> date:
    """The exchange's date on which it was made."""
    return suggestion.created_at.astimezone(EXCHANGE_ZONE).date()
