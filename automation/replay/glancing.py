"""A glance at the past of a rule that is being written: when would it have fired? Bounded, so that it keeps up with
typing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import User
from automation.drafts import as_raw
from automation.models import Action
from automation.replay.answering import prepare, run_case
from automation.replay.asking import draft_action, read_question
from common.errors import InvalidInput

# How far back each kind of bar is looked at: 250 days of one bar, or a week of minutes.
SPANS = {"1d": timedelta(days=365), "1m": timedelta(days=7)}
MOST_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class Past:
    """The firings of the last `days` on bars of `timeframe`, oldest first: moment and price. `reason`: why unknown."""

    timeframe: str
    days: int
    firings: tuple[tuple[datetime, Decimal | None], ...] = ()
    reason: str = ""


def glance(action: Action, *, user: User, timeframe: str, now: datetime) -> Past:
    """When the rule would have fired, its limits on how often and when left aside. Never raises for the rule's kind:
    what cannot be replayed says why."""
    timeframe = timeframe if timeframe in SPANS else "1d"
    span = SPANS[timeframe]
    begin = now - span
    try:
        question = read_question(
            {"timeframe": timeframe, "from": begin, "ignore_dates": True},
            portfolio=action.portfolio,
            symbol=action.instrument_id or "",
            now=now,
        )
        trial = draft_action(_unlimited(action), user=user, start=begin)
        case = prepare(trial, question)
        done = run_case(case, case.action)
    except InvalidInput as error:
        return Past(timeframe=timeframe, days=span.days, reason=" ".join(" ".join(t) for t in error.errors.values()))
    firings = tuple((one.at, one.price) for one in done.firings[-MOST_SHOWN:])
    return Past(timeframe=timeframe, days=span.days, firings=firings)


def _unlimited(action: Action) -> Mapping[str, Any]:
    """The rule as text, told instead of traded: what is counted is when it fires, not what came of it."""
    raw = dict(as_raw(action))
    raw |= {"max_executions": None, "valid_from": None, "valid_until": None, "mode": "notify", "group": ""}
    raw |= {"cooldown_seconds": max(int(raw.get("cooldown_seconds") or 0), 0)}
    return raw
