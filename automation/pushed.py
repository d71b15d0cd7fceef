"""What to tell about values that arrive now and then: at the close of a bar, or a portfolio's once a minute."""

from __future__ import annotations

from decimal import Decimal

from watches import machine
from watches.specs import WatchSpec

ALREADY_TRUE = "Already true: fires within a minute."
NO_BAR = "The value is unknown yet: it comes with a closed bar, once there are enough of them. Unknown never fires."
NO_DRIFT = "The drift is unknown yet: it is judged once a minute, and needs a price of every holding and target."
NO_WORTH = "The drawdown is unknown yet: it is judged once a minute, and needs a price of every holding."


OF_PORTFOLIO = {"drawdown": NO_WORTH, "drift": NO_DRIFT}  # observables of whole portfolios, once a minute


def warnings_of(spec: WatchSpec, state: machine.WatchState, value: Decimal | None, *, watched: bool) -> tuple[str, ...]:
    """What somebody who makes or reads the rule should know. A closed bar before the rule was armed is history."""
    of_portfolio = spec.series.observable in OF_PORTFOLIO
    if value is None:
        return (OF_PORTFOLIO.get(spec.series.observable, NO_BAR),)
    armed = watched and state.phase == machine.ARMED
    reached = machine.scan_for(spec, machine.ARMED, state.direction).reached(value)
    return (ALREADY_TRUE,) if of_portfolio and armed and reached else ()
