"""Say what a rule is waiting for: the sentence, where the value stands, and the exact price at which it fires."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any
from uuid import UUID

from accounts.models import User
from automation import arming, pushed
from automation.drafts import Draft
from automation.models import Action, ActionStatus
from automation.planning import plan_of
from automation.sentences import sentence
from automation.triggers.base import ClockPlan, RequestPlan
from automation.triggers.lasting import duration
from common.money import CENT, HUNDRED, dollars, nano, plain
from markets.models import Quote
from markets.observables import USABLE_FOR, market_of
from markets.selectors import latest_quotes
from watches import machine
from watches.models import Series, Watch
from watches.specs import PEAKS, Base, SeriesKind, SeriesSpec, WatchSpec


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Where a rule stands. Prices in dollars, `distance` in dollars, `distance_percent` in percent of the last price.

    `current_value` and `level` are in the watched series' unit (dollars, percent, shares, bars' signal).
    """

    sentence: str
    status_line: str
    current_value: Decimal | None = None
    level: Decimal | None = None
    last_price: Decimal | None = None
    firing_price: Decimal | None = None
    distance: Decimal | None = None
    distance_percent: Decimal | None = None
    already_true: bool = False
    next_due_at: datetime | None = None
    warnings: tuple[str, ...] = ()


def explain(action: Action, *, now: datetime) -> Explanation:
    """Explain one rule."""
    return explain_many([action], now=now)[action.id]


def explain_many(actions: Iterable[Action], *, now: datetime) -> dict[UUID, Explanation]:
    """Explain many rules with two queries, whatever their number. `action.instrument` is not needed."""
    actions = list(actions)
    watches = {
        watch.owner_id: watch
        for watch in Watch.objects.filter(
            owner_kind=arming.OWNER, owner_id__in=[action.id for action in actions]
        ).select_related("series")
    }
    quotes = latest_quotes({action.instrument_id for action in actions if action.instrument_id})
    return {
        action.id: _explain(action, watches.get(action.id), quotes.get(action.instrument_id or ""), now)
        for action in actions
    }


def preview(*, user: User, data: Mapping[str, Any], now: datetime) -> Explanation:
    """Explain a rule before it exists. Raises InvalidInput like creating it would; writes nothing."""
    action = Action(user=user, created_at=now, updated_at=now, **Draft(user=user, raw=data, now=now).check())
    return explain_draft(action, now=now)


def explain_draft(action: Action, *, now: datetime) -> Explanation:
    """Explain a rule that is not armed as it stands here."""
    quote = latest_quotes({action.instrument_id}).get(action.instrument_id) if action.instrument_id else None
    plan = plan_of(action)
    stored = None
    if not isinstance(plan, ClockPlan):  # another rule may have made the series known already
        wanted = plan.spec.series
        stored = Series.objects.filter(subject=wanted.subject, observable=wanted.observable).first()
    return _explain(action, None, quote, now, stored=stored)


def warnings_of(actions: Iterable[Action], *, now: datetime) -> list[tuple[str, ...]]:
    """What the makers of new rules should know (already true, no price yet), in their order. One query."""
    actions = list(actions)
    quotes = latest_quotes({action.instrument_id for action in actions if action.instrument_id})
    return [_new_warnings(action, quotes.get(action.instrument_id or ""), now) for action in actions]


def _new_warnings(action: Action, quote: Quote | None, now: datetime) -> tuple[str, ...]:
    plan = plan_of(action)
    return () if isinstance(plan, ClockPlan) else _explain(action, None, quote, now).warnings


def _explain(
    action: Action, watch: Watch | None, quote: Quote | None, now: datetime, stored: Series | None = None
) -> Explanation:
    plan = plan_of(action)
    text = sentence(action)
    if isinstance(plan, RequestPlan):
        return Explanation(sentence=text, status_line=_idle(action, now) or "Waits for a call of its webhook")
    if isinstance(plan, ClockPlan):
        due = action.next_evaluation_at
        if action._state.adding:
            due = arming.next_due(action, plan, after=now)
        line = f"Next at {due:%Y-%m-%d %H:%M} UTC" if due else "No further time is due"
        return Explanation(sentence=text, status_line=_idle(action, now) or line, next_due_at=due)
    spec = plan.spec
    state = machine.start(spec, now)
    if watch is not None and watch.phase != machine.OFF:
        state = state_of(watch)
    elif stored is not None:
        state = replace(state, series=spec_of(stored))
    if spec.series.kind == SeriesKind.PUSHED:
        series = watch.series if watch else stored
        value, idle = series.value if series else None, _idle(action, now)
        warnings = pushed.warnings_of(spec, state, value, watched=not idle)
        return Explanation(
            sentence=text,
            status_line=idle or _line(spec, state),
            current_value=value,
            level=spec.level,
            last_price=quote.last if quote else None,
            already_true=pushed.ALREADY_TRUE in warnings,
            warnings=warnings,
        )
    warnings = _warnings(quote, now)
    if quote is None:
        line = _idle(action, now) or _line(spec, state)
        return Explanation(sentence=text, status_line=line, level=spec.level, warnings=warnings)
    seen, _ = machine.observe(state, market_of(quote))
    firing = None if arming.used_up(action) else firing_price(spec, state, quote)
    reached = seen is not None and machine.scan_for(spec, machine.ARMED, state.direction).reached(seen.last)
    idle = _idle(action, now)
    already = reached and state.phase == machine.ARMED and not spec.follow and not warnings and not idle
    if already and action.status == ActionStatus.ACTIVE:
        warnings = (*warnings, _already(action, spec))
    if seen is None and not spec.follow:
        warnings = (*warnings, "The value is unknown yet (not enough history): an unknown value never fires.")
    distance = None if firing is None else abs(firing - quote.last)
    return Explanation(
        sentence=text,
        status_line=idle or _line(spec, state),
        current_value=None if seen is None else seen.last,
        level=spec.level,
        last_price=quote.last,
        firing_price=firing,
        distance=distance,
        distance_percent=None if distance is None else nano(distance * HUNDRED / quote.last),
        already_true=already,
        warnings=warnings,
    )


def firing_price(spec: WatchSpec, state: machine.WatchState, quote: Quote) -> Decimal | None:
    """The first price that fires the rule as things stand; None when no price decides it.

    To the tick towards firing: a cent, below a dollar a hundredth of one. A tick short of it nothing fires.
    """
    series = state.series
    if state.phase == machine.WAITING or series.kind in (SeriesKind.VOLUME, SeriesKind.PUSHED):
        return None
    if state.phase == machine.ACTIVATE and spec.follow:
        return spec.follow.activation
    if series.observable == "price":
        return spec.level
    reference = machine.reference_of(series, market_of(quote))
    if reference is None:
        return None
    scan = machine.scan_for(spec, machine.ARMED, state.direction)
    found = []
    for exact, way in _where(spec, state, reference):
        price = _first_tick(exact, way, lambda price: scan.reached(_value(series, price, reference)))
        if price is not None:
            found.append(price)
    return min(found, key=lambda price: abs(price - quote.last), default=None)


def _where(spec: WatchSpec, state: machine.WatchState, reference: Decimal) -> list[tuple[Decimal, int]]:
    """Where the series has the level's value, and in which direction prices go on firing."""
    series, level = state.series, spec.level
    if series.kind in PEAKS:
        trail = level * reference / HUNDRED if series.kind == SeriesKind.PEAK_PERCENT else level
        return [(reference + trail, 1)] if series.short else [(reference - trail, -1)]
    up = (level - series.shift) * reference / series.numerator
    if series.kind == SeriesKind.ABSOLUTE:
        return [(up, 1), ((-level - series.shift) * reference / series.numerator, -1)]
    return [(up, state.direction)]


def _value(series: SeriesSpec, price: Decimal, reference: Decimal) -> Decimal:
    if series.kind in PEAKS:
        return machine.drawdown(series.kind, reference, price, short=series.short)
    value = machine.value_at(series, price, reference)
    return abs(value) if series.kind == SeriesKind.ABSOLUTE else value


def _first_tick(exact: Decimal, way: int, fires: Callable[[Decimal], bool]) -> Decimal | None:
    """The first price on the grid from `exact` on, going `way`, that fires."""
    tick = CENT if exact >= 1 else CENT / 100
    price = exact.quantize(tick, ROUND_CEILING if way > 0 else ROUND_FLOOR)
    if not fires(price):  # beyond the level, not at it
        price += way * tick
    elif fires(price - way * tick):  # values are rounded to 9 places
        price -= way * tick
    return price if price > 0 else None


def state_of(watch: Watch) -> machine.WatchState:
    """A stored watch as the machine's state."""
    return machine.WatchState(
        phase=watch.phase,
        armed_at=watch.armed_at,
        series=spec_of(watch.series),
        direction=watch.direction,
        rearm_at=watch.rearm_at,
    )


def spec_of(series: Series) -> SeriesSpec:
    """A stored series as the machine's."""
    return SeriesSpec(
        subject=series.subject,
        observable=series.observable,
        kind=SeriesKind(series.kind),
        base=Base(series.base),
        shift=series.shift,
        numerator=series.numerator,
        reference=series.reference,
        short=series.short,
    )


def _idle(action: Action, now: datetime) -> str:
    """Why the rule waits for no price or time now; empty when it does."""
    if action.status != ActionStatus.ACTIVE:
        reason = f": {action.status_reason}" if action.status_reason else ""
        return f"{action.get_status_display()}{reason}"
    if action.held_by is not None:
        return f"Held: another rule of the group '{action.group}' is executing. If that succeeds this one is cancelled"
    if arming.used_up(action):
        return "Has fired; waits for the outcome"
    if action.valid_from and action.valid_from > now:
        return f"Begins at {action.valid_from:%Y-%m-%d %H:%M} UTC"
    return ""


def _already(action: Action, spec: WatchSpec) -> str:
    """The warning that a rule acts at once."""
    when = f"fires when it has stayed so for {duration(spec.hold_seconds)}" if spec.hold_seconds else "fires at once"
    return f"Already true: {when}{' if its conditions hold then' if action.conditions else ''}."


def _holding(spec: WatchSpec, state: machine.WatchState) -> str:
    """Since when, and until when. What only waits to try again, its conditions not holding, began at no hour."""
    if state.rearm_at is None or not spec.hold_seconds:
        return f"Fired, but nothing was done; tries again at {state.rearm_at:%H:%M:%S} UTC" if state.rearm_at else "?"
    since = state.rearm_at - timedelta(seconds=spec.hold_seconds)
    return f"Holding since {since:%H:%M:%S}, fires at {state.rearm_at:%H:%M:%S} UTC if it stays"


def _line(spec: WatchSpec, state: machine.WatchState) -> str:
    side = "below" if state.direction > 0 else "above"
    crossing = "ma_" in state.series.observable
    if state.phase == machine.ARMED:
        return "Armed: fires at the next cross" if crossing else f"Armed: fires at {_level(state.series, spec.level)}"
    if state.phase == machine.PRIME:
        first = "the averages are on the other side" if crossing else f"{side} {_level(state.series, spec.level)}"
        return f"Waits until {first}"
    if state.phase == machine.RECOVER:
        back = _level(state.series, spec.level - state.direction * spec.hysteresis)
        return "Fired; waits for the next bar" if crossing else f"Fired; waits until it is back {side} {back}"
    if state.phase == machine.HOLDING:
        return _holding(spec, state)
    if state.phase == machine.HELD:
        return "Held long enough; fires at the next value unless that is back"
    if state.phase in (machine.COOLING, machine.RETRY):
        until = f"{state.rearm_at:%Y-%m-%d %H:%M:%S} UTC" if state.rearm_at else "?"
        return f"Cooling down until {until}" if state.phase == machine.COOLING else f"Tries again at {until}"
    if state.phase == machine.ACTIVATE and spec.follow and spec.follow.activation is not None:
        return f"Waits for the activation price {dollars(spec.follow.activation)}"
    if state.phase == machine.WAITING:
        return "Waits for the first price"
    return "Not watched"


def _level(series: SeriesSpec, level: Decimal) -> str:
    """A level in the words of its series: dollars, percent, shares."""
    name = series.observable.removeprefix("abs_").partition(":")[0]
    text = plain(level)
    if name == "rsi":
        return f"an RSI of {text}"
    if name == "drawdown" and series.kind == SeriesKind.PUSHED:
        return f"{text} % below the peak"
    if name == "drift":
        return f"{text} % of its band"
    if name == "price" or series.kind == SeriesKind.PEAK_AMOUNT:
        return dollars(level)
    if series.kind == SeriesKind.PEAK_PERCENT:
        return f"{text} % from the best price"
    return {"change_pct": f"{text} %", "volume_ratio": f"{text} x the average volume"}.get(name, f"{text} shares")


def _warnings(quote: Quote | None, now: datetime) -> tuple[str, ...]:
    if quote is None:
        return ("No price has been seen for this symbol yet: an unknown price never fires.",)
    if now - quote.received_at > USABLE_FOR:
        return (f"The last price is from {quote.at:%Y-%m-%d %H:%M} UTC: a stale price never fires.",)
    return ()
