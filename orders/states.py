"""The states of an order, what each means, and which may follow which. Plain Python.

*blocked* is our gate's denial: the order never left. *rejected* is the broker's refusal.
"""

from __future__ import annotations

from django.db import models


class OrderState(models.TextChoices):
    PROPOSED = "proposed", "Proposed"  # written, not yet judged
    BLOCKED = "blocked", "Blocked by the safety gate"  # terminal: denied by us
    AWAITING_APPROVAL = "awaiting_approval", "Awaiting approval"  # passes if a human says so in time
    DECLINED = "declined", "Declined"  # terminal: the human said no
    QUEUED = "queued", "Queued"  # passed the gate, waits for a submitter
    SUBMITTING = "submitting", "Submitting"  # claimed; may or may not have reached the broker
    UNKNOWN = "unknown", "Outcome unknown"  # the broker did not answer clearly: looked up before anything else
    NOT_ACCEPTED = "not_accepted", "Never reached the broker"  # terminal: looked up, not there
    REJECTED = "rejected", "Rejected by the broker"  # terminal
    ACCEPTED = "accepted", "Accepted by the broker"  # working
    PARTIALLY_FILLED = "partially_filled", "Partially filled"  # working
    FILLED = "filled", "Filled"  # terminal
    CANCELLED = "cancelled", "Cancelled"  # terminal, perhaps partly filled
    EXPIRED = "expired", "Expired"  # terminal: too late to send, or the broker's time in force ended
    REPLACED = "replaced", "Replaced"  # terminal: another order took its place


S = OrderState
TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    S.PROPOSED: frozenset({S.BLOCKED, S.AWAITING_APPROVAL, S.QUEUED}),
    S.AWAITING_APPROVAL: frozenset({S.QUEUED, S.DECLINED, S.EXPIRED, S.BLOCKED, S.CANCELLED}),
    S.QUEUED: frozenset({S.SUBMITTING, S.BLOCKED, S.EXPIRED, S.CANCELLED, S.AWAITING_APPROVAL}),
    S.SUBMITTING: frozenset(
        {
            S.ACCEPTED,
            S.PARTIALLY_FILLED,
            S.FILLED,
            S.REJECTED,
            S.UNKNOWN,
            S.NOT_ACCEPTED,
            S.BLOCKED,
            S.EXPIRED,
            S.CANCELLED,
        }
    ),
    S.UNKNOWN: frozenset(
        {S.SUBMITTING, S.ACCEPTED, S.PARTIALLY_FILLED, S.FILLED, S.NOT_ACCEPTED, S.REJECTED, S.CANCELLED, S.EXPIRED}
    ),
    S.ACCEPTED: frozenset({S.PARTIALLY_FILLED, S.FILLED, S.CANCELLED, S.EXPIRED, S.REPLACED, S.REJECTED}),
    S.PARTIALLY_FILLED: frozenset({S.FILLED, S.CANCELLED, S.EXPIRED, S.REPLACED}),
}
TERMINAL = frozenset(state for state in OrderState if state not in TRANSITIONS)
# Counted as exposure by the gate: everything that may still become a fill.
IN_FLIGHT = frozenset(TRANSITIONS) - {S.PROPOSED}
AT_BROKER = frozenset({S.ACCEPTED, S.PARTIALLY_FILLED})


def may_become(old: OrderState, new: OrderState) -> bool:
    """Whether an order may go from `old` to `new`."""
    return new in TRANSITIONS.get(old, frozenset())
