"""What is known about a rule at one moment: everything that may keep it from trading, in a handful of queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from automation import arming, explaining, steady
from automation.explaining import Explanation
from automation.models import OPEN_EXECUTIONS, Action, ActionExecution, Trace
from automation.planning import plan_of
from automation.steady import Watched
from automation.trace_kinds import STOPS, TURNS
from automation.triggers.base import ClockPlan, RequestPlan
from markets import calendar
from safety import switch
from safety.models import TradingState
from watches.models import Watch


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What is known about a rule at one moment."""

    action: Action
    now: datetime
    explanation: Explanation
    clock: bool = False
    on_request: bool = False
    phase: int | None = None
    rearm_at: datetime | None = None
    running: ActionExecution | None = None  # a firing that has not come to its end
    last_stop: Trace | None = None  # since the last time it was carried out, made or resumed
    opens_at: datetime | None = None  # the market is closed, and opens then
    market_closed: bool = False
    killed: tuple[str, ...] = ()
    trading_state: str = TradingState.ACTIVE.value
    watched: tuple[Watched, ...] = ()


def situation_of(action: Action, *, now: datetime, explanation: Explanation | None = None) -> Situation:
    """The facts, in a handful of queries whatever the length of the rule's history."""
    plan = plan_of(action)
    watch = Watch.objects.filter(owner_kind=arming.OWNER, owner_id=action.id).first()
    reach = switch.view(user_id=action.user_id, portfolio_id=action.portfolio_id, action_id=action.id)
    closed, opens_at = _market(action, now)
    return Situation(
        action=action,
        now=now,
        explanation=explanation or explaining.explain(action, now=now),
        clock=isinstance(plan, ClockPlan),
        on_request=isinstance(plan, RequestPlan),
        phase=None if watch is None else watch.phase,
        rearm_at=None if watch is None else watch.rearm_at,
        running=action.executions.filter(state__in=OPEN_EXECUTIONS).order_by("-triggered_at").first(),
        last_stop=_last_stop(action),
        opens_at=opens_at,
        market_closed=closed,
        killed=reach.killed,
        trading_state=reach.trading_state,
        watched=tuple(steady.now_watching(action, now=now)),
    )


def _last_stop(action: Action) -> Trace | None:
    """The newest entry that tells of a stop, unless the rule has done something or begun anew since."""
    kinds = [kind.value for kind in (*STOPS, *TURNS)]
    newest = Trace.objects.filter(action=action, kind__in=kinds).order_by("-id").first()
    return newest if newest is not None and newest.kind in STOPS else None


def _market(action: Action, now: datetime) -> tuple[bool, datetime | None]:
    """Whether the rule's market is closed, and when it opens."""
    if action.instrument is None or calendar.is_open(action.instrument.exchange_id, now):
        return False, None
    coming = calendar.next_session(action.instrument.exchange_id, now)
    return True, coming.opens_at if coming else None
