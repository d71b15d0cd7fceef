"""A rule that contradicts itself: what its trigger waits for and what its conditions ask for never hold together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from automation.preflight.regions import Part, overlap, price_axis, where
from automation.preflight.types import Check, Facts, Finding, Rule, Severity
from common.money import HUNDRED, dollars, plain

CODE = "UNREACHABLE"


def find(facts: Facts) -> Iterable[Finding]:
    for rule in facts.asked():
        if not all(rule.region.values()):
            yield Finding(
                code=CODE,
                severity=Severity.ERROR,
                text="Its trigger and its conditions can never hold at the same time, so it never acts.",
                advice="Change the trigger or take out the condition that contradicts it.",
                rules=(rule.id,),
            )
        elif rule.trades and rule.limit_price is not None:
            yield from _limit_out_of_reach(rule, facts)


def contradictions(trigger: Part, conditions: Sequence[Part]) -> Iterator[tuple[int, str]]:
    """(the number of a condition, what it contradicts) for each that can never hold when the rule fires."""
    numbered = list(enumerate([trigger, *conditions], start=-1))
    for (_, first), (number, second) in combinations(numbered, 2):
        if first.axis == second.axis and not overlap(first.spans, second.spans):
            yield number, f"{second.sentence()} can never hold while {first.sentence()}: change one of the two"


def _limit_out_of_reach(rule: Rule, facts: Facts) -> Iterator[Finding]:
    """The gate's price collar compares the limit with the last price, and the trigger says where that is."""
    limit, collar = rule.limit_price, facts.limits.price_collar_pct / HUNDRED
    spans = rule.region.get(price_axis(rule.symbol))
    if limit is None or spans is None:
        return
    near = (limit / (1 + collar), limit / (1 - collar) if collar < 1 else None)
    if not overlap(spans, (near,)):
        yield Finding(
            code=CODE,
            severity=Severity.WARNING,
            text=f"It fires {where(spans)}, where its limit of {dollars(limit)} is more than "
            f"{plain(facts.limits.price_collar_pct)} % away from the price, so the safety gate denies every order.",
            advice="Move the limit closer to the price at which it fires, or give an offset instead.",
            rules=(rule.id,),
        )


CHECK = Check(code=CODE, find=find)
