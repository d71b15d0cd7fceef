"""Which orders of the last month would other limits have stopped, asked about, or let pass?

Every order is judged again by the real gate, from the facts that were kept when it was placed: once under the limits in
force, once under the changed ones. Each is judged by itself: that a stopped order would have left more room for the
next one is not played through.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import User
from orders.judging import propose
from orders.models import Order
from portfolios.models import Portfolio
from safety.comparing import Judged, compare
from safety.facts import too_short
from safety.models import SafetyPolicy
from safety.policies import PolicyDraft, draft_policy
from safety.types import Outcome

PERIOD = timedelta(days=31)
MOST_ORDERS = 5000
MOST_LISTED = 200
COLUMNS = (
    "portfolio_id", "account_id", "client_order_id", "source_kind", "source_id", "action_id", "rule_failures", "side",
    "order_type", "time_in_force", "instrument_id", "quantity", "limit_price", "stop_price", "reduce_only",
    "decision_price", "expires_at", "trace_id", "approved_by", "state", "facts", "created_at", "notional",
)  # fmt: skip
NO_FACTS = "It was placed before Puffling kept what the gate looked at."
NO_SIZE = "It never had a size that could be judged."
SHORT_MEMORY = "Orders before it are known for a shorter time than the new limit on repeated orders looks back."


@dataclass(frozen=True, kw_only=True, slots=True)
class Otherwise:
    """An order that the changed limits would have judged otherwise than those in force."""

    order: Order
    present: Judged
    changed: Judged


@dataclass(frozen=True, kw_only=True, slots=True)
class Unjudged:
    """An order that cannot be judged again, and why."""

    order: Order
    why: str


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """The answer. Lists hold the newest `MOST_LISTED`; `counts` counts all: blocked, needs_approval, passes.

    `judged`: orders compared; `truncated`: there were more than `MOST_ORDERS`, the oldest were left out. `loosened`:
    changes that need the password.
    """

    since: datetime
    until: datetime
    judged: int
    counts: dict[str, int]
    otherwise: list[Otherwise]
    unjudged_count: int
    unjudged: list[Unjudged]
    truncated: bool
    loosened: tuple[str, ...]


NAMES = {Outcome.DENY: "blocked", Outcome.NEEDS_APPROVAL: "needs_approval", Outcome.PASS: "passes"}


def what_if(*, user: User, changes: Mapping[str, Any], now: datetime, portfolio: Portfolio | None = None) -> WhatIf:
    """Judge last month's orders under changed limits; nothing is written. InvalidInput per field.

    With a portfolio: its orders, under its own limits. Without: those of every portfolio without limits of its own.
    """
    draft = draft_policy(user=user, changes=changes, now=now, portfolio=portfolio)
    since = now - PERIOD
    found = _orders(user, portfolio, since)
    otherwise: list[Otherwise] = []
    unjudged: list[Unjudged] = []
    for order in found[:MOST_ORDERS]:
        if why := _why_not(order, draft):
            unjudged.append(Unjudged(order=order, why=why))
            continue
        proposed = replace(propose(order, user_id=user.pk), approved_by="")
        present, changed = compare(proposed, order.facts, present=draft.present, changed=draft.changed)
        if present.outcome != changed.outcome:
            otherwise.append(Otherwise(order=order, present=present, changed=changed))
    counted = Counter(NAMES[Outcome(each.changed.outcome)] for each in otherwise)
    judged = min(len(found), MOST_ORDERS) - len(unjudged)
    return WhatIf(
        since=since,
        until=now,
        judged=judged,
        counts={name: counted[name] for name in NAMES.values()},
        otherwise=otherwise[:MOST_LISTED],
        unjudged_count=len(unjudged),
        unjudged=unjudged[:MOST_LISTED],
        truncated=len(found) > MOST_ORDERS,
        loosened=draft.loosened,
    )


def _orders(user: User, portfolio: Portfolio | None, since: datetime) -> list[Order]:
    """The newest first; one more than are judged, if there are."""
    orders = Order.objects.filter(portfolio__user=user, created_at__gte=since)
    if portfolio is not None:
        orders = orders.filter(portfolio=portfolio)
    else:
        own: list[UUID] = list(
            SafetyPolicy.objects.filter(user=user, portfolio__isnull=False).values_list("portfolio_id", flat=True)
        )
        orders = orders.exclude(portfolio__in=own)
    return list(orders.only(*COLUMNS).order_by("-created_at", "-pk")[: MOST_ORDERS + 1])


def _why_not(order: Order, draft: PolicyDraft) -> str:
    if order.quantity is None:
        return NO_SIZE
    if not order.facts:
        return NO_FACTS
    return SHORT_MEMORY if too_short(order.facts, draft.changed) else ""
