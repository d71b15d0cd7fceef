"""End the signals whose orders have come to their end, and note what stands now."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from alerts.models import Alert
from alerts.raising import raise_alert
from automation.strategies.acting import finish
from automation.strategies.deciding import MOST_FAILURES
from automation.strategies.models import SignalState, Strategy, StrategySignal, StrategySymbol
from automation.strategies.writing import announcement, describe
from live.push import announce_many
from orders.models import Order
from orders.states import TERMINAL, OrderState


def settle(now: datetime) -> int:
    """End what is at work and over. Returns how many signals ended."""
    working = StrategySignal.objects.filter(state=SignalState.WORKING.value, order__state__in=TERMINAL)
    ids = list(working.values_list("strategy_id", flat=True).distinct().order_by("strategy_id"))
    return sum(_settle_strategy(strategy_id, now) for strategy_id in ids)


@transaction.atomic
def _settle_strategy(strategy_id: UUID, now: datetime) -> int:
    strategy = Strategy.objects.select_for_update(skip_locked=True).filter(pk=strategy_id).first()
    if strategy is None:
        return 0
    ended = list(
        StrategySignal.objects.filter(strategy=strategy, state=SignalState.WORKING.value, order__state__in=TERMINAL)
        .select_related("order", "instrument")
        .order_by("created_at", "id")
    )
    for signal in ended:
        assert signal.order is not None
        _end(strategy, signal, signal.order, now)
    announce_many([announcement(strategy, "settled", signals=len(ended))], now)
    return len(ended)


def _end(strategy: Strategy, signal: StrategySignal, order: Order, now: datetime) -> None:
    """An order that filled in full or in part has been carried out: what is left is wanted again at the next change."""
    standing = StrategySymbol.objects.filter(strategy=strategy, instrument=signal.instrument_id)
    if order.filled_quantity:
        finish(signal, SignalState.DONE, order.reason_code, order.reason, now)
        standing.update(applied=signal.target, failures=0)
        return
    denied = order.state in (OrderState.BLOCKED, OrderState.DECLINED)
    state = SignalState.BLOCKED if denied else SignalState.FAILED
    finish(signal, state, order.reason_code or str(order.state).upper(), order.reason or order.get_state_display(), now)
    standing.update(failures=F("failures") + 1)
    _tell(strategy, signal, now)


def _tell(strategy: Strategy, signal: StrategySignal, now: datetime) -> None:
    failures = StrategySymbol.objects.values_list("failures", flat=True).get(
        strategy=strategy, instrument=signal.instrument_id
    )
    again = (
        "It is tried again at the next bar."
        if failures < MOST_FAILURES
        else f"It failed {failures} times in a row: nothing more is tried until the signal changes."
    )
    raise_alert(
        user_id=strategy.user_id,
        kind=Alert.Kind.BLOCKED if signal.state == SignalState.BLOCKED else Alert.Kind.FAILURE,
        severity=Alert.Severity.WARNING,
        title=f"{strategy.name}: {signal.get_state_display()}: {describe(signal)} ({signal.reason_code})"[:200],
        body=f"{signal.reason}\n{again}",
        symbol=signal.instrument_id,
        data={"strategy": str(strategy.id), "signal": str(signal.id), "order": str(signal.order_id)},
        dedupe_key=f"strategy-signal:{signal.id}",
        trace_id=signal.trace_id,
        now=now,
    )
