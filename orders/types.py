"""What callers ask for: an order intent. Everything wrong with it is said at once, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from common.errors import InvalidInput
from common.ids import new_id
from common.money import HUNDRED, NANO, plain

SIDES = ("buy", "sell")
ORDER_TYPES = ("market", "limit", "stop", "stop_limit")
TIMES_IN_FORCE = ("day", "gtc", "ioc")
SOURCES = ("action_execution", "rebalance_run", "strategy_signal", "agent_run", "manual", "kill_flatten")
SIZES = ("quantity", "notional", "percent_of_position", "percent_of_equity")
LARGEST = Decimal(10) ** 15  # the whole digits a price or quantity column holds

# How long an intent stays worth sending, by who asked for it.
LIFETIME = timedelta(seconds=120)
LIFETIMES = {"rebalance_run": timedelta(minutes=15)}
APPROVAL_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderIntent:
    """An order someone wants, in exactly one size. Raises InvalidInput naming every field that cannot be used.

    quantity: shares, at most 9 decimal places. notional: dollars. percent_of_position: percent of the shares held,
    sells only. percent_of_equity: percent of the portfolio's equity, buys only. expires_at: not sent after it; by
    default 120 s after placing, 15 minutes for a rebalance.
    """

    portfolio_id: UUID
    source_kind: str
    source_id: str
    idempotency_key: str
    symbol: str
    side: str
    order_type: str = "market"
    time_in_force: str = "day"
    quantity: Decimal | None = None
    notional: Decimal | None = None
    percent_of_position: Decimal | None = None
    percent_of_equity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    reduce_only: bool = False
    decision_price: Decimal | None = None
    expires_at: datetime | None = None
    trace_id: UUID = field(default_factory=new_id)
    action_id: UUID | None = None
    rule_failures: int = 0

    def __post_init__(self) -> None:
        errors = {**_words(self), **_size(self), **_prices(self)}
        if errors:
            raise InvalidInput(errors)

    def expiry(self, now: datetime) -> datetime:
        """When it is too late to send it."""
        return self.expires_at or now + LIFETIMES.get(self.source_kind, LIFETIME)


def _words(intent: OrderIntent) -> dict[str, str]:
    errors = {}
    for name, allowed in (
        ("side", SIDES),
        ("order_type", ORDER_TYPES),
        ("time_in_force", TIMES_IN_FORCE),
        ("source_kind", SOURCES),
    ):
        value = getattr(intent, name)
        if value not in allowed:
            errors[name] = f"{value!r} is not known: use {', '.join(allowed)}."
    if not intent.symbol:
        errors["symbol"] = "It is empty: give a symbol such as AAPL."
    if not 1 <= len(intent.idempotency_key) <= 120:
        errors["idempotency_key"] = f"It has {len(intent.idempotency_key)} characters: use 1 to 120."
    return errors


def _size(intent: OrderIntent) -> dict[str, str]:
    given = [name for name in SIZES if getattr(intent, name) is not None]
    if len(given) != 1:
        said = " and ".join(given) or "none"
        return {"quantity": f"Give exactly one size ({', '.join(SIZES)}); {said} was given."}
    name = given[0]
    if error := _number(getattr(intent, name), "9 decimal places" if name == "quantity" else ""):
        return {name: error}
    if name == "percent_of_position" and (intent.side != "sell" or intent.percent_of_position > HUNDRED):  # type: ignore[operator]
        return {name: "It is for sells, above 0 and up to 100."}
    if name == "percent_of_equity" and (intent.side != "buy" or intent.percent_of_equity > HUNDRED):  # type: ignore[operator]
        return {name: "It is for buys, above 0 and up to 100."}
    return {}


def _prices(intent: OrderIntent) -> dict[str, str]:
    errors = {}
    for name, types in (("limit_price", ("limit", "stop_limit")), ("stop_price", ("stop", "stop_limit"))):
        value = getattr(intent, name)
        if intent.order_type not in types:
            if value is not None:
                errors[name] = f"A {intent.order_type} order takes none; {plain(value)} was given. Leave it out."
        elif value is None:
            errors[name] = f"A {intent.order_type} order needs one."
        elif error := _number(value, "9 decimal places"):
            errors[name] = error
    return errors


def _number(value: Decimal, places: str) -> str:
    """What is wrong with a number that must be positive and fit its column; empty when nothing is."""
    if not value.is_finite() or value <= 0:
        return f"{value} is not a number above 0."
    if value >= LARGEST:
        return f"{plain(value)} is too large: use less than {plain(LARGEST)}."
    if places and value != value.quantize(NANO):
        return f"{plain(value)} has more than {places}: round it."
    return ""
