"""Write the safety log: who changed what, from what, to what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import User
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
    return SafetyEvent.objects.create(
        at=now,
        user=user,
        kind=kind,
        actor=actor[:80],
        before=dict(before),
        after=dict(after),
        note=note[:300],
    )
