"""Keep the portfolios' series up to date: drawdown, loss of the day, concentration, value at risk.

However many portfolios are watched, each measure costs a query or two a minute (value at risk: an hour).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from automation.evaluating import evaluate_values
from portfolios.drawdown import drawdowns
from portfolios.risk.reading import value_at_risk
from portfolios.standing import concentrations, daily_losses, largest_weights
from watches.models import Series

Values = dict[UUID, Decimal]

# Judged at the beginning of every minute, like the points of the equity curve.
EVERY_MINUTE: dict[str, Callable[[Sequence[UUID], datetime], Values]] = {
    "drawdown": lambda ids, now: drawdowns(ids),
    "daily_loss": daily_losses,
    "largest_weight": lambda ids, now: largest_weights(ids),
    "hhi": lambda ids, now: concentrations(ids),
}
VAR = "var"  # var:95
# The observables above, for the query that finds the series to keep up to date.
PATTERN = "drawdown$|daily_loss$|largest_weight$|hhi$|var:"


def observe(series: Iterable[Series], *, now: datetime) -> int:
    """Push what is due. Unknown values are not pushed: a guess would tell people nonsense. Returns the firings."""
    due: dict[str, list[Series]] = defaultdict(list)
    minute, hour = now.replace(second=0, microsecond=0), now.replace(minute=0, second=0, microsecond=0)
    for row in series:
        if row.observable.startswith(VAR):
            # Tried once an hour, known or not: it takes a year of closes of every holding.
            if row.reference_at is None or row.reference_at < hour:
                due[row.observable].append(row)
        elif row.value_at is None or row.value_at < minute:
            due[row.observable].append(row)
    return sum(_push(observable, rows, now) for observable, rows in due.items())


def _push(observable: str, rows: Sequence[Series], now: datetime) -> int:
    ids = {UUID(row.subject.partition(":")[2]): row.id for row in rows}
    if observable in EVERY_MINUTE:
        values, at = EVERY_MINUTE[observable](list(ids), now), now.replace(second=0, microsecond=0)
    else:
        Series.objects.filter(id__in=ids.values()).update(reference_at=now)
        values, at = _values_at_risk(list(ids), Decimal(observable.partition(":")[2]), now), now
    return evaluate_values({ids[key]: value for key, value in values.items()}, at=at, now=now).fired


def _values_at_risk(ids: Sequence[UUID], confidence: Decimal, now: datetime) -> Values:
    return value_at_risk(ids, now, confidence=float(confidence) / 100)
