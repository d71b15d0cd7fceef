"""Buys are paid from cash: what is under way and this order, with a cushion where no limit price bounds the cost."""

from __future__ import annotations

from common.money import HUNDRED
from safety.book import LIMITED
from safety.case import Case, Check, denied, money, passed, percent, skipped
from safety.types import CheckResult

NAME = "buying_power"
_SELLS = skipped(NAME, "Selling needs no cash.")


def judge(case: Case) -> CheckResult:
    if case.order.side == "sell":
        return _SELLS
    cushion = case.policy.buying_power_cushion_pct / HUNDRED
    reserved = case.book.buy_value + case.book.cushioned_value * cushion
    need = case.notional
    if case.order.order_type not in LIMITED:
        need += need * cushion
    cash = case.snapshot.cash
    if reserved + need <= cash:
        return passed(NAME, need=f"{need:.2f}", reserved=f"{reserved:.2f}", cash=f"{cash:.2f}")
    return denied(
        NAME,
        "BUYING_POWER",
        f"The order may cost {money(need)} ({percent(case.policy.buying_power_cushion_pct)} extra without a limit "
        f"price), and {money(cash - reserved)} of {money(cash)} cash is free: {money(reserved)} is reserved "
        "for buys under way. Order less, or add cash.",
        need=need,
        reserved=reserved,
        cash=cash,
    )


CHECK = Check(name=NAME, codes=("BUYING_POWER",), judge=judge)
