"""Shadow trades: what a rule that only watches would have traded, written when its firing is recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from automation.effects.trade import intent_for
from automation.models import ActionExecution, ActionType, Mode, ShadowTrade
from common.errors import InvalidInput
from orders.shadowing import shadow_fills
from orders.types import OrderIntent
from portfolios.models import Holding

TRADED = "traded"
BY_HAND = "by_hand"  # a person said when: no evidence about the trigger
BAD_PRICES = "INVALID_ORDER"


def record_shadows(executions: Sequence[ActionExecution], *, now: datetime) -> dict[UUID, str]:
    """Write the shadow trades of one portfolio's firings; `{execution id: "traded", or why there is none}`.

    For BUY and SELL rules that are not automatic; others are not in the answer. Safe to repeat: the first trade of an
    execution stays.
    """
    trades = (ActionType.BUY, ActionType.SELL)
    wanted = [e for e in executions if e.action.mode != Mode.AUTO and e.action.action_type in trades]
    if not wanted:
        return {}
    known = set(ShadowTrade.objects.filter(execution__in=wanted).values_list("execution_id", flat=True))
    answers = dict.fromkeys(known, TRADED)
    intents: list[tuple[ActionExecution, OrderIntent]] = []
    for execution in wanted:
        if execution.id in known:
            continue
        if execution.cause == "manual":
            answers[execution.id] = BY_HAND
            continue
        try:
            intents.append((execution, intent_for(execution.action, execution)))
        except InvalidInput:  # a limit offset that leads below zero: the real order would have failed, too
            answers[execution.id] = BAD_PRICES
    answers.update(_trade(intents, now))
    return answers


def _trade(intents: Sequence[tuple[ActionExecution, OrderIntent]], now: datetime) -> dict[UUID, str]:
    if not intents:
        return {}
    portfolio_id = intents[0][1].portfolio_id
    fills = shadow_fills(
        portfolio_id=portfolio_id,
        intents=[intent for _, intent in intents],
        sold_before=_sold_before(portfolio_id, [execution for execution, _ in intents]),
        now=now,
    )
    rows, answers = [], {}
    for (execution, intent), fill in zip(intents, fills, strict=True):
        answers[execution.id] = fill.code or TRADED
        if fill.filled:
            rows.append(
                ShadowTrade(
                    execution=execution,
                    action_id=execution.action_id,
                    instrument_id=intent.symbol,
                    side=intent.side,
                    quantity=fill.quantity,
                    price=fill.price,
                    fee=fill.fee,
                    at=now,
                )
            )
    ShadowTrade.objects.bulk_create(rows, ignore_conflicts=True)
    return answers


def _sold_before(portfolio_id: UUID, executions: Sequence[ActionExecution]) -> dict[UUID, Decimal]:
    """By rule: shares its shadow sold since the books last changed. They are still there, but not to be sold twice.

    A holding that has changed since (a person sold or bought) is taken as it is.
    """
    sellers = {e.action_id for e in executions if e.action.action_type == ActionType.SELL}
    if not sellers:
        return {}
    changed = dict(Holding.objects.filter(portfolio=portfolio_id).values_list("instrument_id", "updated_at"))
    sold: dict[UUID, Decimal] = defaultdict(Decimal)
    trades = ShadowTrade.objects.filter(action__in=sellers, side="sell")
    for rule, symbol, quantity, at in trades.values_list("action_id", "instrument_id", "quantity", "at"):
        if at >= changed.get(symbol, at):
            sold[rule] += quantity
    return sold
