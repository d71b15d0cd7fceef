"""Write the safety log: who changed what, from what, to what. Each line is sealed in the audit log as well."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from safety.audit import append
from safety.chain import Line, user_chain
from safety.models import SafetyEvent


def record(
    *,
    user: User | None,
    kind: str,
    actor: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    note: str = "",
    now: datetime,
) -> SafetyEvent:
    """One line of the log, in the transaction of what it tells. Decimals become strings."""
    with transaction.atomic(savepoint=False):
        event = SafetyEvent.objects.create(
            at=now,
            user=user,
            kind=kind,
            actor=actor[:80],
            before=dict(before),
            after=dict(after),
            note=note[:300],
        )
        line = Line(
            at=now,
            kind=kind,
            subject=subject_of(kind, after),
            actor=event.actor,
            data={"before": event.before, "after": event.after, "note": event.note},
        )
        append(user_chain(user.pk if user else None), [line])
    return event


def subject_of(kind: str, after: Mapping[str, Any]) -> str:
    """What an event is about: a switch as scope:id, the policy (of a portfolio), or the event's kind itself."""
    if "scope" in after:
        return f"{after['scope']}:{after.get('scope_id', '')}".rstrip(":")
    if "portfolio" in after:
        return f"{kind}:{after['portfolio']}"
    return kind
