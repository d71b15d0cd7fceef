"""An Action in one English sentence."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from automation.models import Action, ActionType, MissedPolicy
from automation.planning import subject_of
from automation.triggers.lasting import duration
from automation.triggers.registry import TRIGGERS
from common.money import HUNDRED, ZERO, dollars, plain

_TIMES = ("every ", "on ", "at ")


def trigger_sentence(action: Action) -> str:
    """The condition, as it continues 'when …'."""
    return TRIGGERS[action.trigger_type].sentence(action.trigger_params, subject_of(action))


def when_sentence(action: Action) -> str:
    """The condition with its joining word: 'when AAPL …', but 'every Monday …'."""
    text = trigger_sentence(action)
    return text if text.startswith(_TIMES) else f"when {text}"


def condition_sentence(kind: str, params: Mapping[str, Any], symbol: str) -> str:
    """A condition, which asks about a state where its trigger waits for an event: 'AAPL is at or below $90'."""
    if kind == "ma_cross":
        side = "above" if params["direction"] == "up" else "below"
        when = "live" if params["on"] == "live" else "at the last close"
        return (
            f"{symbol}'s {params['short']}-bar {params['kind'].upper()} is {side} its {params['long']}-bar one"
            f" ({params['timeframe']} bars, {when})"
        )
    return TRIGGERS[kind].sentence({**params, "edge": "level"}, symbol)


def conditions_sentence(action: Action) -> str:
    """All of them, as they continue the trigger's sentence: ', if …'; empty without any."""
    texts = [
        condition_sentence(one["trigger_type"], one["trigger_params"], one.get("symbol") or action.instrument_id or "")
        for one in action.conditions
    ]
    return f", if {' and '.join(texts)}" if texts else ""


def effect_sentence(action: Action) -> str:
    """What it does: 'Sell 10 AAPL'."""
    if action.action_type == ActionType.NOTIFY:
        return "Tell me"
    if action.action_type == ActionType.REBALANCE:
        return f"Rebalance to {goal_text(action)}"
    verb = "Buy" if action.action_type == ActionType.BUY else "Sell"
    order = ""
    if action.limit_price is not None:
        order = f" with a limit of {dollars(action.limit_price)}"
    elif action.limit_offset is not None:
        sign = "+" if action.limit_offset >= 0 else "-"
        order = f" with a limit of the price {sign} {dollars(abs(action.limit_offset))}"
    if action.stop_price is not None:
        order += f" and a stop at {dollars(action.stop_price)}"
    return f"{verb} {_size(action)}{order}"


def goal_text(action: Action) -> str:
    """The goal's name, or the targets: 'SPY 60 %, AGG 40 %'."""
    if action.goal is not None:
        return action.goal.name
    return ", ".join(f"{symbol} {plain(Decimal(weight) * HUNDRED)} %" for symbol, weight in action.targets.items())


def sentence(action: Action) -> str:
    """The whole rule."""
    text = f"{effect_sentence(action)} {when_sentence(action)}{conditions_sentence(action)}"
    limits = []
    if action.max_executions is None:
        limits.append("every time")
    elif action.max_executions > 1:
        limits.append(f"at most {action.max_executions} times")
    if action.cooldown_seconds:
        limits.append(f"not again within {duration(action.cooldown_seconds)}")
    if action.missed_policy == MissedPolicy.RUN_LATE:
        limits.append(f"up to {action.run_late_minutes} min late if its time was missed")
    elif action.missed_policy == MissedPolicy.ASK:
        limits.append("asking me if its time was missed")
    if action.valid_until:
        limits.append(f"until {action.valid_until:%Y-%m-%d %H:%M} UTC")
    return f"{text}{', ' + ', '.join(limits) if limits else ''}."


def _size(action: Action) -> str:
    symbol = action.instrument_id
    if action.quantity is not None:
        return f"{plain(action.quantity)} {symbol}"
    if action.amount_usd is not None:
        return f"{dollars(action.amount_usd)} of {symbol}"
    if action.percent_of_position is not None:
        return f"{plain(action.percent_of_position)} % of the {symbol} held"
    return f"{symbol} for {plain(action.percent_of_equity or ZERO)} % of the portfolio"
