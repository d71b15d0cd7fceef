"""The kinds of entries in a rule's history, each with its meaning. Plain Python."""

from __future__ import annotations

import enum


class Kind(enum.StrEnum):
    """What a trace tells. `LABELS` has the words a page shows."""

    # --- the watch
    CREATED = "created"  # the rule was made
    ARMED = "armed"  # watched afresh under a new epoch: made, resumed, edited, or tried again from the start
    SCHEDULED = "scheduled"  # a time was set: the clock trigger's next one, or the beginning of the rule's window
    REFERENCE_TAKEN = "reference_taken"  # the first price gave the base, the peak or the side it is measured from
    PRIMED = "primed"  # edge cross: the other side was seen, the next reach fires
    FIRED = "fired"  # the value reached the level and the rule stood behind it
    RECOVERED = "recovered"  # came back after a firing: armed again
    COOLING = "cooling"  # came back after a firing, but the cooldown is not over
    REARMED = "rearmed"  # the cooldown, or the wait before another try, is over
    HOLDING = "holding"  # reached, and must stay so for `for_seconds` before it fires
    HOLD_BROKEN = "hold_broken"  # came back before it had held long enough
    # --- reached, and not fired
    CONDITION_FALSE = "condition_false"  # a further condition did not hold
    CONDITION_UNKNOWN = "condition_unknown"  # a further condition's value was not known: not the same as false
    HELD = "held"  # another rule of its group fired first and its outcome is awaited
    RELEASED = "released"  # the other rule of the group came to nothing: watched again
    STALE = "stale"  # the watch saw it, but the rule no longer stood behind it
    QUOTE_TOO_OLD = "quote_too_old"  # the price that would have fired was found too late to act on
    # --- clocks
    CLOCK_DUE = "clock_due"  # the time came and the rule fired
    MISSED = "missed"  # the time passed while nobody was there; see its line for what was done
    # --- webhooks
    CALLED = "called"  # its webhook was called and the rule fired
    NOT_CALLED_FOR = "not_called_for"  # its webhook was called, and it did not fire: why is in the line
    # --- what came of a firing
    BY_HAND = "by_hand"  # a person executed it without waiting for the trigger
    DONE = "done"  # carried out
    DENIED = "denied"  # the safety gate said no
    FAILED = "failed"  # the effect failed, or the broker rejected the order
    NOT_DONE = "not_done"  # not carried out: paused or cancelled meanwhile, or too late
    RETRY_SET = "retry_set"  # nothing came of it: armed again on the same level at a time
    # --- the rule's life
    EDITED = "edited"
    PAUSED = "paused"
    RESUMED = "resumed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # valid_until passed
    COMPLETED = "completed"  # carried out for the last time
    STOPPED = "stopped"  # too many failures in a row: a person must look at it


LABELS: dict[str, str] = {
    Kind.CREATED: "Made",
    Kind.ARMED: "Watched",
    Kind.SCHEDULED: "Time set",
    Kind.REFERENCE_TAKEN: "Base taken",
    Kind.PRIMED: "Other side seen",
    Kind.FIRED: "Fired",
    Kind.RECOVERED: "Armed again",
    Kind.COOLING: "Cooling down",
    Kind.REARMED: "Armed again",
    Kind.HOLDING: "Must hold",
    Kind.HOLD_BROKEN: "Did not hold",
    Kind.CONDITION_FALSE: "Condition not met",
    Kind.CONDITION_UNKNOWN: "Condition unknown",
    Kind.HELD: "Held by its group",
    Kind.RELEASED: "Released by its group",
    Kind.STALE: "Not acted on",
    Kind.QUOTE_TOO_OLD: "Price too old",
    Kind.CLOCK_DUE: "Fired on time",
    Kind.MISSED: "Missed",
    Kind.CALLED: "Called",
    Kind.NOT_CALLED_FOR: "Called in vain",
    Kind.BY_HAND: "By hand",
    Kind.DONE: "Done",
    Kind.DENIED: "Denied",
    Kind.FAILED: "Failed",
    Kind.NOT_DONE: "Not done",
    Kind.RETRY_SET: "Tries again",
    Kind.EDITED: "Edited",
    Kind.PAUSED: "Paused",
    Kind.RESUMED: "Resumed",
    Kind.CANCELLED: "Cancelled",
    Kind.EXPIRED: "Expired",
    Kind.COMPLETED: "Completed",
    Kind.STOPPED: "Stopped",
}
CHOICES: list[tuple[str, str]] = [(kind.value, LABELS[kind]) for kind in Kind]

# Equal ones in a row are counted in one row: they say the same again, and may come with every price.
ROLLING = frozenset(
    {
        Kind.CONDITION_FALSE,
        Kind.CONDITION_UNKNOWN,
        Kind.HELD,
        Kind.STALE,
        Kind.QUOTE_TOO_OLD,
        Kind.DENIED,
        Kind.FAILED,
        Kind.NOT_DONE,
    }
)
# What kept a rule from trading.
STOPS = frozenset({*ROLLING, Kind.HOLD_BROKEN, Kind.MISSED, Kind.STOPPED})
# What a rule did, or began anew: a stop before it is history.
TURNS = frozenset({Kind.DONE, Kind.COMPLETED, Kind.CREATED, Kind.RESUMED})
