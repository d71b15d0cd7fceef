"""What an evaluation was decided from, as a trace keeps it, and the same decision made again. Plain Python.

A trace's `data` holds the watch (`spec`), where it stood (`before`), what was seen (`seen`), whether it repeats
(`repeat`), and under `decision` what the engine made of it. `replay` makes the decision from the rest with
`watches.machine`, so that a stored row can be checked, and understood, long after it was written.

Only what differs from a default is written, and dataclasses are read by their fields: a field added to the machine's
state is kept without a change here.
"""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from common.money import plain
from watches import machine
from watches.machine import WatchState
from watches.specs import MarketSlice, Repeat, Seen, SeriesKind, WatchSpec

T = TypeVar("T")
Data = dict[str, Any]
# Not part of a decision: when it was armed, and the series (a reference taken is told by its value).
_NOT_DECIDED = frozenset({"armed_at", "series"})


# --- dataclasses as JSON and back
def encode(value: Any, *, but: Collection[str] = ()) -> Any:
    """A dataclass, or a value in one, as JSON keeps it. Fields that hold their default, or are in `but`, are left out.

    Ten thousand firings of a crash day pass here, so types are looked up and not asked one after the other.
    """
    simple = _SIMPLE.get(type(value))
    if simple is not None:
        return simple(value)
    if isinstance(value, enum.Enum):
        return value.value
    return {
        name: encode(got)
        for name, default in _fields(type(value))
        if (got := getattr(value, name)) is not default and name not in but and got != default
    }


def _itself(value: Any) -> Any:
    return value


_SIMPLE: dict[type, Callable[[Any], Any]] = {
    **dict.fromkeys((bool, int, str, type(None)), _itself),
    Decimal: plain,
    datetime: datetime.isoformat,
}


def decode(kind: type[T], data: Mapping[str, Any]) -> T:
    """The dataclass `encode` made `data` of. Fields it does not know are ignored."""
    readers = _readers(kind)
    return kind(**{name: readers[name](value) for name, value in data.items() if name in readers})


_FIELDS: dict[type, tuple[tuple[str, Any], ...]] = {}  # of each dataclass met: names and defaults
_READERS: dict[type, dict[str, Callable[[Any], Any]]] = {}


def _fields(kind: type) -> tuple[tuple[str, Any], ...]:
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple((field.name, _default(field)) for field in dataclasses.fields(kind))
    return _FIELDS[kind]


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _readers(kind: type) -> dict[str, Callable[[Any], Any]]:
    if kind not in _READERS:
        hints = typing.get_type_hints(kind)
        _READERS[kind] = {name: _reader(hints[name]) for name, _ in _fields(kind)}
    return _READERS[kind]


def _reader(hint: Any) -> Callable[[Any], Any]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        inner = _reader(next(part for part in typing.get_args(hint) if part is not type(None)))
        return lambda value: None if value is None else inner(value)
    if hint is Decimal:
        return Decimal
    if hint is datetime:
        return datetime.fromisoformat
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return hint
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        known = hint
        return lambda value: decode(known, value)
    return _itself


# --- what a row keeps
def watch_data(spec: WatchSpec, before: WatchState, seen: Seen | None = None, repeat: Repeat | None = None) -> Data:
    """What a decision about a watch is made from."""
    same = [name for name in ("series", "direction") if getattr(before, name) == getattr(spec, name)]
    # The engine's hits know their values, not the series they come from: an unnamed one is left out.
    unnamed = ("series",) if not spec.series.observable else ()
    data: Data = {"spec": encode(spec, but=unnamed), "before": encode(before, but=same)}
    if seen is not None:
        data["seen"] = encode(seen)
    if repeat is not None and repeat != Repeat():
        data["repeat"] = encode(repeat)
    return data


def watch_decision(before: WatchState, after: WatchState, *, fired: bool) -> Data:
    """What was decided: whether it fired, and what is different about the watch since."""
    decision: Data = {"fired": fired}
    for name, _ in _fields(WatchState):
        now = getattr(after, name)
        if name not in _NOT_DECIDED and now != getattr(before, name):
            decision[name] = encode(now)
    return decision


def reference_decision(reference: Decimal | None, direction: int, *, fired: bool) -> Data:
    """What the first observation made of a following watch."""
    return {"fired": fired, "reference": None if reference is None else plain(reference), "direction": direction}


def clock_decision(due_at: datetime, lasts: timedelta, now: datetime) -> Data:
    """Whether a time that came is still acted on."""
    return {"fired": now - due_at <= lasts}


def standing_decision(facts: Mapping[str, Any]) -> Data:
    """Why a rule does not stand behind what its watch saw: the first of these that holds."""
    seen_at, until, begins = (_moment(facts.get(name)) for name in ("seen_at", "valid_until", "valid_from"))
    now = _moment(facts["now"])
    code = "OTHER"
    if facts["status"] is None:
        code = "NO_RULE"
    elif facts["status"] != "active":
        code = "NOT_ACTIVE"
    elif facts["rule_epoch"] != facts["watch_epoch"]:
        code = "OTHER_EPOCH"
    elif facts["maximum"] is not None and facts["executions"] >= facts["maximum"]:
        code = "USED_UP"
    elif begins and now and now < begins:
        code = "NOT_BEGUN"
    elif until and seen_at and seen_at > until:
        code = "OVER"
    elif facts.get("held_by"):
        code = "HELD"
    return {"fired": False, "code": code}


def age_decision(received_at: datetime, usable_for: timedelta, now: datetime) -> Data:
    """Whether a quote is too old to act on."""
    return {"fired": False, "code": "QUOTE_TOO_OLD" if now - received_at >= usable_for else "USABLE"}


def conditions_decision(conditions: Sequence[Mapping[str, Any]]) -> Data:
    """All must hold: one that is false decides, else one that is unknown does."""
    answers = {condition["holds"] for condition in conditions}
    if False in answers:
        return {"fired": False, "code": "CONDITION_FALSE"}
    return {"fired": None not in answers, "code": "CONDITION_UNKNOWN" if None in answers else ""}


# --- the same again
def decision_of(data: Mapping[str, Any]) -> Data | None:
    """The decision a row stores; None for one that tells of no evaluation (an edit, an order's end)."""
    return data.get("decision")


def replay(data: Mapping[str, Any], at: datetime) -> Data | None:
    """Make the decision of a row written at `at` again from what it was made from; None for rows without one."""
    how = data.get("by")
    return _REPLAYS[how](data, at) if how in _REPLAYS else None


def _judged(data: Mapping[str, Any], at: datetime) -> Data:
    spec, before = _spec_and_state(data)
    repeat = decode(Repeat, data.get("repeat", {}))
    after, fired = machine.judge(spec, repeat, before, decode(Seen, data["seen"]), at)
    return watch_decision(before, after, fired=fired)


def _started(data: Mapping[str, Any], at: datetime) -> Data:
    return {"fired": False, "phase": machine.start(decode(WatchSpec, data["spec"]), at).phase}


def _rearmed(data: Mapping[str, Any], at: datetime) -> Data:
    spec, before = _spec_and_state(data)
    return watch_decision(before, machine.rearm(spec, before, at), fired=False)


def _referred(data: Mapping[str, Any], at: datetime) -> Data:
    spec, before = _spec_and_state(data)
    seen = decode(Seen, data["seen"])
    either = spec.follow is not None and spec.follow.kind == "either_way"
    if either:  # what was seen are the series' own values, whatever they are made of
        series = dataclasses.replace(before.series, kind=SeriesKind.PUSHED)
        before = dataclasses.replace(before, series=series)
    market = MarketSlice(
        at=max(at, before.armed_at),
        since=max(at, before.armed_at),
        low=seen.low,
        high=seen.high,
        last=seen.last,
        pushed=seen.last if either else None,
    )
    after, fired = machine.step(spec, Repeat(), before, market)
    return reference_decision(None if either else after.series.reference, after.direction, fired=fired)


def _timed(data: Mapping[str, Any], at: datetime) -> Data:
    due_at = datetime.fromisoformat(data["due_at"])
    return clock_decision(due_at, timedelta(seconds=data["lasts"]), at)


def _stood(data: Mapping[str, Any], at: datetime) -> Data:
    return standing_decision({**data["facts"], "now": at.isoformat()})


def _aged(data: Mapping[str, Any], at: datetime) -> Data:
    received_at = datetime.fromisoformat(data["received_at"])
    return age_decision(received_at, timedelta(seconds=data["usable_for"]), at)


def _conditioned(data: Mapping[str, Any], at: datetime) -> Data:
    del at
    return conditions_decision(data["conditions"])


_REPLAYS: dict[str | None, Callable[[Mapping[str, Any], datetime], Data]] = {
    "judge": _judged,
    "start": _started,
    "rearm": _rearmed,
    "reference": _referred,
    "clock": _timed,
    "standing": _stood,
    "age": _aged,
    "conditions": _conditioned,
}


def _spec_and_state(data: Mapping[str, Any]) -> tuple[WatchSpec, WatchState]:
    unnamed = {"subject": "", "observable": ""}
    spec = decode(WatchSpec, {"series": unnamed, **data["spec"]})
    return spec, decode(WatchState, {"series": encode(spec.series), "direction": spec.direction, **data["before"]})


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
