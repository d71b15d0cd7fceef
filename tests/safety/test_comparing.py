"""An order of the past under other limits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safety.comparing import compare
from safety.facts import compact
from tests.safety.making import POLICY, D, order, snapshot


@pytest.mark.parametrize(
    ("changes", "outcome", "code"),
    [
        ({}, "pass", ""),
        ({"max_daily_trades": 0}, "deny", "DAILY_TRADE_CAP"),
        ({"large_order_pct": D("0.5")}, "needs_approval", "APPROVAL_REQUIRED"),
        ({"symbol_blacklist": ("AAPL",)}, "deny", "SYMBOL_NOT_ALLOWED"),
    ],
)
def test_both_verdicts(changes: dict[str, object], outcome: str, code: str) -> None:
    one, whole = order(), snapshot()
    changed = replace(POLICY, **changes)  # type: ignore[arg-type]
    before, after = compare(one, compact(one, whole), present=POLICY, changed=changed)
    assert (before.outcome, before.code, before.message) == ("pass", "", "")
    assert (after.outcome, after.code) == (outcome, code)
    assert bool(after.message) == bool(code)
