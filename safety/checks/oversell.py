"""Never sell more than is held, less what is being sold: there are no short positions here."""

from __future__ import annotations

from common.money import plain
from safety.case import Case, Check, denied, passed, skipped
from safety.types import CheckResult

NAME = "oversell"
_BUYS = skipped(NAME, "Buying sells nothing.")


def judge(case: Case) -> CheckResult:
    order = case.order
    if order.side == "buy":
        if not order.reduce_only:
            return _BUYS
        return denied(
            NAME,
            "OVERSELL",
            f"The order may only reduce a position, but it buys {order.symbol}. Sell, or drop reduce only.",
            symbol=order.symbol,
        )
    if order.quantity <= case.available:
        return passed(NAME, quantity=plain(order.quantity), available=plain(case.available))
    being_sold = case.held - case.available
    return denied(
        NAME,
        "OVERSELL",
        f"{plain(order.quantity)} {order.symbol} cannot be sold: {plain(case.held)} held, {plain(being_sold)} of it "
        f"being sold already. Sell at most {plain(case.available)}, or cancel the other sale.",
        quantity=order.quantity,
        held=case.held,
        being_sold=being_sold,
    )


CHECK = Check(name=NAME, codes=("OVERSELL",), judge=judge)
