"""Prices exist where the order type needs them, and lie on the tick: $0.01 from $1 up, $0.0001 below.

Source: SEC Rule 612 of Regulation NMS (minimum price increments).
"""

from __future__ import annotations

from decimal import Decimal

from common.money import CENT, ZERO, plain
from safety.case import Case, Check, denied, passed
from safety.types import CheckResult

NAME = "price_tick"
NEEDS = {"market": (), "limit": ("limit_price",), "stop": ("stop_price",), "stop_limit": ("limit_price", "stop_price")}
DOLLAR = Decimal(1)
BELOW_A_DOLLAR = Decimal("0.0001")
_OK = passed(NAME)


def judge(case: Case) -> CheckResult:
    order = case.order
    prices = {"limit_price": order.limit_price, "stop_price": order.stop_price}
    for field, price in prices.items():
        what = field.replace("_", " ")
        if price is None:
            if field in NEEDS[order.order_type]:
                return _bad(f"A {order.order_type.replace('_', ' ')} order needs a {what}: give one.", field, "")
            continue
        if not price.is_finite() or price <= ZERO:
            return _bad(f"The {what} {price} is not a price: give a number of dollars above 0.", field, str(price))
        tick = CENT if price >= DOLLAR else BELOW_A_DOLLAR
        if price % tick:
            return _bad(f"The {what} ${plain(price)} is not a multiple of ${tick}: round it.", field, plain(price))
    return _OK


def _bad(message: str, field: str, price: str) -> CheckResult:
    return denied(NAME, "PRICE_TICK", message, field=field, price=price)


CHECK = Check(name=NAME, codes=("PRICE_TICK",), judge=judge)
