"""Tell a person something, once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from alerts.channels.queueing import queue
from alerts.models import Alert
from common.bulk import insert_new
from common.ids import new_id
from live.push import Announcement, announce_many

TITLE_LENGTH = 200
KEY_LENGTH = 120
SYMBOL_LENGTH = 20


@dataclass(frozen=True, kw_only=True)
class NewAlert:
    """An alert to raise. Raising the same `dedupe_key` for the same user again does nothing, for ever."""

    user_id: int
    kind: str
    title: str
    dedupe_key: str
    severity: str = Alert.Severity.INFO
    body: str = ""
    symbol: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    trace_id: UUID | None = None


def raise_alert(
    *,
    user_id: int,
    kind: str,
    title: str,
    now: datetime,
    dedupe_key: str,
    severity: str = Alert.Severity.INFO,
    body: str = "",
    symbol: str = "",
    data: Mapping[str, Any] | None = None,
    trace_id: UUID | None = None,
) -> Alert | None:
    """Raise one alert with the current transaction; None if this `dedupe_key` was raised before."""
    new = NewAlert(
        user_id=user_id,
        kind=kind,
        title=title,
        dedupe_key=dedupe_key,
        severity=severity,
        body=body,
        symbol=symbol,
        data=data or {},
        trace_id=trace_id,
    )
    raised = raise_alerts([new], now)
    return raised[0] if raised else None


def raise_alerts(new_alerts: Sequence[NewAlert], now: datetime) -> list[Alert]:
    """Raise alerts with the current transaction and announce them. Returns those not raised before, in this order."""
    if not new_alerts:
        return []
    alerts = [_row(new, now) for new in new_alerts]
    # Inserted in key order, so that two transactions raising the same alerts cannot wait for each other.
    in_key_order = sorted(alerts, key=lambda alert: (alert.user_id, alert.dedupe_key))
    inserted = insert_new(Alert, in_key_order)
    raised = [alert for alert in alerts if alert.pk in inserted]
    announce_many([_announcement(alert) for alert in raised], now)
    if raised:
        queue(raised, now)
    return raised


def _row(new: NewAlert, now: datetime) -> Alert:
    """The row, clipped to what the columns hold: an over-long title must not undo the trade it tells about."""
    return Alert(
        id=new_id(),
        user_id=new.user_id,
        kind=new.kind,
        severity=new.severity,
        title=clip(new.title, TITLE_LENGTH),
        body=new.body,
        symbol=new.symbol[:SYMBOL_LENGTH],
        data=dict(new.data),
        dedupe_key=fit_key(new.dedupe_key),
        trace_id=new.trace_id,
        triggered_at=now,
    )


def clip(text: str, length: int) -> str:
    """`text` in at most `length` characters, ending in … if something was cut."""
    return text if len(text) <= length else text[: length - 1] + "…"


def fit_key(key: str) -> str:
    """A key of at most KEY_LENGTH characters; a longer one ends in its own hash and stays unique."""
    if len(key) <= KEY_LENGTH:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    return f"{key[: KEY_LENGTH - 33]}:{digest}"


def _announcement(alert: Alert) -> Announcement:
    payload = {
        "id": alert.pk,
        "kind": alert.kind,
        "severity": alert.severity,
        "title": alert.title,
        "body": alert.body,
        "symbol": alert.symbol,
        "data": alert.data,
        "triggered_at": alert.triggered_at,
    }
    return Announcement(user_id=alert.user_id, topic="alerts", kind="alert", payload=payload, trace_id=alert.trace_id)
