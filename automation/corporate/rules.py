"""Carry rules over a split: the numbers their owners see, in the words they wrote.

Their watches are carried by `watches.rescaling`; nothing is armed afresh: peaks, sides, holds and cooldowns go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from automation import arming, lifecycle, tracing
from automation.corporate.units import scaled_conditions, scaled_params
from automation.models import Action, ActionStatus, ActionVersion
from automation.sentences import trigger_sentence
from common.money import ZERO, nano, plain, shares
from watches.scaling import Scale

ALIVE = (ActionStatus.ACTIVE, ActionStatus.PAUSED, ActionStatus.FAILED)
PRICES = ("limit_price", "limit_offset", "stop_price")
SHADOW = """
UPDATE automation_shadowtrade SET
    quantity = round(quantity * %(new)s / %(old)s, 9), price = round(price * %(old)s / %(new)s, 9)
WHERE symbol = %(symbol)s AND at < %(at)s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """A rule that says something else now. `review`: less than a share was left to trade, so it was paused."""

    action: Action
    words: str
    review: bool


def rescale(*, symbol: str, scale: Scale, fractional: bool, effective_at: datetime, now: datetime) -> list[Changed]:
    """Rescale every living rule on the symbol, or with a condition on it, and what rules in the shadow have traded.

    A rule that was written or changed at or after the split is in new shares already and stays.
    Locks the rules in id order, inside the caller's transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(SHADOW, {"symbol": symbol, "new": scale.new, "old": scale.old, "at": effective_at})
    about = Q(instrument=symbol) | Q(conditions__contains=[{"symbol": symbol}])
    actions = Action.objects.select_for_update(of=("self",)).filter(
        about, status__in=ALIVE, created_at__lt=effective_at
    )
    changed = []
    for action in actions.select_related("instrument", "portfolio").order_by("id"):
        one = _rescale(action, symbol, scale, fractional, now)
        if one is not None:
            changed.append(one)
    return changed


def edited_since(symbol: str, effective_at: datetime) -> set[UUID]:
    """The rules whose owners wrote or changed them since the split: their numbers are in new shares already."""
    return set(_about(symbol).filter(updated_at__gte=effective_at).values_list("id", flat=True))


def _about(symbol: str) -> QuerySet[Action]:
    about = Q(instrument=symbol) | Q(conditions__contains=[{"symbol": symbol}])
    return Action.objects.filter(about, status__in=ALIVE)


def after(action: Action, symbol: str, scale: Scale) -> dict[str, Any]:
    """The settings of the rule that the split changes, with their new values."""
    mine = action.instrument_id == symbol
    values: dict[str, Any] = {
        "conditions": scaled_conditions(action.conditions, symbol, scale, of_action=mine),
    }
    if mine:
        values["trigger_params"] = scaled_params(action.trigger_type, action.trigger_params, scale)
        for name in PRICES:
            price = getattr(action, name)
            values[name] = None if price is None else scale.price(price)
        if action.quantity is not None:
            values["quantity"] = scale.shares(action.quantity)
    return {name: value for name, value in values.items() if getattr(action, name) != value}


def _rescale(action: Action, symbol: str, scale: Scale, fractional: bool, now: datetime) -> Changed | None:
    values = after(action, symbol, scale)
    review = False
    if "quantity" in values:
        whole = shares(values["quantity"], fractional=fractional)
        review = whole == ZERO
        values["quantity"] = whole if whole else shares(Decimal(1), fractional=False)
    if not values:
        return None
    before = {name: getattr(action, name) for name in values}
    for name, value in values.items():
        setattr(action, name, value)
    action.version += 1
    action.updated_at = now
    changes = {
        name: [lifecycle.shown_value(before[name]), lifecycle.shown_value(value)] for name, value in values.items()
    }
    actor = f"split {scale} of {symbol}"
    ActionVersion.objects.create(
        action=action,
        version=action.version,
        at=now,
        actor=actor,
        changes={**dict(sorted(changes.items())), "split": [None, f"{symbol} {scale}"]},
    )
    tracing.edited(action, sorted(values), actor=actor, now=now)
    words = "; ".join(_words(name, before[name], value) for name, value in sorted(values.items()))
    if review and action.status == ActionStatus.ACTIVE:
        action.status = ActionStatus.PAUSED
        action.status_reason = (
            f"After the {actor} less than one share was left to trade: look at its size, then resume."
        )
        action.epoch += 1
        action.held_by = None
        arming.arm(action, now=now)
    action.save()
    lifecycle.tell(action, "edited", now)
    return Changed(action=action, words=f"{trigger_sentence(action)} ({words})", review=review)


def _words(name: str, old: Any, new: Any) -> str:
    """`threshold 1000 → 100`."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return ", ".join(f"{key.replace('_', ' ')} {old[key]} → {new[key]}" for key in new if old.get(key) != new[key])
    if isinstance(new, list):
        return "its conditions"
    return f"{name.replace('_', ' ')} {plain(old)} → {plain(nano(new))}"
