"""Scheduled jobs, their runs, and who has stopped all of theirs."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from common.ids import new_id
from portfolios.models import Portfolio


class MisfirePolicy(models.TextChoices):
    """What becomes of a time that passed while Puffling was down."""

    SKIP = "skip", "Skip it"  # told, not done
    RUN_LATE = "run_late", "Run it late"  # done if found within run_late_minutes, else missed
    RUN_ONCE_LATEST = "run_once_latest", "Run the latest once"  # however late; the earlier ones are missed


class ScheduledJob(models.Model):
    """Something to do by the clock. Its row is the lock under which what is due is decided, and one run begins.

    It is *scheduled* while it is enabled and its owner has not stopped all jobs; only then it has a `next_look_at`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="scheduled_jobs")
    portfolio = models.ForeignKey(
        Portfolio,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="scheduled_jobs",
        help_text="empty: the primary one of its owner when it runs",
    )
    name = models.CharField(max_length=120)
    job_type = models.CharField(max_length=20)
    schedule = models.CharField(max_length=100, help_text="five cron fields, or open+5m, close-10m on New York's clock")
    timezone = models.CharField(max_length=64, default="America/New_York", help_text="IANA name")
    trading_days_only = models.BooleanField(default=False, help_text="not on days New York does not trade")
    config = models.JSONField(default=dict, blank=True, help_text="what its type asks for")
    enabled = models.BooleanField(default=True)
    misfire_policy = models.CharField(max_length=16, choices=MisfirePolicy.choices, default=MisfirePolicy.RUN_LATE)
    run_late_minutes = models.PositiveIntegerField(null=True, blank=True, help_text="with run_late: how late it may be")
    # --- kept by the scheduler
    next_due_at = models.DateTimeField(null=True, blank=True, help_text="the next time it runs")
    next_look_at = models.DateTimeField(
        null=True, blank=True, help_text="when to look next: its next time, one the clock jumps over, or a new calendar"
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(misfire_policy="run_late", run_late_minutes__gt=0)
                | (~Q(misfire_policy="run_late") & Q(run_late_minutes__isnull=True)),
                name="job_run_late_says_how_late",
            ),
            models.CheckConstraint(
                condition=Q(misfire_policy__in=MisfirePolicy.values), name="job_misfire_policy_known"
            ),
            models.UniqueConstraint(fields=["user", "name"], name="job_name_once_per_user"),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="job_list"),  # the list of a user's jobs
            # every two seconds and at every poke of beat: "what is due?"
            models.Index(fields=["next_look_at"], condition=Q(next_look_at__isnull=False), name="job_due"),
        ]

    def __str__(self) -> str:
        return self.name


class RunState(models.TextChoices):
    """The life of one run; which may follow which is in `RUN_TRANSITIONS`."""

    PENDING = "pending", "Pending"  # due, or to be tried again at retry_at; waits for a worker
    RUNNING = "running", "Running"  # a worker has it until lease_until
    SUCCEEDED = "succeeded", "Succeeded"  # terminal
    FAILED = "failed", "Failed"  # terminal: gave up after the last attempt; error says why
    SKIPPED = "skipped", "Skipped"  # terminal: not to be done: the time did not exist, the jobs were stopped
    MISSED = "missed", "Missed"  # terminal: its time passed and the policy did not let it run this late


RUN_TRANSITIONS: dict[str, frozenset[str]] = {
    RunState.PENDING: frozenset({"running", "skipped", "missed", "failed"}),  # failed: the next time came first
    RunState.RUNNING: frozenset({"succeeded", "failed", "pending"}),  # pending: to be tried again
    RunState.SUCCEEDED: frozenset(),
    RunState.FAILED: frozenset(),
    RunState.SKIPPED: frozenset(),
    RunState.MISSED: frozenset(),
}
OPEN_RUNS = ("pending", "running")


class RunCause(models.TextChoices):
    """Why it runs."""

    SCHEDULE = "schedule", "Its time came"
    MANUAL = "manual", "A person asked for it"
    CATCH_UP = "catch_up", "Its time had passed while Puffling was down"


class JobRun(models.Model):
    """One occurrence of a job. UNIQUE(job, due_at) is what makes it happen once, however many look."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    job = models.ForeignKey(ScheduledJob, on_delete=models.CASCADE, related_name="runs", db_index=False)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.PENDING)
    cause = models.CharField(max_length=10, choices=RunCause.choices)
    created_at = models.DateTimeField(help_text="when it was found due")
    started_at = models.DateTimeField(null=True, help_text="of the last attempt")
    finished_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True, help_text="not tried again before")
    attempts = models.PositiveSmallIntegerField(default=0)
    note = models.CharField(max_length=300, blank=True, help_text="why it is late, missed or skipped")
    summary = models.CharField(max_length=300, blank=True, help_text="what it found, in a sentence")
    result = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    log = models.JSONField(default=list, help_text="[{at, line}], the newest 200")
    error = models.CharField(max_length=400, blank=True)
    reported_at = models.DateTimeField(null=True, help_text="late or missed: when its owner was told")
    trace_id = models.UUIDField(default=new_id)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "due_at"], name="one_run_per_job_and_time"),
            models.UniqueConstraint(fields=["job"], condition=Q(state="running"), name="one_run_of_a_job_at_a_time"),
            models.UniqueConstraint(fields=["job"], condition=Q(state="pending"), name="one_waiting_run_per_job"),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="job_run_state_known"),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease_until__isnull=False), name="running_job_has_a_lease"
            ),
        ]
        indexes = [
            # workers and the sweeper: "what waits, or was left behind?"
            models.Index(fields=["due_at"], condition=Q(state__in=["pending", "running"]), name="job_run_open"),
            # the sweeper: "whom is there something to tell?"
            models.Index(
                fields=["created_at"],
                condition=Q(reported_at__isnull=True) & (Q(state__in=["skipped", "missed"]) | Q(cause="catch_up")),
                name="job_run_untold",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} {self.due_at:%Y-%m-%d %H:%M}"

    @property
    def duration_seconds(self) -> float | None:
        """How long the last attempt took; None while it has not ended."""
        if self.started_at is None or self.finished_at is None:
            return None
        return max(0.0, (self.finished_at - self.started_at).total_seconds())


class JobsStopped(models.Model):
    """This user's jobs are all stopped: while the row exists none of them is scheduled."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs_stopped")
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)

    class Meta:
        verbose_name_plural = "jobs stopped"
