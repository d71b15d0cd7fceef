"""Show standing quotes to the engine again, for watches that were armed after it saw them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Case, F, Value, When

from common.enqueue import nudge
from markets.models import Quote


def wake(symbols: Sequence[str], *, now: datetime) -> None:
    """Show the standing quotes to the engine again, so that what is already true fires at once.

    A quote already seen begins a new range now: the one it was seen in is history for everybody.
    """
    since = Case(When(dirty=True, then=F("range_since")), default=Value(now))
    if Quote.objects.filter(instrument__in=symbols).update(dirty=True, range_since=since):
        nudge("automation.evaluate_quotes", queue="ticks")


def wake_unless_busy(symbols: Sequence[str], *, now: datetime) -> None:
    """`wake` for whoever holds other locks: a quote that another process is writing or judging now is left alone."""
    if symbols:
        free = Quote.objects.select_for_update(skip_locked=True).filter(instrument__in=symbols).order_by("instrument")
        wake(list(free.values_list("instrument_id", flat=True)), now=now)
