"""The states of a rebalance run, what each means, and which may follow which. Plain Python but for the enum's base."""

from __future__ import annotations

from django.db import models


class RunState(models.TextChoices):
    """The life of a run. What ended well or not says why in `reason_code`, and each dollar left in `residuals`."""

    PLANNED = "planned", "Planned"  # its legs are written and were let pass by the gate; nothing is ordered
    AWAITING_APPROVAL = "awaiting_approval", "Awaiting approval"  # large: goes on if a person says so in time
    SELLING = "selling", "Selling"  # its sells are ordered, or about to be
    BUYING = "buying", "Buying"  # the sells are over, the buys were planned anew with the cash that is there
    COMPLETED = "completed", "Completed"  # terminal: every order filled
    COMPLETED_WITH_RESIDUALS = "completed_with_residuals", "Completed with residuals"  # terminal: something is left
    CANCELLED = "cancelled", "Cancelled"  # terminal: a person or a switch stopped it before its first order
    CANCELLED_MID_RUN = "cancelled_mid_run", "Cancelled mid-run"  # terminal: the same, after its first order
    DECLINED = "declined", "Declined"  # terminal: the person said no
    EXPIRED = "expired", "Expired"  # terminal: not approved, or not begun, in time
    BLOCKED = "blocked", "Blocked"  # terminal: refused before its first leg
    FAILED = "failed", "Failed"  # terminal: not one order filled


S = RunState
TRANSITIONS: dict[RunState, frozenset[RunState]] = {
    S.PLANNED: frozenset({S.AWAITING_APPROVAL, S.SELLING, S.COMPLETED, S.CANCELLED, S.EXPIRED, S.BLOCKED}),
    S.AWAITING_APPROVAL: frozenset({S.SELLING, S.DECLINED, S.EXPIRED, S.CANCELLED, S.BLOCKED}),
    S.SELLING: frozenset(
        {S.BUYING, S.COMPLETED, S.COMPLETED_WITH_RESIDUALS, S.CANCELLED, S.CANCELLED_MID_RUN, S.EXPIRED, S.FAILED}
    ),
    S.BUYING: frozenset(
        {S.COMPLETED, S.COMPLETED_WITH_RESIDUALS, S.CANCELLED, S.CANCELLED_MID_RUN, S.EXPIRED, S.FAILED}
    ),
}
OPEN = frozenset(TRANSITIONS)
TERMINAL = frozenset(state for state in RunState if state not in TRANSITIONS)
# Terminal states in which it may have traded: they begin the goal's cooldown.
TRADED = frozenset({S.COMPLETED, S.COMPLETED_WITH_RESIDUALS, S.CANCELLED_MID_RUN})


def may_become(old: RunState, new: RunState) -> bool:
    """Whether a run may go from `old` to `new`."""
    return new in TRANSITIONS.get(old, frozenset())
