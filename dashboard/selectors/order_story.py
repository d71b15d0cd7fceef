"""An order as a story: how far it got, what happened when, and each check of the gate in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.money import dollars, plain
from orders.models import Fill, Order, OrderTransition
from orders.states import OrderState

S = OrderState
STATIONS = ("Placed", "Checked", "Sent", "Filled")
# How many stations an order in a state has behind it, and how it stands at the next: here, waits, bad, or ended.
REACHED: dict[str, tuple[int, str]] = {
    S.PROPOSED: (1, "here"),
    S.BLOCKED: (1, "bad"),
    S.AWAITING_APPROVAL: (1, "waits"),
    S.DECLINED: (1, "bad"),
    S.QUEUED: (2, "here"),
    S.SUBMITTING: (2, "here"),
    S.UNKNOWN: (2, "waits"),
    S.NOT_ACCEPTED: (2, "bad"),
    S.REJECTED: (2, "bad"),
    S.ACCEPTED: (3, "here"),
    S.PARTIALLY_FILLED: (3, "here"),
    S.FILLED: (4, ""),
    S.CANCELLED: (2, "ended"),
    S.EXPIRED: (2, "ended"),
    S.REPLACED: (3, "ended"),
}
STEPS = {
    S.PROPOSED: ("Proposed", ""),
    S.BLOCKED: ("The safety gate said no", "bad"),
    S.AWAITING_APPROVAL: ("Put before you", "waits"),
    S.DECLINED: ("Declined", "bad"),
    S.QUEUED: ("The safety gate said yes", "good"),
    S.SUBMITTING: ("On its way to the broker", "good"),
    S.UNKNOWN: ("The broker gave no clear answer: it is looked up", "waits"),
    S.NOT_ACCEPTED: ("It never reached the broker", "bad"),
    S.REJECTED: ("The broker refused it", "bad"),
    S.ACCEPTED: ("The broker took it", "good"),
    S.PARTIALLY_FILLED: ("Partly filled", "good"),
    S.FILLED: ("Filled", "good"),
    S.CANCELLED: ("Cancelled", "bad"),
    S.EXPIRED: ("Expired", "bad"),
    S.REPLACED: ("Replaced by another order", ""),
}
PASSED = {
    "kill_switch": "No kill switch is on",
    "trading_state": "Trading is active",
    "paper_or_armed": "Paper money, or armed for real money",
    "account_usable": "The broker account can be used",
    "unknown_order": "No order is waiting to be looked up",
    "expiry": "It is not too late to send it",
    "symbol_allowed": "The symbol is one you allow",
    "asset_tradable": "The asset is tradable",
    "size_valid": "The size is one that can be traded",
    "price_tick": "Its prices are valid ones",
    "market_hours": "The market is open",
    "quote": "The price is fresh, bid and ask are close",
    "price_collar": "Its limit is near the market",
    "price_jump": "The price has not just jumped",
    "order_notional": "Not too large for one order",
    "position_size": "The position stays within its limit",
    "gross_exposure": "All positions together stay within theirs",
    "open_orders": "Not too many orders are open",
    "buying_power": "There is cash for it",
    "oversell": "You own what it sells",
    "opposite_order": "No order of yours stands against it",
    "duplicate": "The same order was not just placed",
    "loop_suspect": "It is not buying and selling in circles",
    "rate": "Not too many orders in a minute",
    "daily_trades": "Not too many trades today",
    "daily_turnover": "Not too much traded today",
    "daily_loss": "Today's loss is within its limit",
    "drawdown": "The drawdown is within its limit",
    "rule_review": "The rule behind it has not been failing",
    "wash_sale": "No wash sale",
    "agent_limits": "Within the agent's own limits",
    "large_order": "Small enough to go without asking",
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that happened to an order. `tone`: good, bad, waits, or empty."""

    at: datetime
    title: str
    tone: str
    text: str = ""


def stations(order: Order) -> list[tuple[str, str]]:
    """The four stations with how each stands: past, here, waits, bad, ended, or empty for what is to come."""
    behind, at_next = REACHED[order.state]
    if order.state in (S.CANCELLED, S.EXPIRED):
        behind = 3 if order.broker_order_id else 1
    return [
        (name, "past" if index < behind else at_next if index == behind else "") for index, name in enumerate(STATIONS)
    ]


def timeline(order: Order, transitions: Iterable[OrderTransition], fills: Iterable[Fill]) -> list[Step]:
    """From placed to its end, fills between the steps they came with."""
    began = order.decision_price
    steps = [
        Step(
            at=order.created_at,
            title=f"Placed by {order.get_source_kind_display().lower()}",
            tone="good",
            text="" if began is None else f"{order.instrument_id} was at {dollars(began)}.",
        )
    ]
    for move in transitions:
        if move.to_state in (S.PROPOSED, S.FILLED, S.PARTIALLY_FILLED):
            continue  # the first step, and the fills themselves
        title, tone = STEPS[OrderState(move.to_state)]
        steps.append(Step(at=move.at, title=title, tone=tone, text=_sentence(move.note)))
    for fill in fills:
        fee = f", fee {dollars(fill.fee)}" if fill.fee else ""
        text = f"{plain(fill.quantity)} at {dollars(fill.price)}{fee}"
        steps.append(Step(at=fill.at, title="Filled", tone="good", text=text))
    return sorted(steps, key=lambda step: step.at)


def checks_of(verdict: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, str]]]:
    """The gate's answers in words, by outcome: deny, needs_approval, pass, skipped."""
    found: dict[str, list[dict[str, str]]] = {"deny": [], "needs_approval": [], "pass": [], "skipped": []}
    for check in verdict:
        name = str(check["check"]).replace("_", " ").capitalize()
        said = str(check["message"]) or PASSED.get(check["check"], name)
        found.setdefault(check["outcome"], []).append({"name": name, "words": said, "code": check["code"]})
    return found


def _sentence(note: str) -> str:
    return note[:1].upper() + note[1:]
