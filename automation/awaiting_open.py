"""Firings at the close of a daily bar wait for the next open: the bar closes with the market, and then nothing trades.

Until then the execution is pending under a lease that ends shortly after the open; it expires a quarter of an hour
later. Shadow trades wait alike, so that they are what the order would have been.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from automation.drafts import REARMING
from automation.models import ActionExecution, ActionType, ActionVersion
from automation.strategies.models import Strategy
from markets import calendar
from markets.selectors import DAY

AFTER_OPEN = timedelta(seconds=15)  # the first prices of the session are there
ACT_WITHIN = timedelta(minutes=15)
CLOSED_BARS = ("ma_cross", "rsi_above", "rsi_below", "signal")


def wait(execution: ActionExecution, *, now: datetime) -> None:
    """Let a new execution wait if it is a trade at the close of a daily bar and its market is closed now."""
    action = execution.action
    if action.trigger_type not in CLOSED_BARS or action.action_type not in (ActionType.BUY, ActionType.SELL):
        return
    if action.instrument is None or calendar.is_open(action.instrument.exchange_id, now) or not _daily(execution):
        return
    session = calendar.next_session(action.instrument.exchange_id, now)
    if session is not None:
        execution.lease_until = session.opens_at + AFTER_OPEN
        execution.expires_at = session.opens_at + ACT_WITHIN


def waited(execution: ActionExecution) -> bool:
    """Whether it was made to wait for an open: nothing else lasts longer than a quarter of an hour."""
    return execution.expires_at - execution.triggered_at > ACT_WITHIN


def edited_meanwhile(execution: ActionExecution) -> bool:
    """Whether the rule became another one while it waited: what fired is not what it watches for any more."""
    if not waited(execution):
        return False
    edits = ActionVersion.objects.filter(action=execution.action_id, at__gt=execution.triggered_at)
    return any(REARMING & changes.keys() for changes in edits.values_list("changes", flat=True))


def _daily(execution: ActionExecution) -> bool:
    params = execution.action.trigger_params
    if execution.action.trigger_type == "signal":
        return Strategy.objects.filter(id=params["strategy"], timeframe=DAY).exists()
    return params.get("timeframe") == DAY and params.get("on", "close") == "close"
