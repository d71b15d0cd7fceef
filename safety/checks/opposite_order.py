"""Never buy and sell one symbol at the same time: brokers refuse it as a wash trade."""

from __future__ import annotations

from safety.case import Case, Check, denied, passed
from safety.types import CheckResult

NAME = "opposite_order"
_OK = passed(NAME)


def judge(case: Case) -> CheckResult:
    order, flight = case.order, case.book.flight(case.order.symbol)
    opposite = flight.sell_orders if order.side == "buy" else flight.buy_orders
    if not opposite:
        return _OK
    other = "sell" if order.side == "buy" else "buy"
    return denied(
        NAME,
        "OPPOSITE_ORDER_OPEN",
        f"{opposite} {other} order(s) for {order.symbol} are under way, and this one would {order.side}. "
        "Cancel them or wait until they are done.",
        symbol=order.symbol,
        open=opposite,
    )


CHECK = Check(name=NAME, codes=("OPPOSITE_ORDER_OPEN",), judge=judge)
