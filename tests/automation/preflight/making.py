"""Rules and facts for the pure checks: $100,000, half of it cash, 100 AAPL held at $10, default limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from automation.preflight.checks import CHECKS
from automation.preflight.regions import part_of, region_of
from automation.preflight.types import Facts, Finding, Price, Rule, Totals
from automation.triggers.registry import TRIGGERS
from tests.safety.making import NOW, POLICY, D

HOUR = timedelta(hours=1)


def part(kind: str, params: dict[str, Any], symbol: str = "AAPL"):
    return part_of(kind, TRIGGERS[kind].parse(params), symbol)


def below(threshold: int | str, **params: Any):
    return part("price_below", {"threshold": str(threshold), **params})


def above(threshold: int | str, **params: Any):
    return part("price_above", {"threshold": str(threshold), **params})


def clock(time: str, *days: str):
    return part("time_of_day", {"time": time, "days": list(days)})


def a_rule(side: str, trigger: Any, *conditions: Any, **changes: Any) -> Rule:
    """10 AAPL at $10 each: small enough to break no limit."""
    values: dict[str, Any] = {
        "id": uuid4(),
        "symbol": "AAPL",
        "side": side,
        "trades": True,
        "identity": str(uuid4()),
        "trigger": trigger,
        "region": region_of([trigger, *conditions]),
        "price": D(10),
        "shares": D(10),
        "value": D(100),
    }
    return Rule(**{**values, **changes})


def buy(trigger: Any, *conditions: Any, **changes: Any) -> Rule:
    return a_rule("buy", trigger, *conditions, **changes)


def sell(trigger: Any, *conditions: Any, **changes: Any) -> Rule:
    return a_rule("sell", trigger, *conditions, **changes)


def facts(*rules: Rule, **changes: Any) -> Facts:
    values: dict[str, Any] = {
        "now": NOW,
        "rules": rules,
        "totals": Totals(rules=len(rules)),
        "limits": POLICY,
        "cash": D(50_000),
        "equity": D(100_000),
        "held": {"AAPL": D(100)},
        "prices": {"AAPL": Price(last=D(10), round_trip=D("0.08"))},
    }
    return Facts(**{**values, **changes})


def found(code: str, *rules: Rule, **changes: Any) -> list[Finding]:
    """What the check of this code finds."""
    return list(CHECKS[code].find(facts(*rules, **changes)))
