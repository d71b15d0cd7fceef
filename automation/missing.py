"""Times that passed while Puffling was down: found, accounted for row by row, and told in one report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import User
from alerts.models import Alert
from alerts.raising import NewAlert, raise_alerts
from automation import arming, overdue
from automation.models import Action, ActionExecution, Missed, MissedPolicy, Outage
from automation.scheduling import reporting
from automation.sentences import effect_sentence, sentence
from automation.triggers.base import ClockPlan, Occasion
from common.alone import is_alone
from common.heartbeats import last_beat
from watches.models import Timer

SWEEPER = "sweeper"
SILENCE = timedelta(seconds=60)  # a sweeper that is not heard of for longer was down
# Rules that were being edited when the others were looked through follow within seconds, into the same report.
SETTLES = timedelta(seconds=5)
LOOKED_BACK = timedelta(days=35)
LISTED = 20  # in one alert; the page and the API have them all


def notice_outage(*, now: datetime) -> Outage | None:
    """Remember that nobody swept until now, if that is so. Call before the first sweep. Safe to run twice."""
    heard = last_beat(SWEEPER)
    if heard is None or now - heard <= SILENCE:
        return None
    outage, _ = Outage.objects.get_or_create(began_at=heard, defaults={"ended_at": now})
    return outage


def judge(action: Action, plan: ClockPlan, timer: Timer, *, now: datetime) -> overdue.Verdict:
    """What becomes of the time a timer was set for, and of the due times that passed since."""
    return overdue.judge(
        _occasions(action, plan, timer, now),
        policy=action.missed_policy,
        run_late_minutes=action.run_late_minutes,
        ends_at=action.valid_until,
        now=now,
    )


def _occasions(action: Action, plan: ClockPlan, timer: Timer, now: datetime) -> Iterator[Occasion]:
    """The plan's occasions from the timer's time until `now`. That one is due whatever the calendar says since."""
    begin = max(timer.due_at, now - LOOKED_BACK) - timedelta(microseconds=1)
    coming = plan.occasions(begin, arming.sessions_from(action, begin, until=now + timedelta(days=1)))
    found = next(coming, None)
    if timer.purpose == arming.FIRE and (found is None or found.at > timer.due_at >= begin):
        yield Occasion(at=timer.due_at)
    while found is not None and found.at <= now:
        yield found
        found = next(coming, None)


def rows(action: Action, verdict: overdue.Verdict, fired: Sequence[ActionExecution], *, now: datetime) -> list[Missed]:
    """A row for each time of the verdict that was not kept. `fired` is the execution of its `run_at`, if any."""
    return [
        Missed(
            action=action,
            due_at=passed.at,
            found_at=now,
            policy=action.missed_policy,
            outcome=passed.outcome,
            note=passed.note[:300],
            execution=fired[0] if passed.outcome == Missed.Outcome.RAN_LATE else None,
        )
        for passed in verdict.passed
    ]


def record(missed: Sequence[Missed], *, now: datetime) -> None:
    """Save the rows with the current transaction, and put the questions to their owners."""
    if not missed:
        return
    Missed.objects.bulk_create(missed, ignore_conflicts=True, batch_size=1000)
    asking = [row for row in missed if row.outcome == Missed.Outcome.ASKED]
    if asking:
        actions = {row.action_id: row.action for row in asking}
        saved = Missed.objects.filter(action__in=actions, found_at=now, outcome=Missed.Outcome.ASKED)
        raise_alerts([_question(row, actions[row.action_id]) for row in saved.order_by("id")], now)


def question_key(missed_id: int) -> str:
    """What makes asking twice harmless."""
    return f"asked:{missed_id}"


def _question(row: Missed, action: Action) -> NewAlert:
    return NewAlert(
        user_id=action.user_id,
        kind=Alert.Kind.EXPIRED,
        severity=Alert.Severity.CRITICAL,
        title=f"Missed at {row.due_at:%Y-%m-%d %H:%M} UTC. Run it now? {effect_sentence(action)}",
        body=f"Puffling was not running then. Rule: {sentence(action)} Answer on the Alerts page. {row.note}",
        symbol=action.instrument_id or "",
        data={"action": str(action.id), "missed": row.pk, "due_at": row.due_at.isoformat()},
        dedupe_key=question_key(row.pk),
    )


@transaction.atomic
def report(*, now: datetime) -> int:
    """Tell each owner of what was missed and not told yet, in one alert. Returns how many were told."""
    if not Missed.objects.filter(reported_at__isnull=True).exists() or not is_alone("report of missed times"):
        return 0
    untold = list(
        Missed.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(reported_at__isnull=True)
        .select_related("action")
        .order_by("due_at", "id")
    )
    if not untold or max(row.found_at for row in untold) > now - SETTLES:
        return 0
    of_user: dict[int, list[Missed]] = defaultdict(list)
    for row in untold:
        of_user[row.action.user_id].append(row)
    raise_alerts([_report(user_id, missed) for user_id, missed in of_user.items()], now)
    Missed.objects.filter(id__in=[row.pk for row in untold]).update(reported_at=now)
    return len(of_user)


def _report(user_id: int, missed: Sequence[Missed]) -> NewAlert:
    outage = Outage.objects.filter(began_at__lte=missed[-1].due_at, ended_at__gte=missed[0].due_at).last()
    count = f"{len(missed)} due time{'' if len(missed) == 1 else 's'}"
    title = f"{count} of your rules passed without being run in time"
    if outage:
        span = overdue.in_words(outage.ended_at - outage.began_at)
        title = f"Puffling was down for {span} until {outage.ended_at:%Y-%m-%d %H:%M} UTC: {count} missed"
    lines = [f"{row.due_at:%Y-%m-%d %H:%M} UTC: {sentence(row.action)} {row.note}" for row in missed[:LISTED]]
    if len(missed) > LISTED:
        lines.append(f"… and {len(missed) - LISTED} more: see the Alerts page.")
    ran = all(row.outcome == Missed.Outcome.RAN_LATE for row in missed)
    return NewAlert(
        user_id=user_id,
        kind=Alert.Kind.EXPIRED,
        severity=Alert.Severity.INFO if ran else Alert.Severity.WARNING,
        title=title,
        body="\n".join(lines),
        data={"missed": [row.pk for row in missed[:LISTED]], "outage": outage.pk if outage else None},
        dedupe_key=f"missed:{missed[0].pk}:{missed[-1].pk}",
    )


def close_unanswered(*, now: datetime) -> int:
    """End the questions nobody answered in time. Returns how many."""
    return Missed.objects.filter(
        outcome=Missed.Outcome.ASKED, policy=MissedPolicy.ASK, found_at__lt=now - overdue.ANSWER_WITHIN
    ).update(outcome=Missed.Outcome.SKIPPED, note="Skipped: nobody answered within 24 hours.")


def last_outage(user: User) -> dict[str, Any] | None:
    """The last outage with what it made the user's rules and jobs miss, for monitoring; None without any."""
    outage = Outage.objects.order_by("-ended_at").first()
    if outage is None:
        return None
    missed = Missed.objects.filter(
        action__user=user, due_at__range=(outage.began_at, outage.ended_at), found_at__gte=outage.ended_at
    )
    runs = reporting.missed_in(outage, user)
    return {
        "since": outage.began_at,
        "until": outage.ended_at,
        "down_seconds": (outage.ended_at - outage.began_at).total_seconds(),
        "missed_count": missed.count(),
        "missed": list(missed.select_related("action").order_by("-due_at", "-id")[: overdue.KEPT]),
        "missed_runs_count": runs.count(),
        "missed_runs": list(runs.defer("log", "result")[: overdue.KEPT]),
    }
