"""Answer a replay: load the bars once, run the rule, or run it once per value of a grid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from automation.models import Action
from automation.replay.asking import Question, with_value
from automation.replay.curves import curves_of
from automation.replay.engine import Replay, replay, trial_of
from automation.replay.feeds import Tape
from automation.replay.history import NotReplayable
from automation.replay.loading import load_tape
from automation.replay.results import IN_SAMPLE, empty_because, result_of, summary_of
from common.errors import InvalidInput
from safety.policies import policy_for

COLUMNS = (
    "fires", "trades", "net_result", "return_percent", "max_drawdown_percent", "exposure_percent", "hold_return_percent"
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Case:
    """A question with all that is read once for it."""

    action: Action
    question: Question
    tape: Tape
    failures_before_review: int
    others: Mapping[str, Tape]


def prepare(action: Action, question: Question) -> Case:
    """Load the bars. Raises InvalidInput when the rule has no symbol, or there are no bars."""
    if action.instrument is None:
        raise InvalidInput({"symbol": "is required: a rule without a symbol has no bars to be replayed over"})
    tape = load_tape(action.instrument.symbol, question.timeframe, question.start, question.end)
    if tape.bars.first >= len(tape.bars):
        unit = "daily" if tape.bars.daily else "minute"
        raise InvalidInput({"from": empty_because(tape.bars.symbol, unit, question.start, question.end)})
    trial = trial_of(action)
    if question.ignore_dates:
        trial.valid_from = trial.valid_until = None
    terms = replace(question.terms, fractional=action.instrument.fractionable)
    return Case(
        action=trial,
        question=replace(question, terms=terms),
        tape=tape,
        failures_before_review=policy_for(action.portfolio).failures_before_review,
        others={
            symbol: load_tape(symbol, question.timeframe, question.start, question.end)
            for symbol in sorted({condition.get("symbol") or "" for condition in action.conditions} - {""})
        },
    )


def run_case(case: Case, action: Action) -> Replay:
    """One replay. Raises InvalidInput when these bars cannot show what the rule looks at."""
    try:
        done = replay(
            action,
            case.tape,
            case.question.terms,
            failures_before_review=case.failures_before_review,
            others=case.others,
        )
    except NotReplayable as problem:
        raise InvalidInput({"timeframe": str(problem)}) from None
    return replace(done, notes=tuple(_notes(action, case.tape)))


def answer(case: Case) -> dict[str, Any]:
    """The result of a single replay."""
    return result_of(case.tape, run_case(case, case.action))


def try_values(case: Case, *, done: int = 0) -> Iterator[dict[str, Any]]:
    """One row per value of the grid: the value and its summary in short. The first `done` are left out."""
    grid = case.question.grid
    for value in grid.values[done:] if grid else ():
        trial = trial_of(case.action)
        trial.trigger_params = with_value(case.action, grid.parameter if grid else "", value)
        one = run_case(case, trial)
        summary = summary_of(case.tape.bars, one, curves_of(case.tape.bars, one.terms, one.changes))
        yield {"value": value, **{name: summary[name] for name in COLUMNS}}


def grid_result(question: Question, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The table, with the best by net result and the caution that belongs to it."""
    best = max(rows, key=lambda row: float(row["net_result"]), default=None)
    return {
        "grid": {
            "parameter": question.grid.parameter if question.grid else "",
            "rows": rows,
            "best": None if best is None else best["value"],
            "caution": IN_SAMPLE,
        }
    }


def _notes(action: Action, tape: Tape) -> Iterator[str]:
    """What the reader should know that the figures do not show."""
    yield "The safety limits are not applied: this is what the rule would do, not what they would let through."
    begins, ends = tape.bars.starts[tape.bars.first], tape.bars.ends[-1]
    if action.valid_from and action.valid_from.timestamp() > ends:
        yield f"The rule's window begins {action.valid_from:%Y-%m-%d}, after these bars: it could not fire."
    if action.valid_until and action.valid_until.timestamp() < begins:
        yield f"The rule's window ended {action.valid_until:%Y-%m-%d}, before these bars: it could not fire."
    if action.group:
        yield "The other rules of its group are not replayed with it."
