"""What is tested: a strategy or a goal, stored or not, frozen as JSON with its version; and with other values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.models import User
from automation.backtest.goal_run import Goal
from automation.backtest.models import BacktestKind
from automation.backtest.strategy_run import Plan
from automation.lifecycle import shown_value
from automation.strategies.drafting import check
from automation.strategies.models import Strategy
from automation.strategies.registry import STRATEGIES
from automation.strategies.sizing import parse_sizing
from automation.triggers.base import BadParams
from automation.triggers.reading import shown
from common.errors import InvalidInput, NotFound
from portfolios.goals.reading import cost_of, terms_of
from portfolios.models import Portfolio, PortfolioGoal
from portfolios.planning.types import CASH, BandKind, LotMethod, RebalanceTo

SIZING = "sizing."
# What a goal's plan depends on.
GOAL_FIELDS = (
    "target_weights", "band_kind", "drift_threshold", "rebalance_to", "cash_flow_only", "min_trade", "cash_buffer",
    "cash_buffer_pct", "turnover_cap", "do_not_sell", "cooldown_days", "commission", "spread_bps", "slippage_bps",
    "benefit_bps", "lot_method", "short_term_tax_pct", "long_term_tax_pct", "avoid_short_term_gains",
    "wash_sale_lock",
)  # fmt: skip
NUMBERS = (
    "drift_threshold", "min_trade", "cash_buffer", "cash_buffer_pct", "turnover_cap", "cooldown_days", "benefit_bps",
)  # fmt: skip
WORDS = {"band_kind": BandKind, "rebalance_to": RebalanceTo, "lot_method": LotMethod}


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A strategy or goal as it is now. `id` is None for one that is not stored."""

    kind: str
    id: UUID | None
    name: str
    portfolio: Portfolio
    spec: Mapping[str, Any]
    symbols: tuple[str, ...]
    timeframe: str


def strategy_of(user: User, strategy_id: UUID) -> Subject:
    """A stored strategy. NotFound for anybody else's."""
    row = (
        Strategy.objects.filter(user=user, pk=strategy_id, archived_at__isnull=True)
        .select_related("portfolio__broker_account", "portfolio__user")
        .first()
    )
    if row is None:
        raise NotFound(f"There is no strategy {strategy_id}.")
    symbols = tuple(row.symbols.order_by("position").values_list("instrument_id", flat=True))
    spec = {
        "strategy_type": row.strategy_type, "params": row.params, "sizing": row.sizing, "symbols": list(symbols),
        "timeframe": row.timeframe, "version": row.version,
    }  # fmt: skip
    return Subject(
        kind=BacktestKind.STRATEGY, id=row.pk, name=row.name, portfolio=row.portfolio, spec=spec, symbols=symbols,
        timeframe=row.timeframe,
    )  # fmt: skip


def unsaved_strategy(user: User, raw: Any) -> Subject:
    """A strategy that is not stored, written as for POST strategies/. Raises InvalidInput like creating it would."""
    if not isinstance(raw, Mapping):
        raise InvalidInput({"strategy": "is required: the fields of a strategy as for POST strategies/"})
    try:
        fields = check(user, raw)
    except InvalidInput as bad:
        raise InvalidInput({f"strategy.{name}": texts for name, texts in bad.errors.items()}) from None
    symbols = tuple(instrument.symbol for instrument in fields["symbols"])
    spec = {name: fields[name] for name in ("strategy_type", "params", "sizing", "timeframe")}
    portfolios = Portfolio.objects.select_related("broker_account", "user")
    return Subject(
        kind=BacktestKind.STRATEGY,
        id=None,
        name=fields["name"],
        portfolio=portfolios.get(pk=fields["portfolio_id"]),
        spec={**spec, "symbols": list(symbols), "version": 0},
        symbols=symbols,
        timeframe=fields["timeframe"],
    )


def goal_of(user: User, goal_id: UUID) -> Subject:
    """A stored goal. NotFound for anybody else's."""
    goals = PortfolioGoal.objects.select_related("portfolio__broker_account", "portfolio__user")
    goal = goals.filter(portfolio__user=user, pk=goal_id, archived_at__isnull=True).first()
    if goal is None:
        raise NotFound(f"There is no goal {goal_id}.")
    return goal_subject(goal, goal_id=goal.pk)


def goal_subject(goal: PortfolioGoal, *, goal_id: UUID | None) -> Subject:
    """A goal's row, stored or not."""
    spec = {name: shown_value(getattr(goal, name)) for name in GOAL_FIELDS} | {"version": goal.version}
    symbols = tuple(symbol for symbol in goal.target_weights if symbol != CASH)
    if not symbols:
        raise InvalidInput({"target_weights": "holds cash only: there is nothing to test"})
    return Subject(
        kind=BacktestKind.GOAL, id=goal_id, name=goal.name, portfolio=goal.portfolio, spec=spec, symbols=symbols,
        timeframe="1d",
    )  # fmt: skip


# --- from frozen JSON
def plan_from(spec: Mapping[str, Any]) -> Plan:
    """The strategy with its parameters, checked again. BadParams."""
    strategy = STRATEGIES[spec["strategy_type"]]
    return Plan(strategy=strategy, params=strategy.parse(spec["params"]), sizing=parse_sizing(spec["sizing"]))


def goal_from(spec: Mapping[str, Any]) -> Goal:
    """The goal's terms, costs and cooldown."""
    fields = {field.name: field for field in PortfolioGoal._meta.concrete_fields}
    row = PortfolioGoal(**{name: fields[name].to_python(spec[name]) for name in GOAL_FIELDS})
    return Goal(terms=terms_of(row), cost=cost_of(row), cooldown_days=row.cooldown_days)


def with_values(kind: str, spec: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """The spec with other values. Raises InvalidInput naming the parameter and the value."""
    try:
        return _strategy_with(spec, values) if kind == BacktestKind.STRATEGY else _goal_with(spec, values)
    except BadParams as bad:
        raise InvalidInput({f"grid.{key or 'values'}": text for key, text in bad.errors.items()}) from None


def _strategy_with(spec: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    strategy = STRATEGIES[spec["strategy_type"]]
    params, sizing = dict(spec["params"]), dict(spec["sizing"])
    for name, value in values.items():
        inner = name.removeprefix(SIZING)
        known = sizing if name.startswith(SIZING) else {parameter.name for parameter in strategy.schema}
        if inner not in known:
            names = ", ".join([*(p.name for p in strategy.schema), *(f"{SIZING}{n}" for n in sizing if n != "kind")])
            raise InvalidInput({"grid.parameter": f"{shown(name)} is not one of {strategy.key}: use {names}"})
        (sizing if name.startswith(SIZING) else params)[inner] = _flag(value)
    made = {**spec, "params": strategy.parse(params)}
    return {**made, "sizing": parse_sizing(sizing)}


def _goal_with(spec: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    made = dict(spec)
    for name, value in values.items():
        if name in WORDS:
            choices = [choice.value for choice in WORDS[name]]
            if value not in choices:
                raise BadParams({name: f"{shown(value)} is not known: use {' or '.join(choices)}"})
        elif name in NUMBERS:
            _checked_number(name, value)
        else:
            raise InvalidInput(
                {"grid.parameter": f"{shown(name)} is not one of a goal: use {', '.join((*NUMBERS, *WORDS))}"}
            )
        made[name] = value
    return made


def _checked_number(name: str, value: str) -> None:
    try:
        number = Decimal(value)
    except ArithmeticError:
        raise BadParams({name: f"{shown(value)} is not a number"}) from None
    if not number.is_finite() or not 0 <= number < 10**9 or (name == "cooldown_days" and number % 1):
        kind = "a whole number from 0 on" if name == "cooldown_days" else "0 or more"
        raise BadParams({name: f"{shown(value)} cannot be used: it must be {kind}"})


def _flag(value: str) -> Any:
    return {"true": True, "false": False}.get(value, value)
