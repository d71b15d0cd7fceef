"""What a run does next, from what its rows say. Plain Python: no Django, no clock, no I/O.

`decide` is asked once per claim. Everything it may answer is safe to do twice: a worker that dies after the answer
leaves rows from which the next one gets the same answer.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

PHASE_LASTS = timedelta(minutes=5)  # how long the sells, and then the buys, may work before the rest is cancelled
RUN_LASTS = timedelta(minutes=15)  # from its beginning: then nothing more is ordered, the prices are others
LOOK_AGAIN = timedelta(seconds=2)  # while orders work; their ends nudge sooner


class Step(enum.StrEnum):
    """One thing to do."""

    ASK = "ask"  # put the whole run before a person
    BEGIN = "begin"  # to the sells
    PLACE = "place"  # order the legs of this phase that have no order yet
    WAIT = "wait"  # for orders or for the person
    CANCEL = "cancel"  # what is still open
    REPLAN = "replan"  # read the cash again and size the buys
    END = "end"


class Ending(enum.StrEnum):
    """How it ends; `outcome` finds the state of DONE from what filled."""

    DONE = "done"  # the last leg is over
    STOPPED = "stopped"  # a person or a switch stopped it
    TOO_LATE = "too_late"  # its time was over before its first order


@dataclass(frozen=True, kw_only=True, slots=True)
class LegView:
    """One leg of the run. `placed`: it has an order; `open`: that order may still fill."""

    side: str  # buy | sell
    placed: bool
    open: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class RunView:
    """A run as its rows stand. `until`: end of the phase; `deadline`: nothing is ordered after it.

    `asks`: a person must approve it and nobody has. `stopped`: why it must not go on; empty if it may.
    """

    state: str
    asks: bool
    expires_at: datetime
    until: datetime | None
    deadline: datetime | None
    stopped: str
    legs: Sequence[LegView]


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """The step, when to look again after it (WAIT), and how it ends (END)."""

    step: Step
    at: datetime | None = None
    ending: Ending | None = None


def decide(run: RunView, now: datetime) -> Decision:
    """What to do now. Raises ValueError for a run that is over."""
    if run.state in ("planned", "awaiting_approval"):
        return _before(run, now)
    if run.state not in ("selling", "buying"):
        raise ValueError(f"a run that is {run.state} has nothing left to do")
    is_open = any(leg.open for leg in run.legs)
    if run.stopped:
        return _until_closed(is_open, Ending.STOPPED, now)
    side = "sell" if run.state == "selling" else "buy"
    late = run.until is not None and now >= run.until
    too_old = run.deadline is not None and now >= run.deadline
    if not late and not too_old and any(leg.side == side and not leg.placed for leg in run.legs):
        return Decision(step=Step.PLACE)
    if is_open:
        return Decision(step=Step.CANCEL) if late or too_old else _wait(run.until, now)
    if too_old and not any(leg.placed for leg in run.legs):
        return Decision(step=Step.END, ending=Ending.TOO_LATE)
    if run.state == "selling" and not too_old:
        return Decision(step=Step.REPLAN)
    return Decision(step=Step.END, ending=Ending.DONE)


def _before(run: RunView, now: datetime) -> Decision:
    if run.stopped:
        return Decision(step=Step.END, ending=Ending.STOPPED)
    if now >= run.expires_at:
        return Decision(step=Step.END, ending=Ending.TOO_LATE)
    if run.state == "awaiting_approval":
        return Decision(step=Step.WAIT, at=run.expires_at)
    return Decision(step=Step.ASK if run.asks else Step.BEGIN)


def _until_closed(is_open: bool, ending: Ending, now: datetime) -> Decision:
    return Decision(step=Step.CANCEL) if is_open else Decision(step=Step.END, ending=ending)


def _wait(until: datetime | None, now: datetime) -> Decision:
    return Decision(step=Step.WAIT, at=min(now + LOOK_AGAIN, until or now + LOOK_AGAIN))


def outcome(*, ending: Ending, placed: bool, filled: bool, whole: bool) -> str:
    """The state in which a run ends.

    `placed`: at least one order was; `filled`: at least one filled in part; `whole`: every leg filled as planned.
    """
    if ending is Ending.TOO_LATE:
        return "expired"
    if ending is Ending.STOPPED:
        return "cancelled_mid_run" if placed else "cancelled"
    if whole:
        return "completed"
    return "completed_with_residuals" if filled else "failed"
