"""Rules that keep buying and selling the same symbol undo each other, and every round trip costs the spread.

Counted are trades of rules in this portfolio that filled; a run of buys (or of sells) counts once, so that a ladder of
sales is no loop. Orders of people, goals and strategies neither count nor are held up.
"""

from __future__ import annotations

from datetime import timedelta

from safety.book import RULE
from safety.case import Case, Check, denied, passed, skipped
from safety.types import CheckResult

NAME = "loop_suspect"
_OFF = skipped(NAME, "Loops are not looked for: the limit is 0.")
_NO_RULE = skipped(NAME, "The order is not a rule's.")


def judge(case: Case) -> CheckResult:
    order, policy = case.order, case.policy
    limit, minutes = policy.loop_round_trips, policy.loop_window_minutes
    if not limit:
        return _OFF
    if order.source_kind != RULE:
        return _NO_RULE
    trips = case.book.round_trips(order.symbol, since=case.snapshot.now - timedelta(minutes=minutes))
    if trips < limit:
        return passed(NAME, round_trips=str(trips), limit=str(limit))
    return denied(
        NAME,
        "LOOP_SUSPECT",
        f"Rules bought and sold {order.symbol} {trips} times over within {minutes} min, and {limit} round trips are "
        "the limit: they look as if they undo each other. Pause one of them, move their levels apart or give them a "
        f"cooldown; or wait until fewer than {limit} lie within {minutes} min.",
        round_trips=trips,
        limit=limit,
        window_minutes=minutes,
    )


CHECK = Check(name=NAME, codes=("LOOP_SUSPECT",), judge=judge, waived_when_reducing=True)
