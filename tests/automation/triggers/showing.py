"""Show a trigger prices through the pure machine and see at which of them it fires."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from automation.triggers.base import BadParams, WatchPlan
from automation.triggers.registry import TRIGGERS
from watches import machine
from watches.specs import MarketSlice, Repeat

D = Decimal
START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
# What no number may look like, in JSON or in Python.
NOT_NUMBERS = ["abc", "  ", "NaN", "Infinity", "-Infinity", "sNaN", True, [5], {"a": 1}, "1_000", "1,000", "１２", "$5"]
NOT_POSITIVE = ["-1", -1, "0", 0, "-0.5", "0.0"]
NOT_STORABLE = ["1e15", 10**15, 10**5000, "1e999", "1e-10", "0.0000000001", f"1.{'0' * 40}1"]
NOT_FINITE = [float("inf"), float("-inf"), float("nan")]


def parse(kind: str, /, **params: Any) -> dict[str, Any]:
    return TRIGGERS[kind].parse(params)


def errors(kind: str, /, **params: Any) -> dict[str, str]:
    """The complaints about parameters that must not be accepted."""
    with pytest.raises(BadParams) as caught:
        TRIGGERS[kind].parse(params)
    return caught.value.errors


def is_normal(kind: str, /, **params: Any) -> dict[str, Any]:
    """Parsing what was parsed changes nothing, and it survives JSON: else every edit would arm a rule afresh."""
    once = parse(kind, **params)
    assert parse(kind, **json.loads(json.dumps(once))) == once
    return once


def refuses_bad_numbers(kind: str, key: str, *, zero_is_bad: bool = True, **others: Any) -> None:
    """Every bad number is refused with one complaint, about this key, that shows the value."""
    bad = NOT_NUMBERS + NOT_STORABLE + NOT_FINITE + NOT_POSITIVE[:2]
    for value in bad + (NOT_POSITIVE if zero_is_bad else []):
        found = errors(kind, **{**others, key: value})
        assert list(found) == [key], (value, found)
        shown = str(value)[:20] if not isinstance(value, int) or abs(value) < 10**20 else ""
        assert shown in found[key], (value, found)


def market(price: Any, at: datetime, **more: Any) -> MarketSlice:
    """One price, or (low, high, last)."""
    low, high, last = (D(str(p)) for p in price) if isinstance(price, tuple) else (D(str(price)),) * 3
    return MarketSlice(at=at, since=at, low=low, high=high, last=last, **more)


def fires_at(
    kind: str, params: dict[str, Any], prices: Sequence[Any], repeat: Repeat | None = None, **more: Any
) -> list[int]:
    """The positions of `prices` (a second apart) at which a rule armed just before the first fires."""
    slices = [market(price, START + timedelta(seconds=n + 1), **more) for n, price in enumerate(prices)]
    return fired(plan_of(kind, params), slices, repeat)


def plan_of(kind: str, params: dict[str, Any], symbol: str = "AAPL") -> WatchPlan:
    plan = TRIGGERS[kind].plan(TRIGGERS[kind].parse(params), symbol)
    assert isinstance(plan, WatchPlan)
    return plan


def fired(
    plan: WatchPlan, slices: Sequence[MarketSlice], repeat: Repeat | None = None, reference: Decimal | None = None
) -> list[int]:
    """The positions of `slices` at which the plan fires; `reference` is what the engine would have stored."""
    spec = plan.spec if reference is None else replace(plan.spec, series=replace(plan.spec.series, reference=reference))
    state, found = machine.start(spec, START), []
    for position, observation in enumerate(slices):
        state, now_fired = machine.step(spec, repeat or Repeat(), state, observation)
        if now_fired:
            found.append(position)
    return found


EVERY_TIME = Repeat(repeats=True)
