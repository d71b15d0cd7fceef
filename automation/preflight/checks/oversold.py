"""Sell rules that together want more than is held. Of a one-cancels-other group only the largest counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from automation.preflight.types import Check, Facts, Finding, Rule, Severity, named
from common.money import ZERO, plain

CODE = "OVERSOLD"


def find(facts: Facts) -> Iterable[Finding]:
    sells: dict[str, list[Rule]] = defaultdict(list)
    for rule in facts.traders():
        if rule.side == "sell" and rule.shares:
            sells[rule.symbol].append(rule)
    for symbol, rules in sells.items():
        if facts.about is not None and all(rule.id != facts.about for rule in rules):
            continue
        wanted = together(rules)
        selling = facts.selling.get(symbol, ZERO)
        available = facts.held.get(symbol, ZERO) - selling
        if wanted > available:
            yield _finding(symbol, rules, wanted, available, selling, facts)


def together(rules: Iterable[Rule]) -> Decimal:
    """The shares they sell if each fires once."""
    largest: dict[str, Decimal] = defaultdict(Decimal)
    for rule in rules:
        key = f"group {rule.group}" if rule.group else str(rule.id)
        largest[key] = max(largest[key], rule.shares or ZERO)
    return sum(largest.values(), ZERO)


def _finding(
    symbol: str, rules: list[Rule], wanted: Decimal, available: Decimal, selling: Decimal, facts: Facts
) -> Finding:
    largest_first = sorted(rules, key=lambda rule: (rule.id != facts.about, -(rule.shares or ZERO)))
    ids, more = named(largest_first)
    who = "It would" if len(rules) == 1 else f"Together {len(rules)} rules would"
    open_sales = f", and open orders are selling {plain(selling)} of them already" if selling else ""
    held = facts.held.get(symbol, ZERO)
    fix = (
        "Sell less, or cancel the open sale."
        if len(rules) == 1
        else "Put those that replace each other (a target and a stop) into one group, or let them sell less."
    )
    return Finding(
        code=CODE,
        severity=Severity.WARNING,
        text=f"{who} sell {plain(round(wanted, 9))} {symbol}, but {plain(held)} are held{open_sales}: "
        f"whatever comes after the first {plain(max(available, ZERO))} is denied.",
        advice=fix,
        rules=ids,
        more=more,
    )


CHECK = Check(code=CODE, find=find)
