"""Read what preflight looks at: one portfolio's active rules, its money and holdings, and the limits in force.

For one rule only those of its symbol are loaded; the sums over the portfolio come from one aggregate query.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, QuerySet

from automation import arming
from automation.drafts import SIZES
from automation.models import Action, ActionStatus, ActionType, Mode
from automation.planning import plan_of
from automation.preflight.regions import CLOCK, Part, part_of, price_axis, region_of
from automation.preflight.types import Facts, Price, Rule, Totals
from automation.triggers.base import ClockPlan
from automation.triggers.registry import TRIGGERS
from common.money import HUNDRED, ZERO
from markets.models import Quote
from orders.models import Order, OrderType
from orders.states import IN_FLIGHT
from portfolios import valuing
from portfolios.models import Portfolio
from portfolios.types import Valuation
from safety.policies import policy_for

DAY_SECONDS = 86_400
BPS = Decimal(10_000)
# How often a day a closed bar may fire; a daily bar once.
BARS_A_DAY = {"1m": 1440, "5m": 288, "15m": 96, "30m": 48, "1h": 24, "1d": 1}
IDENTITY = (
    "action_type", "instrument_id", *SIZES, "order_type", "limit_price", "limit_offset", "stop_price", "time_in_force",
    "trigger_type", "mode", "message",
)  # fmt: skip
_identity = attrgetter(*IDENTITY)

# Dollars of one firing of each rule: at its limit, at its threshold if the price has to come there, or at the price.
TOTALS = """
WITH each AS (
    SELECT CASE WHEN a."group" = '' THEN a.id::text ELSE 'group ' || a."group" END AS key,
           a.trigger_type = ANY(%(clocks)s) AS clock,
           CASE WHEN a.action_type = 'BUY' THEN coalesce(
               a.amount_usd,
               a.percent_of_equity * %(equity)s::numeric / 100,
               a.quantity * coalesce(a.limit_price, CASE a.trigger_type
                   WHEN 'price_below' THEN LEAST((a.trigger_params->>'threshold')::numeric, q.last)
                   WHEN 'price_above' THEN GREATEST((a.trigger_params->>'threshold')::numeric, q.last)
                   ELSE q.last END)) END AS value
    FROM automation_action a LEFT JOIN markets_quote q ON q.symbol = a.symbol
    WHERE a.user_id = %(user)s AND a.portfolio_id = %(portfolio)s AND a.status = 'active' AND a.mode = 'auto'
      AND a.action_type IN ('BUY', 'SELL') AND a.id <> %(besides)s
      AND (a.max_executions IS NULL OR a.executions_count < a.max_executions)
      AND (a."group" = '' OR a."group" <> %(group)s)
),
counted AS (SELECT key, max(value) AS value, bool_or(clock) AS clock FROM each GROUP BY key)
SELECT coalesce(sum(value), 0), count(*), count(*) FILTER (WHERE clock) FROM counted
"""


def about(action: Action, *, now: datetime) -> tuple[Facts, dict[UUID, Action]]:
    """The facts one rule (stored or not yet) is held against, and the rules of its symbol by id."""
    portfolio = _portfolio(action.portfolio_id)
    others = list(_standing(portfolio).filter(instrument=action.instrument_id).exclude(pk=action.pk))
    facts = _facts(portfolio, [*others, action], now=now)
    asked = facts.rules[-1]
    if action._state.adding or action.status != ActionStatus.ACTIVE:  # its clock is not set yet
        asked = replace(asked, no_time_left=_no_time_left(action, now))
    facts = replace(facts, about=action.pk, rules=(*facts.rules[:-1], asked), totals=_totals(action, asked, facts))
    return facts, {rule.pk: rule for rule in (*others, action)}


def everything(portfolio: Portfolio, *, now: datetime) -> tuple[Facts, dict[UUID, Action]]:
    """The facts of all of a portfolio's active rules, and the rules by id."""
    rules = list(_standing(portfolio).order_by("created_at", "id"))
    facts = _facts(portfolio, rules, now=now)
    return replace(facts, totals=_summed(facts.rules)), {rule.pk: rule for rule in rules}


def _portfolio(portfolio_id: UUID) -> Portfolio:
    return Portfolio.objects.select_related("user", "broker_account").get(pk=portfolio_id)


def _standing(portfolio: Portfolio) -> QuerySet[Action]:
    """Rules that may still fire."""
    left = Q(max_executions__isnull=True) | Q(executions_count__lt=F("max_executions"))
    return Action.objects.filter(left, user=portfolio.user_id, portfolio=portfolio, status=ActionStatus.ACTIVE)


def _facts(portfolio: Portfolio, actions: list[Action], *, now: datetime) -> Facts:
    """Without totals. Six queries, whatever the number of rules."""
    limits, valuation = policy_for(portfolio), valuing.value(portfolio, now=now)
    symbols = {action.instrument_id for action in actions if action.instrument_id}
    prices, fee = _prices(portfolio, symbols)
    selling, buying, buying_total = _under_way(portfolio, symbols)
    held = {symbol: position.quantity for symbol, position in valuation.positions.items()}
    return Facts(
        now=now,
        rules=tuple(rule_of(action, prices=prices, held=held, equity=valuation.equity) for action in actions),
        totals=Totals(),
        limits=limits,
        cash=valuation.cash,
        equity=valuation.equity,
        held_value=_worth(valuation),
        buying_total=buying_total,
        fee_per_order=fee,
        prices=prices,
        held=held,
        selling=selling,
        buying=buying,
    )


def _worth(valuation: Valuation) -> Decimal:
    return sum((position.value for position in valuation.positions.values() if position.value is not None), ZERO)


def _prices(portfolio: Portfolio, symbols: Iterable[str]) -> tuple[dict[str, Price], Decimal]:
    """Prices with what a round trip costs per share at this portfolio's account; and the account's fee per order."""
    account = getattr(portfolio, "broker_account", None)
    share = (account.slippage_bps + account.fee_bps) / BPS if account else ZERO
    prices = {}
    for symbol, last, bid, ask in Quote.objects.filter(instrument__in=symbols).values_list(
        "instrument_id", "last", "bid", "ask"
    ):
        spread = max(ask - bid, ZERO) if bid and ask else ZERO
        prices[symbol] = Price(last=last, round_trip=spread + 2 * last * share)
    return prices, account.fee_per_order if account else ZERO


def _under_way(portfolio: Portfolio, symbols: Iterable[str]) -> tuple[dict[str, Decimal], dict[str, Decimal], Decimal]:
    """(shares being sold, dollars being bought, by symbol; dollars being bought in all)."""
    selling: dict[str, Decimal] = {}
    buying: dict[str, Decimal] = {}
    total, wanted = ZERO, set(symbols)
    for symbol, side, quantity, filled, limit, decided in Order.objects.filter(
        portfolio=portfolio, state__in=IN_FLIGHT
    ).values_list("instrument_id", "side", "quantity", "filled_quantity", "limit_price", "decision_price"):
        remaining = (quantity or ZERO) - filled
        if side == "buy":
            value = remaining * (limit or decided or ZERO)
            total += value
            if symbol in wanted:
                buying[symbol] = buying.get(symbol, ZERO) + value
        elif symbol in wanted:
            selling[symbol] = selling.get(symbol, ZERO) + remaining
    return selling, buying, total


def rule_of(
    action: Action, *, prices: Mapping[str, Price], held: Mapping[str, Decimal], equity: Decimal | None
) -> Rule:
    """An action as preflight sees it."""
    symbol = action.instrument_id or ""
    trigger = part_of(action.trigger_type, action.trigger_params, symbol)
    region = region_of([trigger, *conditions_of(action)])
    side = {ActionType.BUY: "buy", ActionType.SELL: "sell"}.get(ActionType(action.action_type), "")
    limit = action.limit_price if action.order_type == OrderType.LIMIT else None
    known = prices.get(symbol)
    price = limit or (None if known is None else _expected(known.last, region.get(price_axis(symbol), ())))
    shares = _shares(action, price, held.get(symbol, ZERO), equity)
    clock = trigger.axis.startswith(CLOCK)
    return Rule(
        id=action.pk,
        symbol=symbol,
        side=side,
        trades=bool(side) and action.mode == Mode.AUTO,
        identity=(_hashable(action.trigger_params), _hashable(action.conditions), *_identity(action)),
        trigger=trigger,
        region=region,
        group=action.group,
        price=price,
        shares=shares,
        value=_value(action, price, shares, equity),
        limit_price=limit,
        left=None if action.max_executions is None else action.max_executions - action.executions_count,
        per_day=_per_day(action, trigger.axis),
        starts=action.valid_from,
        ends=action.valid_until,
        no_time_left=clock and action.valid_until is not None and action.next_evaluation_at is None,
    )


def conditions_of(action: Action) -> list[Part]:
    """The rule's conditions as parts."""
    return [
        part_of(one["trigger_type"], one["trigger_params"], one.get("symbol") or action.instrument_id or "")
        for one in action.conditions
    ]


def _expected(last: Decimal, spans: Iterable[tuple[Decimal | None, Decimal | None]]) -> Decimal:
    """The price at which it would trade: where the price enters the rule's region, or now if it is inside."""
    reached = [low if low and last < low else high if high and last > high else last for low, high in spans]
    return min(reached, key=lambda price: abs(price - last), default=last)


def _shares(action: Action, price: Decimal | None, held: Decimal, equity: Decimal | None) -> Decimal | None:
    if action.quantity is not None:
        return action.quantity
    if action.percent_of_position is not None:
        return held * action.percent_of_position / HUNDRED
    if not price:
        return None
    if action.amount_usd is not None:
        return action.amount_usd / price
    if action.percent_of_equity is not None and equity is not None:
        return equity * action.percent_of_equity / HUNDRED / price
    return None


def _value(action: Action, price: Decimal | None, shares: Decimal | None, equity: Decimal | None) -> Decimal | None:
    if action.amount_usd is not None:
        return action.amount_usd
    if action.percent_of_equity is not None:
        return None if equity is None else equity * action.percent_of_equity / HUNDRED
    return None if shares is None or price is None else shares * price


def _per_day(action: Action, axis: str) -> Decimal | None:
    """The least of what its cooldown, its clock and its bars let it fire."""
    bounds = [Decimal(DAY_SECONDS) / action.cooldown_seconds] if action.cooldown_seconds else []
    if action.trigger_type == "time_of_day":
        bounds.append(Decimal(1))
    elif "ma_spread" not in axis and (bars := BARS_A_DAY.get(axis.rpartition(":")[2])) and "change_pct" not in axis:
        bounds.append(Decimal(bars))
    return min(bounds, default=None)


def _no_time_left(action: Action, now: datetime) -> bool:
    """Whether a clock has no time left before the rule's window ends, as far as the calendar reaches."""
    plan = plan_of(action)
    if not isinstance(plan, ClockPlan) or action.valid_until is None or action.valid_until > now + timedelta(days=10):
        return False
    after = max(now, action.valid_from or now)
    due = plan.next_due(after, arming.sessions_from(action, after))
    return due is None or due > action.valid_until


def _totals(action: Action, asked: Rule, facts: Facts) -> Totals:
    """The sums over the portfolio with the rule asked about; its group counts with the rules of its symbol."""
    with connection.cursor() as cursor:
        cursor.execute(
            TOTALS,
            {
                "user": action.user_id,
                "portfolio": action.portfolio_id,
                "besides": action.pk,
                "group": action.group,
                "equity": facts.equity,
                "clocks": clocks(),
            },
        )
        value, rules, timed = cursor.fetchone()
    own = _summed(rule for rule in facts.rules if rule.id == asked.id or (asked.group and rule.group == asked.group))
    return Totals(buy_value=value + own.buy_value, rules=rules + own.rules, clocks=timed + own.clocks)


def clocks() -> list[str]:
    """The triggers that fire at times."""
    plans = {kind: trigger.plan(trigger.parse(trigger.example), "") for kind, trigger in TRIGGERS.items()}
    return [kind for kind, plan in plans.items() if isinstance(plan, ClockPlan)]


def _summed(rules: Iterable[Rule]) -> Totals:
    """The sums over these rules."""
    largest: dict[str, Decimal] = {}
    timed: dict[str, bool] = {}
    for rule in rules:
        if rule.trades:
            key = f"group {rule.group}" if rule.group else str(rule.id)
            bought = (rule.value or ZERO) if rule.side == "buy" else ZERO
            largest[key] = max(largest.get(key, ZERO), bought)
            timed[key] = timed.get(key, False) or rule.trigger.axis.startswith(CLOCK)
    return Totals(buy_value=sum(largest.values(), ZERO), rules=len(largest), clocks=sum(timed.values()))


def _hashable(value: Any) -> Hashable:
    """Equal for JSON that says the same, in whatever order its keys come."""
    if isinstance(value, Mapping):
        return frozenset((key, _hashable(inner)) for key, inner in value.items())
    return tuple(map(_hashable, value)) if isinstance(value, list) else value
