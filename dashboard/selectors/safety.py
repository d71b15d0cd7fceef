"""Limits and their versions, switches, the safety log and the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q

from accounts.models import User
from common.money import plain
from dashboard.selectors.trading import portfolio_of
from orders.killing import REPORT
from portfolios.models import Portfolio
from safety.audit import chains_of
from safety.models import AuditEntry, PolicyVersion, SafetyEvent, SafetyPolicy, Switch
from safety.policies import as_view, policy_row
from safety.types import PolicyView
from safety.versions import Change, versions_of, with_changes

PAGE = 50
EVENTS = 50
VERSIONS = 20
# What the model's own help texts leave to its docstring, or say in words for programs.
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
    "large_order_amount": "in dollars: above it you are asked; replaces the percentage",
    "loop_round_trips": "of rules in one symbol within the loop window: then rules only sell it; 0 is off",
    "extended_hours": "trade outside the regular session",
}
KINDS = ("order", "approval", "policy", "kill", "kill_report", "resume", "trading_state", "password_refused")


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One limit in words; `field` is its name in the policy."""

    field: str
    name: str
    value: str
    meaning: str


def policy_of(user: User) -> PolicyView:
    """The limits in force for the user's primary portfolio."""
    return as_view(policy_row(user, portfolio_of(user)))


def limited_portfolio(user: User) -> Portfolio | None:
    """Whose limits the page shows: the primary portfolio if it has limits of its own, else None, the user's."""
    return policy_row(user, portfolio_of(user)).portfolio


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
                field=field.name,
                name=title_of(field.name),
                value=_shown(field.name, getattr(policy, field.name)),
                meaning=MEANINGS.get(field.name) or meaning,
            )
        )
    return limits


def title_of(name: str) -> str:
    """A limit's name for people: max_position_pct -> Max position."""
    return name.removesuffix("_pct").removesuffix("_seconds").replace("_", " ").capitalize()


def unit_of(name: str) -> str:
    """What a limit is counted in; empty for a plain number, a list, yes or no."""
    units = (("_pct", "%"), ("_seconds", "s"), ("_amount", "$"))
    return next((unit for ending, unit in units if name.endswith(ending)), "")


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
    return f"{value:,} s" if name.endswith("_seconds") else f"{value:,}" if isinstance(value, int) else str(value)


def switches_reaching(user: User) -> list[Switch]:
    """Every switch that can stop something of this user."""
    return list(Switch.objects.filter(Q(scope=Switch.Scope.GLOBAL) | Q(user=user)).order_by("-killed", "scope", "pk"))


def safety_events(user: User) -> list[dict[str, Any]]:
    """The newest entries of the safety log that concern this user, with what changed. A kill report is a sentence."""
    listed = []
    for event in SafetyEvent.objects.filter(Q(user=user) | Q(user__isnull=True)).order_by("-at", "-pk")[:EVENTS]:
        names = [name for name in {**event.before, **event.after} if event.before.get(name) != event.after.get(name)]
        changes = [
            (name, _said(event.before.get(name)), _said(event.after.get(name)))
            for name in names
            if not isinstance(event.after.get(name), dict)  # evidence in full: the audit log keeps it
        ]
        listed.append(
            {
                "kind": event.kind,
                "at": event.at,
                "actor": event.actor,
                "note": event.note,
                "changes": [] if event.kind == REPORT else changes,
            }
        )
    return listed


def _said(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def versions_page(user: User) -> list[tuple[PolicyVersion, list[Change]]]:
    """The newest versions of the user's limits with what each changed."""
    return with_changes(versions_of(user).select_related("portfolio")[:VERSIONS])


def audit_page(user: User, filters: Mapping[str, str], number: str) -> Page[AuditEntry]:
    """`filters`: kind, subject, actor."""
    entries = AuditEntry.objects.filter(chain__in=chains_of(user)).select_related("chain").order_by("-pk")
    for name in ("kind", "subject", "actor"):
        if filters.get(name):
            entries = entries.filter(**{name: filters[name]})
    return Paginator(entries, PAGE).get_page(number)


def audit_state(user: User) -> dict[str, Any]:
    """How long the user's chains are, when they were last verified, and what is wrong with them."""
    chains = list(chains_of(user))  # one per portfolio, and two more
    return {
        "entries": sum(chain.seq for chain in chains),
        "verified": sum(chain.verified_seq for chain in chains),
        "verified_at": max((chain.verified_at for chain in chains if chain.verified_at), default=None),
        "damage": [(chain.key, chain.damage) for chain in chains if chain.damage],
    }
