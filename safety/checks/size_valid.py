"""The quantity is a finite number above 0 with at most 9 decimal places, whole where the asset is not fractionable."""

from __future__ import annotations

from decimal import Decimal

from common.money import NANO, ZERO, plain
from safety.case import Case, Check, denied, passed
from safety.types import CheckResult

NAME = "size_valid"
MOST = Decimal(10) ** 15  # the database keeps 15 whole digits
_OK = passed(NAME)


def judge(case: Case) -> CheckResult:
    quantity, symbol = case.order.quantity, case.order.symbol
    if not quantity.is_finite() or not ZERO < quantity < MOST or quantity != quantity.quantize(NANO):
        return denied(
            NAME,
            "QTY_INVALID",
            f"{quantity} is not a quantity that can be traded: "
            "give a number of shares above 0 with at most 9 decimal places.",
            quantity=quantity,
        )
    instrument = case.instrument
    if instrument is not None and not instrument.fractionable and quantity != quantity.to_integral_value():
        return denied(
            NAME,
            "NOT_FRACTIONABLE",
            f"{symbol} is traded in whole shares only, and the order is for {plain(quantity)}. Round it.",
            quantity=quantity,
            symbol=symbol,
        )
    return _OK


CHECK = Check(name=NAME, codes=("NOT_FRACTIONABLE", "QTY_INVALID"), judge=judge)
