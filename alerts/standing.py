"""Where an alert stands: armed, true now, cooling down or unknown, and how far it is from being told."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from alerts import arming, subjects
from alerts.conditions.registry import KINDS
from alerts.models import AlertConfig
from alerts.signals import cooling_until
from common.money import HUNDRED, nano
from markets import calendar
from markets.models import Quote
from markets.observables import USABLE_FOR, market_of
from markets.selectors import latest_quotes
from watches import machine
from watches.models import Series, Watch
from watches.specs import Base, SeriesKind, SeriesSpec, WatchSpec


class State(enum.StrEnum):
    """Where an alert is."""

    ARMED = "armed"  # told when the condition is reached
    TRUE = "true"  # told, and still true: not told again until it comes back
    COOLING = "cooling"  # came back, or spoke; waits until its cooldown is over
    UNKNOWN = "unknown"  # armed, but its value is unknown; unknown is never told
    DONE = "done"  # told once, as asked
    OFF = "off"  # switched off


@dataclass(frozen=True, kw_only=True)
class Standing:
    """`current_value`, `level` and `distance` are in `unit` (`$`, `%` or none); `distance_percent` of the last price.

    `distance` is how far the value is from the level, 0 where it is reached.
    """

    sentence: str
    state: State
    reason: str = ""
    subject_name: str = ""
    unit: str = ""
    current_value: Decimal | None = None
    level: Decimal | None = None
    distance: Decimal | None = None
    distance_percent: Decimal | None = None
    cooling_until: datetime | None = None


def standing_of(config: AlertConfig, *, now: datetime) -> Standing:
    """Where one config stands."""
    return standings([config], now=now)[config.id]


def standings(configs: Iterable[AlertConfig], *, now: datetime) -> dict[UUID, Standing]:
    """Where the configs of one user stand: at most five queries, however many there are."""
    configs = list(configs)
    mine = Watch.objects.filter(owner_kind=arming.OWNER, owner_id__in=[config.id for config in configs])
    watches = {watch.owner_id: watch for watch in mine.select_related("series")}
    quotes = latest_quotes({config.instrument_id for config in configs if config.instrument_id})
    names = _names(configs)
    found = {}
    for config in configs:
        quote = quotes.get(config.instrument_id or "")
        found[config.id] = _standing(config, watches.get(config.id), quote, names, now)
    return found


def _names(configs: list[AlertConfig]) -> dict[UUID, str]:
    names: dict[UUID, str] = {}
    for kind in (subjects.PORTFOLIO, subjects.GOAL, subjects.STRATEGY):
        about = {c.subject: c.user_id for c in configs if c.subject and KINDS[c.alert_type].subject_kind == kind}
        for user_id in set(about.values()):
            names |= subjects.names_of(kind, user_id, [key for key, owner in about.items() if owner == user_id])
    return names


def _standing(
    config: AlertConfig, watch: Watch | None, quote: Quote | None, names: dict[UUID, str], now: datetime
) -> Standing:
    kind = KINDS[config.alert_type]
    sentence = f"Tell me when {kind.sentence(config.condition)}{_limits(config)}."
    name = names.get(config.subject, "") if config.subject else ""
    off = State.DONE if not config.repeats and config.fired_count else State.OFF
    spec = arming.plan_of(config)
    if spec is None:
        until = cooling_until(config, now)
        state = State.COOLING if until else State.ARMED
        gone = "" if name else "the strategy no longer exists"
        state = off if not config.enabled else State.UNKNOWN if gone else state
        return Standing(sentence=sentence, state=state, reason=gone, subject_name=name, cooling_until=until)
    value, why = _value(spec, watch, quote, now)
    if config.subject and not name:
        why = f"the {kind.subject_kind} no longer exists"
    distance = None if value is None else _distance(spec, watch, value)
    in_dollars = kind.unit(config.condition) == "$" and value
    return Standing(
        sentence=sentence,
        state=_state(watch, why) if config.enabled else off,
        reason=why,
        subject_name=name,
        unit=kind.unit(config.condition),
        current_value=value,
        level=spec.level,
        distance=distance,
        distance_percent=nano(distance * HUNDRED / value) if distance is not None and value and in_dollars else None,
        cooling_until=watch.rearm_at if watch is not None and watch.phase == machine.COOLING else None,
    )


def _limits(config: AlertConfig) -> str:
    return "" if config.repeats else ", once"


def _state(watch: Watch | None, unknown: str) -> State:
    if watch is not None and watch.phase == machine.RECOVER:
        return State.TRUE
    if watch is not None and watch.phase == machine.COOLING:
        return State.COOLING
    return State.UNKNOWN if unknown or watch is None else State.ARMED


def _value(spec: WatchSpec, watch: Watch | None, quote: Quote | None, now: datetime) -> tuple[Decimal | None, str]:
    """The series' value as it stands, and why it is unknown (or what stands is not good enough to tell anybody)."""
    if spec.series.kind == SeriesKind.PUSHED:
        value = watch.series.value if watch else None
        return value, "" if value is not None else "the value is not known yet: it needs prices and history"
    if quote is None:
        return None, "no price has been seen for this symbol yet"
    series = _series(watch.series) if watch else spec.series
    state = machine.WatchState(phase=machine.ARMED, armed_at=now, series=series, direction=spec.direction)
    seen, _ = machine.observe(state, market_of(quote))
    if seen is None:
        return None, "there is not enough history for this window yet"
    # While the market is closed the last price stands and the alert waits for the next: nothing is wrong.
    missing = now - quote.received_at > USABLE_FOR and calendar.is_open(quote.instrument.exchange_id, now)
    return seen.last, f"the last price is from {quote.at:%Y-%m-%d %H:%M} UTC" if missing else ""


def _distance(spec: WatchSpec, watch: Watch | None, value: Decimal) -> Decimal:
    direction = watch.direction if watch else spec.direction
    if spec.follow is not None and spec.follow.kind == "either_way":
        return abs(spec.level - value)
    return max((spec.level - value) * direction, Decimal(0))


def _series(row: Series) -> SeriesSpec:
    return SeriesSpec(
        subject=row.subject,
        observable=row.observable,
        kind=SeriesKind(row.kind),
        base=Base(row.base),
        shift=row.shift,
        numerator=row.numerator,
        reference=row.reference,
        short=row.short,
    )
