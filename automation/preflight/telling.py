"""Tell a user once when a change of one rule brought it into conflict with another."""

from __future__ import annotations

from datetime import datetime

from alerts.models import Alert
from alerts.raising import NewAlert, raise_alerts
from automation.models import Action, ActionStatus
from automation.preflight.finding import Found, findings_about
from automation.preflight.types import Severity

BETWEEN_RULES = frozenset({"OPPOSITE", "LOOP", "OVERSOLD", "SHADOWED", "DUPLICATE"})


def conflicts_of(action: Action, *, now: datetime) -> dict[str, Found]:
    """What an active rule is in conflict with at present, by the finding's key."""
    if action.status != ActionStatus.ACTIVE:
        return {}
    return {
        found.key: found
        for found in findings_about(action, now=now)
        if found.code in BETWEEN_RULES and found.severity != Severity.INFO and len(found.rules) > 1
    }


def tell_new(action: Action, before: dict[str, Found], *, now: datetime) -> None:
    """Raise an alert for each conflict that was not there `before` the change. The same one is told once for ever."""
    fresh = {key: found for key, found in conflicts_of(action, now=now).items() if key not in before}
    raise_alerts([_alert(action, found) for found in fresh.values()], now)


def _alert(action: Action, found: Found) -> NewAlert:
    rules = "\n".join(f"- {rule.sentence}" for rule in found.rules)
    return NewAlert(
        user_id=action.user_id,
        kind=Alert.Kind.NOTE,
        severity=Alert.Severity.WARNING,
        title=f"Your change brought rules for {action.instrument_id} into conflict ({found.code})",
        body=f"{found.text} {found.advice}\n{rules}",
        symbol=action.instrument_id or "",
        data={"action": str(action.pk), "code": found.code, "rules": [str(rule.id) for rule in found.rules]},
        dedupe_key=f"preflight:{found.key}",
    )
