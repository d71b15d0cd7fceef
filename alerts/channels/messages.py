"""Alerts in the words of a message: one alert as it is, or many as a digest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from alerts.channels.transports.base import Message
from alerts.models import Alert
from alerts.raising import clip

LISTED = 50  # alerts of a digest; the site has them all
LONGEST_TITLE = 200
LONGEST_BODY = 4_000


def compose(alerts: Sequence[Alert], *, message_id: UUID, silent: bool, repeat: bool, now: datetime) -> Message:
    """The message for these alerts, oldest first; several are a digest."""
    critical = any(alert.severity == Alert.Severity.CRITICAL for alert in alerts)
    first = alerts[0]
    title = first.title if len(alerts) == 1 else f"{len(alerts)} alerts from Puffling"
    return Message(
        id=message_id,
        title=clip(f"Again: {title}" if repeat else title, LONGEST_TITLE),
        text=_single(first) if len(alerts) == 1 else _digest(alerts),
        at=now,
        critical=critical,
        silent=silent and not critical,
        digest=len(alerts) > 1,
        alerts=tuple(_as_json(alert) for alert in alerts[:LISTED]),
    )


def _single(alert: Alert) -> str:
    stamp = f"{alert.triggered_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"{clip(alert.body, LONGEST_BODY)}\n\n{stamp}".strip()


def _digest(alerts: Sequence[Alert]) -> str:
    lines = [f"{alert.triggered_at:%m-%d %H:%M} UTC  {alert.title}" for alert in alerts[:LISTED]]
    if len(alerts) > LISTED:
        lines.append(f"… and {len(alerts) - LISTED} more on the page Alerts.")
    return "\n".join(lines)


def _as_json(alert: Alert) -> dict[str, Any]:
    return {
        "id": str(alert.id),
        "kind": alert.kind,
        "severity": alert.severity,
        "title": alert.title,
        "body": clip(alert.body, LONGEST_BODY),
        "symbol": alert.symbol,
        "data": alert.data,
        "triggered_at": alert.triggered_at.isoformat(),
    }
