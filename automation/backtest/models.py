"""Backtests as rows."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from common.fields import money_field
from common.ids import new_id


class BacktestKind(models.TextChoices):
    STRATEGY = "strategy", "Strategy"
    GOAL = "goal", "Goal"


class BacktestState(models.TextChoices):
    """The life of a backtest; which may follow which is in `TRANSITIONS`."""

    QUEUED = "queued", "Queued"  # waits for a worker, at first or for the rest of a long one
    RUNNING = "running", "Running"  # a worker has it under a lease; when that ends, another may take it
    DONE = "done", "Done"  # terminal: the result is whole
    FAILED = "failed", "Failed"  # terminal: it cannot be done, or its worker died three times; error says why
    CANCELLED = "cancelled", "Cancelled"  # terminal: its owner stopped it; a grid keeps the rows it had


TRANSITIONS: dict[str, frozenset[str]] = {
    BacktestState.QUEUED: frozenset({"running", "cancelled"}),
    BacktestState.RUNNING: frozenset({"queued", "running", "done", "failed", "cancelled"}),
    BacktestState.DONE: frozenset(),
    BacktestState.FAILED: frozenset(),
    BacktestState.CANCELLED: frozenset(),
}


class BacktestRun(models.Model):
    """What a strategy or a goal would have done over stored bars: as it was when asked (`spec`), and what came out.

    `subject` is the id of the strategy or goal, if it is stored: a plain id, so that the result outlives it.
    """

    Kind, State = BacktestKind, BacktestState

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="backtests")
    kind = models.CharField(max_length=8, choices=BacktestKind.choices)
    subject = models.UUIDField(null=True)
    portfolio = models.ForeignKey(
        "portfolios.Portfolio", on_delete=models.CASCADE, related_name="backtests", help_text="whose limits apply"
    )
    name = models.CharField(max_length=120)
    spec = models.JSONField(help_text="the strategy or goal as it was, with its version")
    params = models.JSONField(help_text="what was asked: costs, approvals, limits, benchmark, grid")
    symbols = models.JSONField(help_text="what it may trade")
    timeframe = models.CharField(max_length=3)
    start = models.DateTimeField()
    end = models.DateTimeField()
    cash = money_field()
    state = models.CharField(max_length=10, choices=BacktestState.choices, default=BacktestState.QUEUED)
    done_steps = models.PositiveIntegerField(default=0)
    total_steps = models.PositiveIntegerField(default=1)
    lost = models.PositiveSmallIntegerField(default=0, help_text="workers that died over it")
    result = models.JSONField(default=dict)
    error = models.CharField(max_length=400, blank=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-created_at"], name="backtest_list"),  # "my backtests, newest first"
            models.Index(
                fields=["subject", "-created_at"], name="backtest_of_subject"
            ),  # "the backtests of this strategy or goal"
            models.Index(
                fields=["created_at"], condition=Q(state__in=["queued", "running"]), name="backtest_open"
            ),  # "what waits?"
        ]
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="backtest_period_in_order"),
            models.CheckConstraint(condition=Q(cash__gt=0), name="backtest_begins_with_cash"),
            models.CheckConstraint(condition=Q(done_steps__lte=F("total_steps")), name="backtest_steps_in_order"),
            models.CheckConstraint(
                condition=Q(state="running", lease_until__isnull=False)
                | (~Q(state="running") & Q(lease_until__isnull=True)),
                name="backtest_leased_while_running",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at__isnull=True)
                | Q(state__in=["done", "failed", "cancelled"], finished_at__isnull=False),
                name="backtest_finished_when_it_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}"
