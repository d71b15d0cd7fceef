"""`alert_check`: what a person was told and has not looked at, what waits for an answer, what was never delivered, and
which of the alerts asked for are blind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from alerts.models import Alert, AlertConfig
from alerts.raising import raise_alert
from alerts.standing import State, standings
from automation.jobs import facts
from automation.jobs.base import JobContext, JobOutcome
from automation.models import Missed
from automation.triggers.reading import Reader
from live.models import Event
from live.push import publish
from orders.models import Order
from orders.states import OrderState

_WHAT = "a setting of an alert check"
REMINDER = "reminder"  # marks our own alerts, which are never reminded of
UNDELIVERED_AFTER = timedelta(seconds=60)
MOST_CONFIGS = 500


class AlertCheck:
    """Reminds of critical alerts nobody acknowledged, once per `remind_minutes`, in one alert."""

    type = "alert_check"
    words = "Reminds you of critical alerts you have not seen, and of what waits for your answer."

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw, _WHAT)
        config = {
            "after_minutes": read.integer("after_minutes", default=30, at_least=1, at_most=7 * 24 * 60),
            "remind_minutes": read.integer("remind_minutes", default=240, at_least=1, at_most=7 * 24 * 60),
        }
        read.done()
        return config

    def run(self, context: JobContext) -> JobOutcome:
        now = context.now
        delivered = self._deliver(context)
        unseen = list(_unseen(context).order_by("-triggered_at")[: facts.MOST])
        count = _unseen(context).count()
        questions = Missed.objects.filter(action__user=context.user, outcome=Missed.Outcome.ASKED).count()
        approvals = Order.objects.filter(
            portfolio__user=context.user, state=OrderState.AWAITING_APPROVAL, expires_at__gt=now
        ).count()
        waiting = _listed((count, "critical alert"), (questions, "missed time"), (approvals, "approval"))
        context.log(waiting or "Nothing waits for you.")
        reminded = bool(waiting) and self._remind(context, waiting, unseen)
        result = {
            "unseen": [{"alert": str(a.pk), "title": a.title, "at": a.triggered_at.isoformat()} for a in unseen],
            "unseen_count": count,
            "questions": questions,
            "approvals": approvals,
            "events_sent": delivered,
            "reminded": reminded,
            **_standing(context),
        }
        blind = len(result["blind"])
        seeing = f"; {blind} of your alerts cannot see their value now" if blind else ""
        return JobOutcome(summary=f"{waiting or 'Nothing'} waiting for you{seeing}.", result=result)

    def _deliver(self, context: JobContext) -> int:
        """Send what was recorded and never reached the sockets."""
        old = Event.objects.filter(user=context.user, seq__isnull=True, created_at__lt=context.now - UNDELIVERED_AFTER)
        return publish([context.user.pk]) if old.exists() else 0

    def _remind(self, context: JobContext, waiting: str, unseen: list[Alert]) -> bool:
        """One alert, unless the last reminder of this job is younger than asked for."""
        begin = context.now - timedelta(minutes=context.config["remind_minutes"])
        young = Alert.objects.filter(user=context.user, triggered_at__gt=begin, data__kind=REMINDER)
        if young.filter(data__job=str(context.job_id)).exclude(data__run=str(context.run_id)).exists():
            return False
        raise_alert(
            user_id=context.user.pk,
            kind=Alert.Kind.NOTE,
            severity=Alert.Severity.WARNING,
            title=f"Waiting for you: {waiting}",
            body="\n".join(f"{alert.triggered_at:%Y-%m-%d %H:%M} UTC: {alert.title}" for alert in unseen),
            data={"kind": REMINDER, "job": str(context.job_id), "run": str(context.run_id)},
            dedupe_key=f"job:{context.run_id}:reminder",
            trace_id=context.trace_id,
            now=context.now,
        )
        return True

    @property
    def example(self) -> dict[str, Any]:
        return {"after_minutes": 30, "remind_minutes": 240}


def _unseen(context: JobContext) -> Any:
    old = context.now - timedelta(minutes=context.config["after_minutes"])
    return Alert.objects.filter(
        user=context.user, severity=Alert.Severity.CRITICAL, acknowledged_at=None, triggered_at__lt=old
    )


def _standing(context: JobContext) -> dict[str, Any]:
    """How many of the alerts asked for stand in which state, and which are blind. Out of hours prices are old."""
    configs = list(AlertConfig.objects.filter(user=context.user, enabled=True).order_by("-created_at")[:MOST_CONFIGS])
    found = standings(configs, now=context.now)
    blind = [(config, found[config.pk]) for config in configs if found[config.pk].state == State.UNKNOWN]
    return {
        "configs": dict(Counter(one.state.value for one in found.values())),
        "blind": [
            {"config": str(config.pk), "sentence": one.sentence, "reason": one.reason}
            for config, one in blind[: facts.MOST]
        ],
    }


def _listed(*counts: tuple[int, str]) -> str:
    """'2 critical alerts, 1 approval'; empty of nothing."""
    return ", ".join(f"{count} {words}{'' if count == 1 else 's'}" for count, words in counts if count)


ALERT_CHECK = AlertCheck()
