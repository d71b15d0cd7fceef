"""Limits that each rule keeps and all of them together do not: position, cash, exposure, trades a day; and one order.

Counted is one firing of each active rule; of a one-cancels-other group only the largest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from automation.preflight.pairing import by_symbol
from automation.preflight.types import Check, Facts, Finding, Rule, Severity, named
from common.money import HUNDRED, ZERO, percent_of
from safety.case import money, percent

CODE = "SUMMED_CAPS"


def find(facts: Facts) -> Iterable[Finding]:
    traders = facts.traders()
    asked = next((rule for rule in traders if rule.id == facts.about), None)
    if facts.about is not None and asked is None:
        return
    buys = [rule for rule in traders if rule.side == "buy" and rule.value]
    if asked is None or asked in buys:
        yield from _orders([asked] if asked else buys, facts)
        for symbol, rules in by_symbol(buys).items():
            yield from _position(symbol, rules, facts)
        yield from _money([asked] if asked else buys, facts)
    yield from _trades([asked] if asked else list(traders), facts)


def _orders(rules: Iterable[Rule], facts: Facts) -> Iterator[Finding]:
    if facts.equity is None:
        return
    limit = facts.equity * facts.limits.max_order_notional_pct / HUNDRED
    for rule in rules:
        if rule.value is not None and rule.value > limit:
            yield Finding(
                code=CODE,
                severity=Severity.WARNING,
                text=f"Its order comes to {money(rule.value)}, and one order may be {money(limit)} "
                f"({percent(facts.limits.max_order_notional_pct)} of the portfolio): the safety gate denies it.",
                advice="Buy less with each execution, or raise the limit per order on the Safety page.",
                rules=(rule.id,),
            )


def _position(symbol: str, rules: list[Rule], facts: Facts) -> Iterator[Finding]:
    if facts.equity is None:
        return
    price = facts.prices.get(symbol)
    held = facts.held.get(symbol, ZERO) * (price.last if price else ZERO)
    planned, under_way = _together(rules), facts.buying.get(symbol, ZERO)
    total = held + under_way + planned
    limit = facts.equity * facts.limits.max_position_pct / HUNDRED
    if total <= limit:
        return
    ids, more = named(_largest_first(rules, facts))
    share = (
        f"{percent(percent_of(total, facts.equity))} of the portfolio" if facts.equity > ZERO else "more than it has"
    )
    yield Finding(
        code=CODE,
        severity=Severity.WARNING,
        text=f"If each buy of {symbol} fires once, the position comes to {money(total)} ({money(held)} held, "
        f"{money(under_way)} in open orders, {money(planned)} by {_count(rules)}), {share}; the limit is "
        f"{percent(facts.limits.max_position_pct)} ({money(limit)}), so the last ones are denied.",
        advice=f"Let them buy {money(total - limit)} less in all, or raise the position limit on the Safety page.",
        rules=ids,
        more=more,
    )


def _money(rules: list[Rule], facts: Facts) -> Iterator[Finding]:
    """Cash, or if that is enough, gross exposure."""
    planned = facts.totals.buy_value
    need = planned * (1 + facts.limits.buying_power_cushion_pct / HUNDRED)
    free = facts.cash - facts.buying_total
    ids, more = named(_largest_first(rules, facts))
    if need > free and planned:
        yield Finding(
            code=CODE,
            severity=Severity.WARNING,
            text=f"If each of the portfolio's buy rules fires once, they need {money(need)} "
            f"({percent(facts.limits.buying_power_cushion_pct)} kept back included), and {money(free)} cash is free: "
            "those that fire last are denied.",
            advice=f"Let them buy {money(need - free)} less in all, or add cash.",
            rules=ids,
            more=more,
        )
    elif facts.equity is not None and planned:
        limit = facts.equity * facts.limits.max_gross_pct / HUNDRED
        exposure = facts.held_value + facts.buying_total + planned
        if exposure > limit:
            yield Finding(
                code=CODE,
                severity=Severity.WARNING,
                text=f"If each of the portfolio's buy rules fires once, holdings come to {money(exposure)}, and the "
                f"limit is {money(limit)} ({percent(facts.limits.max_gross_pct)} of the portfolio): the last fail.",
                advice=f"Let them buy {money(exposure - limit)} less in all, or raise the limit on the Safety page.",
                rules=ids,
                more=more,
            )


def _trades(rules: list[Rule], facts: Facts) -> Iterator[Finding]:
    cap, totals = facts.limits.max_daily_trades, facts.totals
    if totals.rules <= cap:
        return
    certain = totals.clocks > cap
    ids, more = named(rules)
    count, why = (totals.clocks, "fire by the clock") if certain else (totals.rules, "could fire on one day")
    yield Finding(
        code=CODE,
        severity=Severity.WARNING if certain else Severity.INFO,
        text=f"{count} trading rules of the portfolio {why}, and {cap} orders a day are allowed: the rest are denied "
        "until the next day (orders that reduce a position always pass).",
        advice="Use fewer rules, spread them over more days, or raise the daily limit on the Safety page.",
        rules=ids,
        more=more,
    )


def _together(rules: Iterable[Rule]) -> Decimal:
    largest: dict[str, Decimal] = {}
    for rule in rules:
        key = f"group {rule.group}" if rule.group else str(rule.id)
        largest[key] = max(largest.get(key, ZERO), rule.value or ZERO)
    return sum(largest.values(), ZERO)


def _largest_first(rules: Iterable[Rule], facts: Facts) -> list[Rule]:
    return sorted(rules, key=lambda rule: (rule.id != facts.about, -(rule.value or ZERO)))


def _count(rules: list[Rule]) -> str:
    return "this rule" if len(rules) == 1 else f"{len(rules)} rules"


CHECK = Check(code=CODE, find=find)
