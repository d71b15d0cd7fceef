"""What-if: with these market inputs, would the rule fire, what would it order, what would the gate say?

Writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from automation import arming, conditions
from automation.effects.trade import intent_for
from automation.explaining import state_of
from automation.firing import fire
from automation.models import Action, ActionType, Mode
from automation.planning import plan_of
from automation.sentences import effect_sentence, sentence
from automation.triggers.base import BadParams, ClockPlan, RequestPlan
from automation.triggers.reading import Reader
from common.errors import InvalidInput
from common.money import ZERO, plain
from markets.observables import market_of
from markets.selectors import latest_quotes
from orders.previewing import OrderPreview, preview_order
from watches import machine
from watches.models import Watch
from watches.specs import MarketSlice, Repeat, SeriesKind


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """The answer. `order` is None when the rule would not fire, and for one that only tells or records."""

    would_fire: bool
    sentence: str
    reason: str
    value: Decimal | None = None
    level: Decimal | None = None
    effect: str = ""
    order: OrderPreview | None = None
    inputs: dict[str, str] = field(default_factory=dict)


def what_if(action: Action, *, observation: Mapping[str, Any], now: datetime) -> WhatIf:
    """Show the rule one made-up observation, from the state it is in.

    Inputs: price (required for price triggers), low, high, prev_close, session_open, volume, value (for triggers on
    closed bars), at (for clock triggers). What is left out comes from the standing quote.
    """
    inputs = _read(observation)
    plan = plan_of(action)
    if isinstance(plan, ClockPlan):
        return _clock(action, plan, inputs, now)
    quote = latest_quotes({action.instrument_id}).get(action.instrument_id) if action.instrument_id else None
    standing = market_of(quote) if quote else None
    price = inputs.get("price") or (standing.last if standing else None)
    if price is None:
        if plan.spec.series.kind != SeriesKind.PUSHED:
            raise InvalidInput({"price": "is required: no price has been seen for this symbol yet"})
        price = ZERO  # what counts is the value of the closed bar
    market = MarketSlice(
        at=now,
        since=now,
        low=min(inputs.get("low") or price, price),
        high=max(inputs.get("high") or price, price),
        last=price,
        volume=inputs.get("volume", standing.volume if standing else Decimal(0)),
        prev_close=inputs.get("prev_close") or (standing.prev_close if standing else None),
        session_open=inputs.get("session_open") or (standing.session_open if standing else None),
        pushed=inputs.get("value"),
    )
    watch = (
        Watch.objects.select_related("series")
        .filter(owner_kind=arming.OWNER, owner_id=action.id)
        .exclude(phase=machine.OFF)
        .first()
    )
    state = state_of(watch) if watch else machine.start(plan.spec, now - timedelta(seconds=1))
    if state.phase == machine.WAITING and standing:  # its reference would be the price standing now
        calm = replace(market, low=standing.last, high=standing.last, last=standing.last)
        state, _ = machine.step(plan.spec, Repeat(), state, calm)
    seen, _ = machine.observe(state, market)
    after, fired = machine.step(plan.spec, Repeat(), state, market)
    reason = _reason(fired, state.phase, after.phase, seen is None)
    if fired and (in_the_way := _in_the_way(action, now)):
        fired, reason = False, in_the_way
    return WhatIf(
        would_fire=fired,
        sentence=sentence(action),
        reason=reason,
        value=None if seen is None else seen.last,
        level=plan.spec.level,
        effect=effect_sentence(action),
        order=_order(action, price or None, now) if fired else None,
        inputs={key: plain(value) for key, value in inputs.items() if isinstance(value, Decimal)},
    )


def _clock(action: Action, plan: ClockPlan, inputs: dict[str, Any], now: datetime) -> WhatIf:
    if isinstance(plan, RequestPlan):
        return _called(action, now)
    at: datetime = inputs.get("at") or now
    due = arming.next_due(action, plan, after=at - timedelta(seconds=60))
    fires = due is not None and due <= at
    in_the_way = _in_the_way(action, now) if fires else ""
    word = f"the next time after that is {due:%Y-%m-%d %H:%M} UTC" if due else "no further time is due"
    return WhatIf(
        would_fire=fires and not in_the_way,
        sentence=sentence(action),
        reason=in_the_way or ("its time has come" if fires else f"it is not its time: {word}"),
        effect=effect_sentence(action),
        order=_order(action, None, now) if fires and not in_the_way else None,
        inputs={"at": at.isoformat()},
    )


def _called(action: Action, now: datetime) -> WhatIf:
    """As if its webhook were called now with the right message."""
    in_the_way = _in_the_way(action, now)
    return WhatIf(
        would_fire=not in_the_way,
        sentence=sentence(action),
        reason=in_the_way or "its webhook is called",
        effect=effect_sentence(action),
        order=None if in_the_way else _order(action, None, now),
    )


def _in_the_way(action: Action, now: datetime) -> str:
    """Why a firing would be skipped as things stand: a condition on the real market, a mate of its group."""
    verdict = conditions.check([action], now=now).get(action.id)
    if verdict is not None and not verdict.holds:
        return verdict.text
    return "it is held: another rule of its group is executing" if action.held_by is not None else ""


def order_now(action: Action, *, now: datetime) -> OrderPreview | None:
    """The order a rule (stored or only drafted) would place if it fired at the standing price, with the gate's answer.

    None for a rule that places none: it tells, rebalances, or does not act by itself. Writes nothing.
    """
    quote = latest_quotes({action.instrument_id}).get(action.instrument_id) if action.instrument_id else None
    return _order(action, quote.last if quote else None, now)


def _order(action: Action, price: Decimal | None, now: datetime) -> OrderPreview | None:
    if action.action_type in (ActionType.NOTIFY, ActionType.REBALANCE) or action.mode != Mode.AUTO:
        return None
    trial = copy_of(action)
    execution = fire(trial, now=now, cause="trigger", observation={"price": None if price is None else plain(price)})
    return preview_order(intent_for(trial, execution), now=now)


def copy_of(action: Action) -> Action:
    """A copy that can be moved on without touching the original."""
    copy = Action()
    for column in Action._meta.concrete_fields:
        setattr(copy, column.attname, getattr(action, column.attname))
    return copy


def _reason(fired: bool, before: int, after: int, unknown: bool) -> str:
    if fired:
        return "the value reaches the level"
    if unknown:
        return "the value is unknown with these inputs, and unknown never fires"
    if after == machine.HOLDING:
        return "the value reaches the level, and must stay there for as long as the rule says"
    if before in (machine.COOLING, machine.RETRY):
        return "the cooldown is not over"
    if before == machine.RECOVER:
        return "it has fired and the value has not come back yet"
    if before in (machine.PRIME, machine.ACTIVATE, machine.WAITING):
        return "it gets ready, and fires at a later price" if after == machine.ARMED else "it is not ready yet"
    return "the value does not reach the level"


def _read(observation: Mapping[str, Any]) -> dict[str, Any]:
    try:
        read = Reader(observation, "an input of the simulation")
        names = ("price", "low", "high", "prev_close", "session_open")
        found: dict[str, Any] = {name: read.decimal(name) for name in names}
        found["volume"] = read.decimal("volume", at_least=0)
        found["value"] = read.decimal("value", above=None)
        found["at"] = read.moment("at")
        read.done()
    except BadParams as bad:
        raise InvalidInput(bad.errors) from None
    return {key: Decimal(value) if key != "at" else value for key, value in found.items() if value is not None}
