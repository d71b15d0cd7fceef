"""Two rules that undo each other over and over: one sells what the other buys back.

Buying low and selling higher is a round that earns (told as information); any other round costs at least the spread.
Bounds on how often: cooldowns, clocks, closed bars, executions left, and the daily cap on trades.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from automation.preflight.pairing import by_symbol
from automation.preflight.regions import price_axis, shared_axes
from automation.preflight.types import Check, Facts, Finding, Rule, Severity
from common.money import ZERO
from safety.case import money

CODE = "LOOP"
LOWEST = 20  # sales each buy is compared with when all of a user's rules are
NOBODY = (None, None)
SELDOM = 1  # firings a day of one of the two that keep a round without a gap from being worth a warning


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """One round trip of `shares`; `apart` is the dollars per share lost between the levels (negative: won)."""

    shares: Decimal
    apart: Decimal
    cost: Decimal | None  # of a round in dollars, spread and fees included; None: no price is known
    a_day: int  # rounds a day at most; 0: less than one
    in_all: int | None  # rounds at most before one of the two is used up


def find(facts: Facts) -> Iterable[Finding]:
    for rules in by_symbol(rule for rule in facts.traders() if rule.repeats).values():
        buys = [rule for rule in rules if rule.side == "buy"]
        sells = sorted((rule for rule in rules if rule.side == "sell"), key=_level)
        if facts.about is None:  # the lowest sales first: they cost most
            for buy in buys:
                yield from _costliest([(buy, sell) for sell in sells[:LOWEST]], facts)
        else:
            pairs = [(buy, sell) for buy in buys if buy.id == facts.about for sell in sells]
            pairs += [(buy, sell) for sell in sells if sell.id == facts.about for buy in buys]
            yield from _costliest(pairs, facts)


def _costliest(pairs: Iterable[tuple[Rule, Rule]], facts: Facts) -> Iterator[Finding]:
    """At most one finding: the round that costs most."""
    buy, sell = max((pair for pair in pairs if pair[0].meets(pair[1])), key=lambda pair: _apart(*pair), default=NOBODY)
    if buy is not None and sell is not None:
        yield _finding(buy, sell, _round(buy, sell, facts), facts)


def _round(buy: Rule, sell: Rule, facts: Facts) -> Round:
    apart, shares = _apart(buy, sell), min(buy.shares or ZERO, sell.shares or ZERO)
    price = facts.prices.get(buy.symbol)
    cost = None
    if price is not None and shares:
        cost = shares * (max(apart, ZERO) + price.round_trip) + 2 * facts.fee_per_order
    bounds = [rule.per_day for rule in (buy, sell) if rule.per_day is not None]
    bounds.append(Decimal(facts.limits.max_daily_trades) / 2)
    left = [rule.left for rule in (buy, sell) if rule.left is not None]
    return Round(
        shares=shares,
        apart=apart,
        cost=cost,
        a_day=int(min(bounds).to_integral_value(ROUND_FLOOR)),
        in_all=min(left, default=None),
    )


def _apart(buy: Rule, sell: Rule) -> Decimal:
    """Dollars per share between buying and selling when prices decide both; 0 when they do not, or both are true."""
    axis = price_axis(buy.symbol)
    if buy.trigger.axis != axis or sell.trigger.axis != axis:
        return ZERO
    bought, sold = buy.trigger.level or ZERO, sell.trigger.level or ZERO
    if shared_axes(buy.region, sell.region) and buy.trigger.direction != sell.trigger.direction:
        return max(bought - sold, ZERO)  # both true in between: at worst bought and sold at the two ends
    return bought - sold


def _finding(buy: Rule, sell: Rule, trip: Round, facts: Facts) -> Finding:
    own_bounds = [rule.per_day for rule in (buy, sell) if rule.per_day is not None]
    bounded = min(own_bounds, default=Decimal(facts.limits.max_daily_trades)) <= SELDOM
    earns = trip.apart < ZERO
    levels = ""
    axis = price_axis(buy.symbol)
    if buy.trigger.axis == axis == sell.trigger.axis:
        levels = f" (bought at {money(buy.trigger.level or ZERO)}, sold at {money(sell.trigger.level or ZERO)})"
    often = f"at most {_rounds(trip.a_day)} a day" if trip.a_day else "at most one round in several days"
    if trip.in_all is not None:
        often += f" and {_rounds(trip.in_all)} in all"
    if earns:
        cost = "each round earns the difference less spread and fees"
    elif trip.cost is None:
        cost = "what a round costs is not known without a price"
    else:
        cost = f"each round costs about {money(trip.cost)} in spread, fees and the gap between the levels"
    return Finding(
        code=CODE,
        severity=Severity.INFO if earns or (bounded and trip.apart <= ZERO) else Severity.WARNING,
        text=f"One rule buys {buy.symbol} and the other sells it, and both repeat{levels}: {often}; {cost}.",
        advice="Nothing to do if they are meant to take turns."
        if earns
        else "Give one of them a cooldown, limit how often it may execute, or sell above the price at which you buy.",
        rules=(sell.id, buy.id) if facts.about == sell.id else (buy.id, sell.id),
    )


def _rounds(number: int) -> str:
    return f"{number} round" if number == 1 else f"{number} rounds"


def _level(rule: Rule) -> Decimal:
    axis = price_axis(rule.symbol)
    return (rule.trigger.level or ZERO) if rule.trigger.axis == axis else ZERO


CHECK = Check(code=CODE, find=find)
