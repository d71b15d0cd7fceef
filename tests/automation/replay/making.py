"""Bars and rules for tests of the replay, without a database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import numpy as np

from automation.models import Action
from automation.replay.bars import Bars
from automation.replay.book import Terms
from automation.replay.engine import Replay, Run
from automation.replay.feeds import Tape
from automation.triggers.base import SessionTimes
from automation.triggers.registry import TRIGGERS

D = Decimal
MONDAY = datetime(2026, 11, 16, 14, 30, tzinfo=UTC)
Row = tuple[Any, Any, Any, Any]


def sessions(days: int, first: datetime = MONDAY, minutes: int = 390) -> tuple[SessionTimes, ...]:
    """Sessions of `minutes` on consecutive days."""
    opens = [first + timedelta(days=n) for n in range(days)]
    return tuple(SessionTimes(date=o.date(), opens_at=o, closes_at=o + timedelta(minutes=minutes)) for o in opens)


def daily(rows: Sequence[Row | Any], *, volume: Sequence[float] | None = None, first: int = 0) -> Bars:
    """Daily bars of (open, high, low, close), or of one price."""
    return _bars(rows, "1d", sessions(len(rows) + 20), volume, first)


def minutes(rows: Sequence[Row | Any], *, per_session: int = 390, volume: Sequence[float] | None = None) -> Bars:
    """Minute bars that fill one session after the other."""
    return _bars(rows, "1m", sessions(len(rows) // per_session + 20, minutes=per_session), volume, 0, per_session)


def _bars(
    rows: Sequence[Any], timeframe: str, times: Sequence[SessionTimes], volume: Any, first: int, width: int = 1
) -> Bars:
    full = [row if isinstance(row, tuple) else (row,) * 4 for row in rows]
    columns = np.array(full, dtype=np.float64).T.reshape(4, len(full))
    if timeframe == "1d":
        starts = [int(s.opens_at.timestamp()) for s in times[: len(full)]]
        ends = [int(s.closes_at.timestamp()) for s in times[: len(full)]]
    else:
        starts = [int(times[n // width].opens_at.timestamp()) + 60 * (n % width) for n in range(len(full))]
        ends = [start + 60 for start in starts]
    return Bars(
        symbol="AAPL",
        timeframe=timeframe,
        starts=np.array(starts, dtype=np.int64),
        ends=np.array(ends, dtype=np.int64),
        open=columns[0],
        high=columns[1],
        low=columns[2],
        close=columns[3],
        volume=np.array(volume if volume is not None else [1000.0] * len(full)),
        sessions=times,
        first=first,
    )


def rule(kind: str, params: dict[str, Any], **fields: Any) -> Action:
    """Buy 10 AAPL, once, unless said otherwise."""
    values: dict[str, Any] = {
        "id": uuid4(),
        "user_id": 1,
        "portfolio_id": uuid4(),
        "action_type": "BUY",
        "instrument_id": "AAPL",
        "quantity": D(10),
        "order_type": "market",
        "time_in_force": "day",
        "trigger_type": kind,
        "trigger_params": TRIGGERS[kind].parse(params),
        **fields,
    }
    return Action(**values)


def run(action: Action, bars: Bars, *, days: Bars | None = None, look_ahead: bool = True, **terms: Any) -> Replay:
    """Replay with 100,000 dollars and no costs, unless said otherwise."""
    given = Terms(**{"cash": D(100_000), **terms})
    return Run(action, Tape(bars=bars, daily=days or bars), given, look_ahead=look_ahead).run()


def fills(done: Replay) -> list[tuple[int, str]]:
    """(bar, price) of every trade."""
    return [(one.bar, f"{one.fill_price:.2f}") for one in done.firings if one.quantity]
