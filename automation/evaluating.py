"""From quotes to firings, in one transaction: claim, compute, find what is crossed, record each firing once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction

from alerts import arming as alert_arming
from alerts import telling
from automation import arming, conditions, firing, grouping, skipping, trace_limits, trace_watches
from automation.conditions import Verdict
from automation.models import Action, ActionExecution, ActionStatus
from common.enqueue import nudge
from common.money import plain
from markets import observables
from orders import matching
from watches import crossing, feeding, following, waiting
from watches.crossing import Claim, Hit
from watches.machine import WatchState

log = logging.getLogger(__name__)
BATCH = 20_000
_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What one pass did."""

    claimed: int
    fired: int
    told: int = 0  # alerts that people asked for


def evaluate_quotes(*, now: datetime, symbols: Sequence[str] | None = None) -> Evaluation:
    """Show the engine every quote it has not seen (of `symbols`, or of all), until none is left."""
    trace_watches.quotes_too_old(symbols=symbols, now=now)
    claimed = fired = told = 0
    while True:
        params = observables.params(now=now, symbols=symbols, limit=BATCH)
        done = _attempt(observables.TOUCHED, params, now, quotes=True)
        claimed, fired, told = claimed + done.claimed, fired + done.fired, told + done.told
        if done.claimed < BATCH:
            return Evaluation(claimed=claimed, fired=fired, told=told)


def evaluate_values(values: Mapping[int, Decimal], *, at: datetime, now: datetime) -> Evaluation:
    """Show the engine new values of pushed series (id -> value) observed at `at`."""
    return _attempt(feeding.TOUCHED, feeding.params(values, at), now) if values else Evaluation(claimed=0, fired=0)


def confirm_standing(series_ids: list[int], *, now: datetime) -> Evaluation:
    """Show the standing values of pushed series to the watches on them that have held long enough."""
    return _tried(lambda: _evaluate(waiting.standing_values(series_ids, now), now))


def _attempt(touched: str, params: Mapping[str, Any], now: datetime, *, quotes: bool = False) -> Evaluation:
    """One batch. What has waited long enough sees it; what else has is shown its standing quote by the next batch."""

    def evaluate() -> Evaluation:
        rows = waiting.rearm_due(now)
        trace_watches.rearmed(rows, now=now)
        owners = [(row.owner_kind, row.owner_id) for row in rows]
        waited = sorted({*arming.symbols_of(owners), *alert_arming.symbols_of(owners)})
        resting = matching.keep_ranges(now=now) if quotes else set()
        if resting:
            nudge("orders.match_paper", queue="trading", symbols=sorted(resting))
        done = _evaluate(crossing.scan(touched, params), now)
        arming.wake_unless_busy(waited, now=now)
        return done

    return _tried(evaluate)


def _tried(work: Callable[[], Evaluation]) -> Evaluation:
    """Do it in one transaction. A deadlock with an edit is rare, loses nothing, and is tried again."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return work()
        except OperationalError as error:
            if attempt == _ATTEMPTS or "deadlock" not in str(error):
                raise
            log.warning("evaluation met a deadlock, trying again (%s of %s)", attempt, _ATTEMPTS)
    raise AssertionError("unreachable")


def _evaluate(claim: Claim, now: datetime) -> Evaluation:
    outcome = crossing.sort_out(claim.hits, now)
    activated = following.take_references(outcome.references, now)
    crossing.write_flips(outcome)
    trace_watches.flips(claim.hits, outcome, now=now)
    trace_limits.holding([(hit, state, hit.hold_seconds) for hit, state in outcome.holding], now=now)
    trace_watches.references(outcome.references, activated, now=now)
    hits = [*outcome.fired, *activated]
    fired = _fire([hit for hit in hits if hit.owner_kind == arming.OWNER], now)
    return Evaluation(claimed=claim.claimed, fired=fired, told=telling.tell_hits(hits, now))


def _fire(hits: Sequence[Hit], now: datetime) -> int:
    """Record a firing for every hit whose action still stands behind it; switch the others' watches off.

    Of a group one member fires and holds the others. A firing whose conditions do not hold is skipped.
    """
    if not hits:
        return 0
    actions = grouping.lock([hit.owner_id for hit in hits])
    groups = grouping.Groups(actions.values())
    standing, stale = _standing_behind(hits, actions, now)
    verdicts = conditions.check([action for _, action in standing], now=now)
    executions: list[ActionExecution] = []
    written: list[tuple[Hit, WatchState, Action]] = []
    fired: list[tuple[Hit, WatchState, ActionExecution]] = []
    skipped: list[tuple[Hit, Action, Verdict]] = []
    for hit, action in groups.in_order(standing):
        verdict = verdicts.get(action.id)
        if action.held_by is not None:  # a mate fired in this batch
            continue
        if verdict is not None and not verdict.holds:
            skipped.append((hit, action, verdict))
            written.append((hit, crossing.after_skip(hit, at=now + skipping.RETRY), action))
            continue
        execution = firing.fire(action, now=now, cause="trigger", observation=_observation(hit), verdict=verdict)
        executions.append(execution)
        groups.hold_others(execution)
        # The watch repeats while a further execution is left after this one.
        after = crossing.after_firing(hit, repeats=not arming.used_up(action), now=now)
        written.append((hit, after, action))
        fired.append((hit, after, execution))
    nothing_done = skipping.skip([(action, _observation(hit), verdict) for hit, action, verdict in skipped], now=now)
    crossing.write_fired([(hit, state, action.epoch) for hit, state, action in written])
    crossing.turn_off(stale)
    firing.record([*executions, *nothing_done], now=now)
    trace_watches.fired(fired, now=now)
    trace_watches.stale(hits, stale, actions, now=now)
    trace_limits.conditions_not_met([(hit, action, trace_limits.seen(v)) for hit, action, v in skipped], now=now)
    groups.save(now)
    return len(executions)


def _standing_behind(
    hits: Sequence[Hit], actions: Mapping[UUID, Action], now: datetime
) -> tuple[list[tuple[Hit, Action]], list[int]]:
    """The hits whose actions stand behind them, and the watches of the others."""
    standing: list[tuple[Hit, Action]] = []
    stale: list[int] = []
    for hit in hits:
        action = actions.get(hit.owner_id)
        if action is None or not may_fire(action, hit.epoch, hit.seen_at, now):
            stale.append(hit.watch_id)
        else:
            standing.append((hit, action))
    return standing, stale


def may_fire(action: Action, epoch: int, at: datetime, now: datetime) -> bool:
    """Whether the action stands behind a hit of `epoch` observed at `at`.

    The price standing when the window begins counts, so the beginning is held against `now`.
    """
    return (
        action.status == ActionStatus.ACTIVE
        and action.epoch == epoch
        and action.held_by is None
        and not arming.used_up(action)
        and (action.valid_from is None or now >= action.valid_from)
        and (action.valid_until is None or at <= action.valid_until)
    )


def _observation(hit: Hit) -> dict[str, Any]:
    """What was seen, for the person who asks why."""
    return {
        "symbol": hit.subject,
        "value": plain(hit.value),
        "level": plain(hit.level),
        "price": None if hit.price is None else plain(hit.price),
        "quote_time": hit.seen_at.isoformat(),
        "source": hit.source,
        "series": hit.series_id,
    }
