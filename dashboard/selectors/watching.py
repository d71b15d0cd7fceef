"""Alerts, safety, and the signs of life on the overview."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Max, Q

from accounts.models import User
from alerts.models import Alert
from automation.models import Action, ActionStatus
from common.models import Heartbeat
from common.money import plain
from dashboard.selectors.trading import portfolio_of
from markets.models import Quote
from safety.models import SafetyEvent, SafetyPolicy, Switch
from safety.policies import as_view, policy_row
from safety.types import PolicyView

PAGE = 50
LATEST = 6
EVENTS = 50
QUEUE = "queue:"  # the heartbeats of the workers, one per queue
# What the model's own help texts leave to its docstring.
MEANINGS = {
    "max_order_notional_pct": "of equity in one order",
    "max_gross_pct": "of equity in all positions together",
    "max_open_orders": "working at the same time",
    "daily_turnover_pct": "of equity bought and sold in a day",
    "daily_loss_reduce_pct": "lost today: only orders that shrink a position",
    "daily_loss_halt_pct": "lost today: nothing more",
    "drawdown_halt_pct": "below the highest equity: nothing more",
    "max_spread_pct": "between bid and ask",
    "quote_max_age_seconds": "an older price trades nothing",
    "buying_power_cushion_pct": "of cash kept back on market buys",
    "duplicate_window_seconds": "the same order again within it is denied",
    "orders_per_minute_per_symbol": "per account; empty is off",
    "symbol_blacklist": "never traded",
    "extended_hours": "trade outside the regular session",
}


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One limit in words."""

    name: str
    value: str
    meaning: str


def alert_page(user: User, filters: Mapping[str, str], number: str) -> Page[Alert]:
    """`filters`: kind, open (only what is not acknowledged)."""
    alerts = Alert.objects.filter(user=user).order_by("-triggered_at", "-pk")
    if filters.get("kind"):
        alerts = alerts.filter(kind=filters["kind"])
    if filters.get("open"):
        alerts = alerts.filter(acknowledged_at__isnull=True)
    return Paginator(alerts, PAGE).get_page(number)


def latest_alerts(user: User) -> list[Alert]:
    return list(Alert.objects.filter(user=user).order_by("-triggered_at", "-pk")[:LATEST])


def policy_of(user: User) -> PolicyView:
    """The limits in force for the user's primary portfolio."""
    return as_view(policy_row(user, portfolio_of(user)))


def limits_of(policy: PolicyView) -> list[Limit]:
    """The limits in force, each with the meaning its model field documents."""
    limits = []
    for field in fields(policy):
        if field.name == "version":
            continue
        column = SafetyPolicy._meta.get_field(field.name)
        meaning = str(getattr(column, "help_text", ""))
        limits.append(
            Limit(
                name=field.name.removesuffix("_pct").removesuffix("_seconds").replace("_", " ").capitalize(),
                value=_shown(field.name, getattr(policy, field.name)),
                meaning=meaning or MEANINGS.get(field.name, ""),
            )
        )
    return limits


def _shown(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "off"
    if isinstance(value, tuple):
        return ", ".join(value) or "–"
    if name.endswith("_pct"):
        return f"{plain(value)}%"
    if name.endswith("_amount"):
        return f"${value:,.2f}"
    return f"{value} s" if name.endswith("_seconds") else str(value)


def switches_reaching(user: User) -> list[Switch]:
    """Every switch that can stop something of this user."""
    return list(Switch.objects.filter(Q(scope=Switch.Scope.GLOBAL) | Q(user=user)).order_by("-killed", "scope", "pk"))


def safety_events(user: User) -> list[dict[str, Any]]:
    """The newest entries of the audit log that concern this user, with what changed."""
    listed = []
    for event in SafetyEvent.objects.filter(Q(user=user) | Q(user__isnull=True)).order_by("-at", "-pk")[:EVENTS]:
        names = [name for name in {**event.before, **event.after} if event.before.get(name) != event.after.get(name)]
        changes = [(name, event.before.get(name), event.after.get(name)) for name in names]
        listed.append(
            {"kind": event.kind, "at": event.at, "actor": event.actor, "note": event.note, "changes": changes}
        )
    return listed


def health_of(user: User, *, now: datetime) -> dict[str, Any]:
    """Three queries: rules watched, the newest price, the last signs of life (workers: of the slowest queue)."""
    newest = Quote.objects.aggregate(at=Max("received_at"))["at"]
    beats = {beat.process: beat.at for beat in Heartbeat.objects.order_by("process")}
    ages = {
        process: max(0.0, (now - at).total_seconds()) for process, at in beats.items() if not process.startswith(QUEUE)
    }
    queues = [at for process, at in beats.items() if process.startswith(QUEUE)]
    if queues:
        ages["workers"] = max(0.0, (now - min(queues)).total_seconds())
    return {
        "active": Action.objects.filter(user=user, status=ActionStatus.ACTIVE).count(),
        "quote_age": None if newest is None else max(0.0, (now - newest).total_seconds()),
        "beats": [{"process": process, "age": age} for process, age in ages.items()],
    }
