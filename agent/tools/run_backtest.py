"""Start a backtest of a strategy or a goal, or read one."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from agent.rule_arguments import Params
from agent.tools.base import Answer, Arguments, Context, Number, Reach, Symbol, Text
from automation.backtest import running, subjects
from automation.backtest.models import BacktestRun
from automation.backtest.subjects import Subject
from common.errors import InvalidInput, NotFound

KEPT = ("summary", "hold", "benchmark", "denials", "end_cash", "warnings")


class StrategyFields(Arguments):
    """A strategy that is not stored."""

    strategy_type: Annotated[Text, Field(max_length=30)]
    params: Params = {}
    symbols: Annotated[list[Symbol], Field(min_length=1, max_length=20)]
    timeframe: Annotated[Text, Field(max_length=3)] = "1d"


class Wanted(Arguments):
    """Exactly one of the four: a backtest to read, or what to test."""

    backtest: UUID | None = None
    strategy: UUID | None = None
    goal: UUID | None = None
    unsaved: StrategyFields | None = None
    begin: date | None = None
    end: date | None = None
    cash: Annotated[Number, Field(gt=0, le=10**9, decimal_places=2)] | None = None
    benchmark: Symbol | None = None


class RunBacktest:
    """One at a time, without grids or other limits than those in force. Nothing is ordered."""

    name = "run_backtest"
    description = (
        "Starts a backtest of a strategy (id), a goal (id) or an unsaved strategy over stored bars, under the safety "
        "limits in force, and gives its id; with backtest (id) it reads the result. Nothing is ordered."
    )
    arguments = Wanted
    reach = Reach.READ

    def run(self, arguments: Wanted, context: Context) -> Answer:
        asked = (arguments.backtest, arguments.strategy, arguments.goal, arguments.unsaved)
        if sum(one is not None for one in asked) != 1:
            raise InvalidInput({"strategy": "Give exactly one of backtest, strategy, goal and unsaved."})
        if arguments.backtest is not None:
            return Answer(content=_told(running.run_of(context.user, arguments.backtest)))
        question: dict[str, Any] = {}
        for name, value in (("from", arguments.begin), ("to", arguments.end), ("cash", arguments.cash)):
            if value is not None:
                question[name] = str(value)
        if arguments.benchmark is not None:
            question["benchmark"] = arguments.benchmark
        subject = _subject(arguments, context)
        return Answer(content=_told(running.ask(user=context.user, subject=subject, data=question, now=context.now)))


def _subject(arguments: Wanted, context: Context) -> Subject:
    if arguments.unsaved is not None:
        raw = {**arguments.unsaved.model_dump(mode="json"), "name": "of the agent"}
        return subjects.unsaved_strategy(context.user, {**raw, "portfolio": str(context.portfolio.pk)})
    if arguments.strategy is not None:
        found = subjects.strategy_of(context.user, arguments.strategy)
    else:
        found = subjects.goal_of(context.user, arguments.goal)  # type: ignore[arg-type]
    if found.portfolio.pk != context.portfolio.pk:
        raise NotFound("It is not of this portfolio.")
    return found


def _told(run: BacktestRun) -> dict[str, Any]:
    result = run.result or {}
    return {
        "backtest": str(run.pk),
        "state": run.state,
        "error": run.error,
        "symbols": run.symbols,
        "from": run.start.isoformat(timespec="minutes"),
        "to": run.end.isoformat(timespec="minutes"),
        **{key: result[key] for key in KEPT if key in result},
    }


RUN_BACKTEST = RunBacktest()
