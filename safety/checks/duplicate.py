"""The same symbol, side and quantity twice within a minute, from whatever source, is suspected to be a mistake."""

from __future__ import annotations

from datetime import timedelta

from common.money import plain
from safety.case import Case, Check, denied, passed
from safety.types import CheckResult

NAME = "duplicate"
_OK = passed(NAME)


def judge(case: Case) -> CheckResult:
    order = case.order
    like = case.book.last_like((order.symbol, order.side, order.quantity), besides=order.order_id)
    if like is None:
        return _OK
    window = case.policy.duplicate_window_seconds
    age = case.snapshot.now - like
    if age >= timedelta(seconds=window):
        return _OK
    return denied(
        NAME,
        "DUPLICATE_SUSPECT",
        f"An order to {order.side} {plain(order.quantity)} {order.symbol} was placed {age.total_seconds():.0f} s ago; "
        f"the same again within {window} s looks like a mistake. Wait, or change the quantity.",
        age_seconds=f"{age.total_seconds():.1f}",
        window_seconds=window,
    )


CHECK = Check(name=NAME, codes=("DUPLICATE_SUSPECT",), judge=judge)
