"""Each entry of a rule's history as one English sentence. Plain Python.

Lines carry no time of their own: it stands beside them. A moment within a line is written in full UTC
(`2026-11-20 15:01:00 UTC`), which pages show on the reader's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from common.money import CENT, plain
from watches import machine
from watches.machine import WatchState
from watches.specs import Seen, WatchSpec

LONGEST = 300
_PLACES = Decimal("0.0001")


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """How a watched value is said: 'AAPL', '$', '' or 'AAPL moved by', '', ' %'."""

    label: str
    prefix: str = ""
    suffix: str = ""
    money: bool = False
    pulse: bool = False  # not a value but an event of one bar: the averages crossed

    def text(self, value: Decimal) -> str:
        """The value with its unit: at least two decimals of a price, at most four of anything else."""
        return f"{self.prefix}{price_text(value) if self.money else number_text(value)}{self.suffix}"


def measure_of(trigger_type: str, params: Mapping[str, Any], symbol: str) -> Measure:
    """The words for the values a trigger watches."""
    if trigger_type in ("price_above", "price_below"):
        return Measure(label=symbol, money=True)
    if trigger_type == "change_pct":
        return Measure(label=f"{symbol} moved by", suffix=" %")
    if trigger_type == "trailing_stop":
        if params.get("amount"):
            return Measure(label=f"{symbol}'s way from its best price,", prefix="$", money=True)
        return Measure(label=f"{symbol}'s way from its best price,", suffix=" %")
    if trigger_type == "volume_above":
        unit = " times the average" if params.get("multiple") else " shares"
        return Measure(label=f"{symbol} volume", suffix=unit)
    if trigger_type == "ma_cross":
        if params.get("on") == "live":
            return Measure(label=f"{symbol}'s averages: their distance", prefix="$", money=True)
        return Measure(label=f"{symbol}'s averages", pulse=True)
    name, suffix = _OTHERS.get(trigger_type, (trigger_type.replace("_", " "), ""))
    return Measure(label=f"{symbol} {name}".strip(), suffix=suffix)


_OTHERS = {
    "rsi_above": ("RSI", ""),
    "rsi_below": ("RSI", ""),
    "drawdown_above": ("drawdown", " %"),
    "drift_above": ("drift", " % of its band"),
    "signal": ("strategy's signal", ""),
}


def price_text(value: Decimal) -> str:
    """189.9 -> 189.90; more decimals where there are more."""
    return format(value.quantize(CENT), "f") if value == value.quantize(CENT) else plain(value)


def number_text(value: Decimal) -> str:
    """At most four decimals."""
    rounded = value.quantize(_PLACES) if abs(value) < 10**20 else value
    return plain(rounded)


def moment(at: datetime) -> str:
    """A moment within a line."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def side(direction: int, *, strict: bool = False) -> str:
    """'at or above', 'above', 'at or below', 'below'."""
    word = "above" if direction > 0 else "below"
    return word if strict else f"at or {word}"


# --- the watch
def reached(measure: Measure, spec: WatchSpec, direction: int, value: Decimal, last: Decimal) -> str:
    """'AAPL 189.90 is at or above 189.50'; 'AAPL reached 189.90 (now 189.20), at or above 189.50'."""
    if measure.pulse:
        return f"{measure.label} crossed {'upwards' if last > 0 else 'downwards'} at a bar's close"
    where = f"{side(direction, strict=spec.strict)} {measure.text(spec.level)}"
    if value == last:
        return f"{measure.label} {measure.text(value)} is {where}"
    return f"{measure.label} reached {measure.text(value)} (now {measure.text(last)}), {where}"


def fired(seen: str, measure: Measure, spec: WatchSpec, after: WatchState) -> str:
    """A firing, and what the watch waits for since. `seen` is from `reached`."""
    text = f"{seen}: fired"
    then = _after(measure, spec, after)
    return f"{text}; {then}" if then else text


def _after(measure: Measure, spec: WatchSpec, after: WatchState) -> str:
    if after.phase == machine.RECOVER and measure.pulse:
        return "before it can fire again another bar must close"
    if after.phase == machine.RECOVER:
        back = measure.text(spec.level - after.direction * spec.hysteresis)
        wait = f", not before {moment(after.rearm_at)}" if after.rearm_at else ""
        return f"before it can fire again it must come back {_back(after.direction)} {back}{wait}"
    if after.phase == machine.COOLING and after.rearm_at:
        return f"cooling down until {moment(after.rearm_at)}"
    if after.phase == machine.ARMED:
        return "armed again at once"
    return "measures again from the next price" if after.phase == machine.WAITING else ""


def _back(direction: int) -> str:
    return "below" if direction > 0 else "above"


def flipped(measure: Measure, spec: WatchSpec, before: WatchState, after: WatchState, seen: Seen) -> str:
    """The other side was seen, or the value came back after a firing."""
    if measure.pulse:
        return f"{measure.label}: a bar closed without a cross: armed again"
    extreme = seen.low if before.direction > 0 else seen.high
    level = measure.text(spec.level)
    if before.phase == machine.PRIME:
        fires = f"fires when it is {side(before.direction, strict=spec.strict)} {level}"
        return f"{measure.label} {measure.text(extreme)} is on the other side: from now on it {fires}"
    back = measure.text(spec.level - before.direction * spec.hysteresis)
    text = f"{measure.label} {measure.text(extreme)} is back {_back(before.direction)} {back}"
    if after.phase == machine.COOLING and before.rearm_at:
        return f"{text}; not armed yet: cooling down until {moment(before.rearm_at)}"
    return f"{text}: armed again"


def referred(
    measure: Measure, spec: WatchSpec, before: WatchState, reference: Decimal, direction: int, symbol: str
) -> str:
    """The first price decided what a following watch measures from."""
    follow = spec.follow
    if follow is None or follow.kind == "either_way":
        where = f"{'above' if direction > 0 else 'below'} {measure.text(spec.level)}"
        return f"{measure.label} {measure.text(reference)} is the side it starts from: fires when it gets {where}"
    at = f"${price_text(reference)}"
    if follow.kind == "since":
        return f"{symbol} {at} is the price its change is measured from"
    if before.phase == machine.ACTIVATE and follow.activation is not None:
        return (
            f"{symbol} {at} reached the activation price ${price_text(follow.activation)}: the stop follows from here"
        )
    return f"the stop follows {symbol} from {at}"


def rearmed(phase: int) -> str:
    """A cooldown is over; `phase` is what the watch became."""
    waits = {machine.PRIME: ", once the other side is seen", machine.WAITING: ", measuring from the next price"}
    return f"the cooldown is over: armed again{waits.get(phase, '')}"


def armed(condition: str, phase: int) -> str:
    """Watched afresh. `condition` is the trigger's own sentence."""
    first = {
        machine.PRIME: "; the other side must be seen first",
        machine.WAITING: "; the next price is where it begins",
        machine.ACTIVATE: "; the activation price comes first",
    }
    return f"watched from now on: fires when {condition}{first.get(phase, '')}"


def scheduled(due_at: datetime | None, *, begins: bool = False) -> str:
    """A clock trigger's next time, or the beginning of a rule's window."""
    if due_at is None:
        return "no further time is due"
    return f"{'is watched from' if begins else 'its next time is'} {moment(due_at)}"


# --- reached, and not fired
WHY_STALE = {
    "NO_RULE": "the rule is gone",
    "OTHER_EPOCH": "the rule was edited, resumed or fired meanwhile",
    "USED_UP": "the rule has had all its executions",
    "NOT_BEGUN": "the rule's time has not begun",
    "OVER": "the rule's time was over",
    "HELD": "another rule of its group fired first, and its outcome is awaited",
    "OTHER": "the rule no longer stood behind it",
}


def stale(seen: str, code: str, status: str | None) -> str:
    """A watch saw it, the rule no longer wanted it."""
    why = f"the rule is {status}" if code == "NOT_ACTIVE" else WHY_STALE.get(code, WHY_STALE["OTHER"])
    return f"{seen}: not fired: {why}"


def too_old(symbol: str, price: Decimal, direction: int, level: Decimal, received_at: datetime) -> str:
    """The price that would have fired was found too late."""
    return (
        f"{symbol} {price_text(price)} was {side(direction)} {price_text(level)}, but that price is from"
        f" {moment(received_at)}: too old to act on, not fired"
    )


def condition(seen: str, name: str, value: str, *, known: bool) -> str:
    """A further condition did not hold, or is not known. `name` is the condition's own sentence."""
    if not known:
        return f"{seen}: not fired: it is not known whether {name} ({value or 'no usable data'})"
    return f"{seen}: not fired: the condition '{name}' was not met{f' ({value})' if value else ''}"


def holding(seen: str, seconds: int, until: datetime) -> str:
    """Reached; must stay so for a while."""
    return f"{seen}: fires if it stays so for {seconds} s, until {moment(until)}"


def hold_broken(measure: Measure, value: Decimal, until: datetime | None) -> str:
    """It came back too early."""
    when = f" before {moment(until)}" if until else " too early"
    return f"{measure.label} {measure.text(value)} came back{when}: it did not hold long enough, not fired"


def held(group: str) -> str:
    return f"not fired: another rule of the group '{group}' fired first, and its outcome is awaited"


def released(group: str) -> str:
    return f"the other rule of the group '{group}' came to nothing: this one is watched again"


def ended_by_group(group: str) -> str:
    return f"cancelled: another rule of the group '{group}' was executed"


# --- clocks
def clock_due(due_at: datetime, late: timedelta) -> str:
    seconds = int(late.total_seconds())
    return f"{clock_came(due_at)}: fired{f', {seconds} s late' if seconds >= 5 else ''}"


def clock_came(due_at: datetime) -> str:
    return f"it was time ({moment(due_at)})"


def missed(due_at: datetime, done: str) -> str:
    """`done` says in sentences what became of it: 'Skipped.', 'Waits for your answer.' …"""
    return f"its time {moment(due_at)} passed while Puffling was not running: {done[:1].lower()}{done[1:].rstrip('.')}"


# --- what came of a firing
def by_hand(actor: str) -> str:
    return f"executed now by {actor}, without waiting for the trigger"


def denied(code: str, message: str) -> str:
    return f"fired, but not traded: the safety gate denied the order: {message or code}"


def failed(code: str, error: str) -> str:
    return f"fired, but nothing came of it: {error or code}"


def not_done(code: str, error: str) -> str:
    return f"fired, but not carried out: {error or code}"


def retry_set(at: datetime) -> str:
    return f"tries again on the same level at {moment(at)}"


def done(effect: str, *, executions: int, maximum: int | None, completed: bool) -> str:
    """`effect`: 'Buy 10 AAPL'."""
    count = f"{executions} of {maximum}" if maximum else f"number {executions}"
    return f"{effect}: carried out, execution {count}{': the rule is completed' if completed else ''}"


def clip(line: str) -> str:
    """A line as the column holds it, its first letter a capital one."""
    text = line[:1].upper() + line[1:]
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
