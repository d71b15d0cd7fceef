"""A buy and a sell of one symbol that are true at once: they would fight each other.

A bracket (buy below 150, sell above 200) is not one. Two rules that wait for the price to move the same way (buy at
150, a stop at 140) are reached one after the other; only a jump past both makes them fire together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from automation.preflight.pairing import opposites
from automation.preflight.regions import CLOCK, Span, overlap, price_axis, shared_axes, where
from automation.preflight.types import Check, Facts, Finding, Rule, Severity, named
from common.money import plain

CODE = "OPPOSITE"
APART = "Move the levels apart, so that it sells above the price at which it buys"


def find(facts: Facts) -> Iterable[Finding]:
    for rule, partners in opposites(facts, clash):
        fights = [other for other in partners if severity_of(rule, other) is Severity.WARNING]
        jumps = [other for other in partners if severity_of(rule, other) is Severity.INFO]
        yield from _fight(rule, fights)
        yield from _jump(rule, jumps)


def clash(rule: Rule, other: Rule) -> bool:
    """Whether both may fire in the same instant."""
    if not rule.meets(other) or not shared_axes(rule.region, other.region):
        return False
    one, two = rule.trigger, other.trigger
    # A value cannot cross a level upwards and another one downwards at the same instant.
    return not (one.axis == two.axis and one.edge and two.edge and one.direction == -two.direction)


def severity_of(rule: Rule, other: Rule) -> Severity:
    """A fight, or two levels that are passed one after the other unless the value jumps."""
    one, two = rule.trigger, other.trigger
    if one.axis != two.axis:
        return Severity.INFO
    same_way = one.direction == two.direction != 0
    return Severity.INFO if same_way and one.level != two.level else Severity.WARNING


def _fight(rule: Rule, others: list[Rule]) -> Iterator[Finding]:
    if not others:
        return
    ids, more = named([rule, *others])
    spans = _where(rule, others[0])
    clock = rule.trigger.axis.startswith(CLOCK)
    how = f"{where(spans)} both are true at once" if spans else "both fire at the same time"
    who = "another rule" if len(others) == 1 else f"{len(others)} other rules"
    verb = "sell" if rule.side == "buy" else "buy"
    yield Finding(
        code=CODE,
        severity=Severity.WARNING,
        text=f"It {rule.side}s {rule.symbol} while {who} {verb}{'s' if len(others) == 1 else ''} it: "
        f"{how}, and the safety gate denies the second order.",
        advice=f"{'Move one to another time' if clock else APART}, or keep only one of them.",
        rules=ids,
        more=more,
    )


def _jump(rule: Rule, others: list[Rule]) -> Iterator[Finding]:
    if not others:
        return
    ids, more = named([rule, *others])
    one, two = rule.trigger, others[0].trigger
    if one.axis == two.axis == price_axis(rule.symbol):
        when = f"if the price jumps past both ${_plain(one.level)} and ${_plain(two.level)} at once"
    else:
        when = "if both happen in the same instant"
    yield Finding(
        code=CODE,
        severity=Severity.INFO,
        text=f"It {rule.side}s {rule.symbol} and another rule {others[0].side}s it: {when}, both fire together and "
        "the safety gate denies the second order.",
        advice="Nothing to do if one is meant to follow the other.",
        rules=ids,
        more=more,
    )


def _where(rule: Rule, other: Rule) -> tuple[Span, ...]:
    """The prices at which both are true, if prices decide."""
    axis = price_axis(rule.symbol)
    if axis not in rule.region or axis not in other.region:
        return ()
    return overlap(rule.region[axis], other.region[axis])


def _plain(level: Decimal | None) -> str:
    return "?" if level is None else plain(level)


CHECK = Check(code=CODE, find=find)
