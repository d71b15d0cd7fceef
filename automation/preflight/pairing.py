"""Which buys and sells of one symbol are worth comparing: without comparing each with each. Plain Python."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import islice

from automation.preflight.regions import WEEKDAY
from automation.preflight.types import MOST_LOOKED_AT, MOST_NAMED, Facts, Rule

Pair = tuple[Rule, list[Rule]]  # a rule, and those it gets in the way of
LOWEST, HIGHEST = Decimal("-Infinity"), Decimal("Infinity")


def by_symbol(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    grouped: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        grouped[rule.symbol].append(rule)
    return grouped


def opposites(facts: Facts, clash: Callable[[Rule, Rule], bool]) -> Iterator[Pair]:
    """Buys and sells that overlap on an axis and `clash`.

    For one rule every partner is found, in one pass. For all rules a sweep over each axis finds those that overlap in
    n log n; each rule is then compared with at most MOST_LOOKED_AT of them and told at most MOST_NAMED.
    """
    for rules in by_symbol(facts.traders()).values():
        if facts.about is None:
            yield from _sweep(rules, clash)
            continue
        asked = next((rule for rule in rules if rule.id == facts.about), None)
        if asked is not None:
            partners = [rule for rule in rules if rule.side != asked.side and clash(asked, rule)]
            if partners:
                yield asked, partners


def _sweep(rules: list[Rule], clash: Callable[[Rule, Rule], bool]) -> Iterator[Pair]:
    axes: dict[str, list[tuple[Decimal, Decimal, int, Rule]]] = defaultdict(list)
    for number, rule in enumerate(rules):
        for axis, spans in rule.region.items():
            if axis != WEEKDAY:
                axes[axis] += [
                    (LOWEST if low is None else low, HIGHEST if high is None else high, number, rule)
                    for low, high in spans
                ]
    found: dict[int, dict[int, Rule]] = defaultdict(dict)
    for spread in axes.values():
        _sweep_axis(sorted(spread, key=lambda span: span[0]), clash, found)
    for number, partners in found.items():
        yield rules[number], list(partners.values())


def _sweep_axis(
    spans: list[tuple[Decimal, Decimal, int, Rule]],
    clash: Callable[[Rule, Rule], bool],
    found: dict[int, dict[int, Rule]],
) -> None:
    """From low to high: whatever began before a span and has not ended when it begins overlaps it."""
    begun: dict[str, dict[int, Rule]] = {"buy": {}, "sell": {}}
    ends: list[tuple[Decimal, int, str]] = []
    for low, high, number, rule in spans:
        while ends and ends[0][0] < low:
            _, over, side = heapq.heappop(ends)
            begun[side].pop(over, None)
        others = begun["sell" if rule.side == "buy" else "buy"]
        for other_number, other in islice(others.items(), MOST_LOOKED_AT):
            if len(found[number]) >= MOST_NAMED:
                break
            if number not in found.get(other_number, ()) and clash(rule, other):
                found[number][other_number] = other
        if not found[number]:
            del found[number]
        begun[rule.side][number] = rule
        heapq.heappush(ends, (high, number, rule.side))
