"""Answer a backtest: load the bars once, then run the subject over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from automation.backtest import looking_ahead, warning
from automation.backtest.asking import Question
from automation.backtest.course import Course, Pulse, silent
from automation.backtest.gating import Gatekeeper, Source
from automation.backtest.goal_run import GoalRun, allowances
from automation.backtest.holding import equal, hold_curve
from automation.backtest.loading import Loaded, columns_of, load, load_one
from automation.backtest.market import Market
from automation.backtest.models import BacktestKind
from automation.backtest.results import Done, result_of
from automation.backtest.strategy_run import StrategyRun
from automation.backtest.subjects import goal_from, plan_from
from automation.replay.bars import Floats
from automation.replay.results import empty_because
from automation.strategies.base import Bars
from common.errors import InvalidInput
from markets.models import Instrument
from portfolios.goals import allowing
from portfolios.models import Portfolio
from portfolios.planning.types import CASH
from safety.policies import draft_policy, policy_for
from safety.types import PolicyView


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A question with all that is read once for it."""

    kind: str
    spec: Mapping[str, Any]
    question: Question
    loaded: Loaded
    policy: PolicyView
    benchmark: tuple[str, Floats] | None
    allowances: Mapping[str, Decimal]
    pulse: Pulse = silent

    @cached_property
    def columns(self) -> Mapping[str, Bars]:
        """The bars as strategies take them."""
        return columns_of(self.loaded, self.question.timeframe)

    @property
    def market(self) -> Market:
        return self.loaded.market


def prepare(
    *, kind: str, spec: Mapping[str, Any], symbols: tuple[str, ...], portfolio: Portfolio, question: Question,
    now: datetime, pulse: Pulse = silent,
) -> Case:  # fmt: skip
    """Load the bars and the limits. Raises InvalidInput when there are no bars, or a limit cannot be."""
    loaded = load(symbols, question.timeframe, question.start, question.end, pulse)
    if loaded.market.first >= len(loaded.market):
        unit = "daily" if question.timeframe == "1d" else "minute"
        raise InvalidInput({"from": empty_because(", ".join(symbols[:5]), unit, question.start, question.end)})
    return Case(
        kind=kind,
        spec=spec,
        question=question,
        loaded=loaded,
        policy=_policy(portfolio, question, now),
        benchmark=_benchmark(loaded.market, question),
        allowances=allowing.allowances(portfolio) if kind == BacktestKind.STRATEGY else {},
        pulse=pulse,
    )


def run(case: Case, spec: Mapping[str, Any]) -> tuple[Course, dict[str, Any]]:
    """One run of the subject as in `spec`; the course, and what only its kind can tell."""
    question, goal = case.question, None
    if case.kind == BacktestKind.GOAL:
        goal = goal_from(spec)
    gate = Gatekeeper(
        policy=case.policy,
        instruments=case.loaded.instruments,
        source=Source.STRATEGY if goal is None else Source.GOAL,
        approvals=question.approvals,
        allowances=case.allowances if goal is None else allowances(goal.terms),
    )
    course = Course(case.market, cash=question.cash, costs=question.costs, gate=gate, pulse=case.pulse)
    if goal is None:
        StrategyRun(plan=plan_from(spec), market=case.market, course=course, columns=case.columns).run()
        return course, {}
    went = GoalRun(goal=goal, market=case.market, course=course)
    went.run()
    return course, {"goal": {"rebalanced": len(went.rebalanced), "not_begun": dict(went.kept_apart)}}


def answer(case: Case) -> dict[str, Any]:
    """The result of a single backtest. Raises InvalidInput for a strategy that looks ahead."""
    course, extra = run(case, case.spec)
    if case.kind == BacktestKind.STRATEGY:
        extra["look_ahead"] = looking_ahead.probe(plan_from(case.spec), case.columns)
    return result_of(
        Done(
            market=case.market,
            course=course,
            hold=_hold(case),
            benchmark=case.benchmark,
            notes=[
                *warning.of_data(case.market, case.loaded.instruments, case.loaded.labels),
                *warning.of_limits(case.policy, sorted(case.question.limits)),
            ],
            extra={**extra, "policy_version": case.policy.version},
        )
    )


def _hold(case: Case) -> Floats:
    """A strategy is shown beside equal parts of its symbols, a goal beside its targets never rebalanced."""
    weights = equal(case.market.symbols)
    if case.kind == BacktestKind.GOAL:
        weights = {symbol: weight for symbol, weight in goal_from(case.spec).terms.targets.items() if symbol != CASH}
    fractional = {symbol: view.fractionable for symbol, view in case.loaded.instruments.items()}
    return hold_curve(case.market, weights, cash=case.question.cash, costs=case.question.costs, fractional=fractional)


def _policy(portfolio: Portfolio, question: Question, now: datetime) -> PolicyView:
    if not question.limits:
        return policy_for(portfolio)
    try:
        draft = draft_policy(user=portfolio.user, changes=question.limits, now=now, portfolio=portfolio)
    except InvalidInput as bad:
        raise InvalidInput({f"limits.{name}": texts for name, texts in bad.errors.items()}) from None
    return draft.changed


def _benchmark(market: Market, question: Question) -> tuple[str, Floats] | None:
    """A symbol bought at the start and held, valued at the same moments. Raises InvalidInput when it has no bars."""
    symbol = question.benchmark
    if symbol is None:
        return None
    bars = load_one(symbol, question.timeframe, question.start, question.end)
    if bars.first >= len(bars):
        raise InvalidInput({"benchmark": f"{symbol} has no bars in that period: choose another, or leave it out"})
    beside = Market(bars={symbol: bars}, at=market.at, first=market.first)
    fractional = Instrument.objects.get(pk=symbol).fractionable
    curve = hold_curve(
        beside, {symbol: Decimal(1)}, cash=question.cash, costs=question.costs, fractional={symbol: fractional}
    )
    return symbol, curve
