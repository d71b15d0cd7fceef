"""What the sweeper does for rules every second: clocks, cooldowns, computed series, what a lost nudge left behind."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from alerts import arming as alert_arming
from automation import arming, clockwork, evaluating, executing, grouping, missing, observing, settling, trace_watches
from automation.models import ActionExecution, ExecutionState
from automation.rebalancing import sweeping as rebalances
from automation.standing import stands
from common.giving_way import gives_way
from markets.models import Instrument, Quote
from markets.observables import USABLE_FOR
from watches import following, waiting
from watches.specs import SeriesKind

# Younger than this, a nudge is probably still on its way to a worker.
PATIENCE = timedelta(seconds=2)


def sweep(now: datetime) -> None:
    """One pass. Each step is safe beside the workers: it claims what it touches."""
    missing.notice_outage(now=now)
    clockwork.run_due(now=now)
    missing.report(now=now)
    rearm(now)
    confirm_holds(now)
    observing.observe(now=now)
    evaluate_left_behind(now)
    execute_left_behind(now)
    rebalances.sweep(now)
    settling.settle(now=now)
    grouping.end_forgotten(now=now)


@gives_way
def rearm(now: datetime) -> int:
    """Arm again what has cooled down, and show it the standing quotes: it may already be true."""
    rows = waiting.rearm_due(now)
    trace_watches.rearmed(rows, now=now)
    owners = [(row.owner_kind, row.owner_id) for row in rows]
    arming.wake(sorted({*arming.symbols_of(owners), *alert_arming.symbols_of(owners)}), now=now)
    return len(rows)


def confirm_holds(now: datetime) -> int:
    """Show the standing quote or value to holds that are over and that no tick has confirmed. Returns the firings."""
    series = waiting.unconfirmed(now)
    if not series:
        return 0
    pushed = [row for row in series if row.kind == SeriesKind.PUSHED]
    symbols = {row.subject for row in series if row.kind != SeriesKind.PUSHED}
    usable = Quote.objects.filter(instrument__in=symbols, received_at__gt=now - USABLE_FOR, dirty=False)
    _show_again(sorted(usable.values_list("instrument_id", flat=True)), now)
    known = Instrument.objects.filter(symbol__in={row.subject for row in pushed})
    exchanges = dict(known.values_list("symbol", "exchange_id"))
    standing = [row.id for row in pushed if stands(row, exchanges.get(row.subject, "XNYS"), now)]
    return evaluating.confirm_standing(standing, now=now).fired if standing else 0


@gives_way
def _show_again(symbols: list[str], now: datetime) -> None:
    if symbols:
        arming.wake(symbols, now=now)


def evaluate_left_behind(now: datetime) -> int:
    """Evaluate quotes nobody evaluated in time: the nudge was lost, or Redis is down."""
    if not Quote.objects.filter(dirty=True, received_at__lt=now - PATIENCE).exists():
        return 0
    return evaluating.evaluate_quotes(now=now).fired


def execute_left_behind(now: datetime) -> int:
    """Carry out firings nobody carried out in time."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)  # a pending one may wait for the market to open
    waiting = Q(state=ExecutionState.PENDING, triggered_at__lt=now - PATIENCE) & free | Q(
        state=ExecutionState.RUNNING, lease_until__lte=now
    )
    return executing.execute_pending(now=now) if ActionExecution.objects.filter(waiting).exists() else 0


def tidy(now: datetime) -> None:
    """Now and then: merge equal peak groups, forget series nobody uses, end questions nobody answered."""
    missing.close_unanswered(now=now)
    with transaction.atomic():
        following.merge_equal_groups()
    with transaction.atomic():
        following.forget_unused_series()
