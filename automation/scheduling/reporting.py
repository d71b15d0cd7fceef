"""Tell owners, in one alert, which times of their jobs were missed, skipped, or made up for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from alerts.models import Alert
from alerts.raising import NewAlert, raise_alerts
from automation import overdue
from automation.models import Outage
from automation.scheduling.models import JobRun, RunCause, RunState
from common.alone import is_alone

# Jobs that were locked when the others were looked at follow within seconds, into the same report.
SETTLES = timedelta(seconds=5)
LISTED = 20  # in one alert; the API has them all
BATCH = 1000
NOT_KEPT = Q(state__in=[RunState.SKIPPED, RunState.MISSED]) | Q(cause=RunCause.CATCH_UP)


@transaction.atomic
def report(*, now: datetime) -> int:
    """Tell each owner of what was not kept and not told yet, in one alert. Returns how many were told."""
    waiting = JobRun.objects.filter(NOT_KEPT, reported_at__isnull=True)
    if not waiting.exists() or not is_alone("report of missed jobs"):
        return 0
    untold = list(
        JobRun.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(NOT_KEPT, reported_at__isnull=True)
        .select_related("job")
        .order_by("due_at", "id")[:BATCH]
    )
    if not untold or max(run.created_at for run in untold) > now - SETTLES:
        return 0
    of_user: dict[int, list[JobRun]] = defaultdict(list)
    for run in untold:
        of_user[run.job.user_id].append(run)
    raise_alerts([_report(user_id, runs) for user_id, runs in of_user.items()], now)
    JobRun.objects.filter(pk__in=[run.pk for run in untold]).update(reported_at=now)
    return len(of_user)


def missed_in(outage: Outage, user: User) -> QuerySet[JobRun]:
    """The runs of the user's jobs that the outage made late or impossible, the newest first."""
    runs = JobRun.objects.filter(
        NOT_KEPT,
        job__user=user,
        due_at__range=(outage.began_at, outage.ended_at),
        created_at__gte=outage.ended_at,
    )
    return runs.select_related("job").order_by("-due_at", "-id")


def _report(user_id: int, runs: Sequence[JobRun]) -> NewAlert:
    outage = Outage.objects.filter(began_at__lte=runs[-1].due_at, ended_at__gte=runs[0].due_at).last()
    count = f"{len(runs)} time{'' if len(runs) == 1 else 's'}"
    title = f"{count} of your jobs passed without a run in time"
    if outage:
        span = overdue.in_words(outage.ended_at - outage.began_at)
        until = f"{outage.ended_at:%Y-%m-%d %H:%M} UTC"
        title = f"Puffling was down for {span} until {until}: {count} of your jobs missed"
    lines = [f"{run.due_at:%Y-%m-%d %H:%M} UTC: {run.job.name}. {run.note}" for run in runs[:LISTED]]
    if len(runs) > LISTED:
        lines.append(f"… and {len(runs) - LISTED} more: see each job's runs.")
    made_up = all(run.cause == RunCause.CATCH_UP for run in runs)
    return NewAlert(
        user_id=user_id,
        kind=Alert.Kind.EXPIRED,
        severity=Alert.Severity.INFO if made_up else Alert.Severity.WARNING,
        title=title,
        body="\n".join(lines),
        data={"runs": [str(run.pk) for run in runs[:LISTED]], "outage": outage.pk if outage else None},
        dedupe_key=f"missed_jobs:{runs[0].pk}:{runs[-1].pk}",
    )
