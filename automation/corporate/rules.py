"""Carry rules over a split: the numbers their owners see, in the words they wrote.

Their watches are carried by `watches.rescaling`; nothing is armed afresh: peaks, sides, holds and cooldowns go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from common.bulk import array, cast_to_array, column, quoted, texts
from common.money import ZERO, nano, plain, shares
from watches.scaling import Scale

ALIVE = (ActionStatus.ACTIVE, ActionStatus.PAUSED, ActionStatus.FAILED)
PRICES = ("limit_price", "limit_offset", "stop_price")
SAVED: tuple[str, ...] = (
    *PRICES,
    *("quantity", "trigger_params", "conditions", "version", "updated_at"),
    *("status", "status_reason", "epoch", "held_by", "next_evaluation_at"),
)
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
    changed, versions, entries = [], [], []
    for action in actions.select_related("instrument", "portfolio").order_by("id"):
        values = after(action, symbol, scale)
        if values:
            one, version = _rescale(action, values, symbol, scale, fractional, now)
            changed.append(one)
            versions.append(version)
            entries.append(tracing.edit(action, sorted(values), actor=version.actor, now=now))
    ActionVersion.objects.bulk_create(versions, batch_size=500)
    tracing.write(entries)
    for one in changed:
        if one.review:
            arming.arm(one.action, now=now)
    if changed:
        _save([one.action for one in changed])
    lifecycle.tell_many([one.action for one in changed], "edited", now)
    return changed


def _save(actions: Sequence[Action]) -> None:
    """One statement for all: Django's bulk_update builds a CASE per row and column."""
    fields = [column(Action, name) for name in SAVED]
    statement = (
        f"UPDATE {Action._meta.db_table} AS a SET "
        + ", ".join(f"{quoted(field)} = v.{quoted(field)}" for field in fields)
        + " FROM unnest(%s::uuid[], "
        + ", ".join(cast_to_array(field) for field in fields)
        + ") AS v(action_id, "
        + ", ".join(quoted(field) for field in fields)
        + ") WHERE a.id = v.action_id"
    )
    values = [array(field, [getattr(action, field.attname) for action in actions]) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(statement, [texts(action.id for action in actions), *values])


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


def _rescale(
    action: Action, values: dict[str, Any], symbol: str, scale: Scale, fractional: bool, now: datetime
) -> tuple[Changed, ActionVersion]:
    """Set the new values; nothing is saved here."""
    review = False
    if "quantity" in values:
        whole = shares(values["quantity"], fractional=fractional)
        review = whole == ZERO
        values["quantity"] = whole if whole else Decimal(1)
    before = {name: getattr(action, name) for name in values}
    for name, value in values.items():
        setattr(action, name, value)
    action.version += 1
    action.updated_at = now
    if review and action.status == ActionStatus.ACTIVE:
        action.status = ActionStatus.PAUSED
        action.status_reason = f"After the split {scale} less than one share was left: look at its size, then resume."
        action.epoch += 1
        action.held_by = None
    changes = {
        name: [lifecycle.shown_value(before[name]), lifecycle.shown_value(value)] for name, value in values.items()
    }
    version = ActionVersion(
        action=action,
        version=action.version,
        at=now,
        actor=f"split {scale} of {symbol}",
        changes={**dict(sorted(changes.items())), "split": [None, f"{symbol} {scale}"]},
    )
    words = "; ".join(_words(name, before[name], value) for name, value in sorted(values.items()))
    return Changed(action=action, words=f"{trigger_sentence(action)} ({words})", review=review), version


def _words(name: str, old: Any, new: Any) -> str:
    """`threshold 1000 → 100`."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return ", ".join(f"{key.replace('_', ' ')} {old[key]} → {new[key]}" for key in new if old.get(key) != new[key])
    if isinstance(new, list):
        return "its conditions"
    return f"{name.replace('_', ' ')} {plain(old)} → {plain(nano(new))}"
