"""A limit price far from the market is a typing error. A stop limit's is compared with its stop price."""

from __future__ import annotations

from common.money import HUNDRED, dollars
from safety.case import Case, Check, MissingInput, denied, passed, percent, skipped
from safety.types import CheckResult

NAME = "price_collar"
_NO_LIMIT = skipped(NAME, "The order has no limit price.")


def judge(case: Case) -> CheckResult:
    order = case.order
    if order.limit_price is None:
        return _NO_LIMIT
    if case.quote is None:
        raise MissingInput(f"{order.symbol} has no quote to compare the limit price with.")
    reference, name = case.quote.last, "last price"
    if order.order_type == "stop_limit" and order.stop_price is not None:
        reference, name = order.stop_price, "stop price"
    away = abs(order.limit_price - reference) * HUNDRED / reference
    limit = case.policy.price_collar_pct
    if away <= limit:
        return passed(NAME, away_pct=f"{away:.2f}")
    return denied(
        NAME,
        "PRICE_COLLAR",
        f"The limit price {dollars(order.limit_price)} is {percent(away)} away from the {name} {dollars(reference)}, "
        f"the limit is {percent(limit)}. Choose a price closer to it.",
        away_pct=away,
        limit_pct=limit,
    )


CHECK = Check(name=NAME, codes=("PRICE_COLLAR",), judge=judge)
