"""A stale order is never sent: late execution is a wrong trade."""

from __future__ import annotations

from safety.case import Case, Check, denied, passed
from safety.types import CheckResult

NAME = "expiry"
_OK = passed(NAME)


def judge(case: Case) -> CheckResult:
    expires_at, now = case.order.expires_at, case.snapshot.now
    if now <= expires_at:
        return _OK
    late = (now - expires_at).total_seconds()
    return denied(
        NAME,
        "INTENT_EXPIRED",
        f"This order was good until {expires_at:%Y-%m-%d %H:%M:%S} UTC, {late:.0f} s ago, and is too late to send. "
        "Place it again if you still want it.",
        expires_at=expires_at.isoformat(),
        late_seconds=f"{late:.0f}",
    )


CHECK = Check(name=NAME, codes=("INTENT_EXPIRED",), judge=judge)
