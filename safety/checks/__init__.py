"""The checks of the gate, in its order: the first denial decides.

Adding one: a file here with NAME, `judge` and CHECK, its line below, and its examples in tests/safety/examples.py.
"""

from __future__ import annotations

from collections.abc import Iterable

from safety.case import Check
from safety.checks import (
    account_usable,
    agent_limits,
    asset_tradable,
    buying_power,
    daily_loss,
    daily_trades,
    daily_turnover,
    drawdown,
    duplicate,
    expiry,
    gross_exposure,
    kill_switch,
    large_order,
    loop_suspect,
    market_hours,
    open_orders,
    opposite_order,
    order_notional,
    oversell,
    paper_or_armed,
    position_size,
    price_collar,
    price_jump,
    price_tick,
    quote,
    rate,
    rule_review,
    size_valid,
    symbol_allowed,
    trading_state,
    unknown_order,
    wash_sale,
)


def registry(checks: Iterable[Check]) -> tuple[Check, ...]:
    """The checks as given; a name or a denial code used twice is refused."""
    listed = tuple(checks)
    seen: set[str] = set()
    for word in [check.name for check in listed] + [code for check in listed for code in check.codes]:
        if word in seen:
            raise ValueError(f"{word!r} is used by two checks: each name and code belongs to one.")
        seen.add(word)
    return listed


CHECKS = registry(
    module.CHECK
    for module in (
        kill_switch,
        trading_state,
        paper_or_armed,
        account_usable,
        unknown_order,
        expiry,
        symbol_allowed,
        asset_tradable,
        size_valid,
        price_tick,
        market_hours,
        quote,
        price_collar,
        price_jump,
        order_notional,
        position_size,
        gross_exposure,
        open_orders,
        buying_power,
        oversell,
        opposite_order,
        duplicate,
        loop_suspect,
        rate,
        daily_trades,
        daily_turnover,
        daily_loss,
        drawdown,
        rule_review,
        wash_sale,
        agent_limits,
        large_order,
    )
)
