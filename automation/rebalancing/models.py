"""Rebalance runs and their legs."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from automation.rebalancing.states import OPEN, RunState
from common.fields import money_field, price_field, quantity_field
from common.ids import new_id
from markets.models import Instrument
from portfolios.models import Portfolio, PortfolioGoal

_OPEN = sorted(OPEN)


class Cause(models.TextChoices):
    """Who wanted it."""

    MANUAL = "manual", "A person"
    ACTION = "action", "A rule"
    AUTO = "auto", "The goal's drift"
    SCHEDULE = "schedule", "The goal's schedule"


class RebalanceRun(models.Model):
    """One rebalance from its plan to its last fill. The row is what workers claim; at most one per portfolio is open.

    Its orders have `source_kind` rebalance_run, this id as `source_id`, and a key per leg: placing twice is harmless.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="rebalance_runs")
    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="rebalance_runs", db_index=False)
    goal = models.ForeignKey(PortfolioGoal, on_delete=models.SET_NULL, null=True, related_name="runs", db_index=False)
    targets = models.JSONField(default=dict, help_text="{symbol: weight} as they were when it began")
    cause = models.CharField(max_length=10, choices=Cause.choices)
    actor = models.CharField(max_length=80, help_text="the person, or engine")
    action_id = models.UUIDField(null=True, help_text="the rule behind it, for its kill switch")
    execution_id = models.UUIDField(null=True, help_text="the firing behind it")
    idempotency_key = models.CharField(max_length=120)
    state = models.CharField(max_length=24, choices=RunState.choices, default=RunState.PLANNED)
    reason_code = models.CharField(max_length=40, blank=True, help_text="why it was refused or ended early")
    reason = models.CharField(max_length=400, blank=True)
    plan = models.JSONField(default=dict, help_text="what was shown: trades, dropped ones with reasons, cost, turnover")
    checks = models.JSONField(default=list, help_text="the gate's answers to each leg before the first was ordered")
    residuals = models.JSONField(default=list, help_text="each dollar planned and not traded, and why")
    result = models.JSONField(default=dict, help_text="how it stood at the end: weights, largest drift, cash")
    # --- the person's word
    approval_hash = models.CharField(max_length=64, blank=True, help_text="of the legs a person is asked about")
    asked = models.JSONField(default=dict, help_text="how things stood when it began to wait; empty: it never waited")
    approved_by = models.CharField(max_length=80, blank=True)
    approved_at = models.DateTimeField(null=True)
    approval_note = models.CharField(max_length=300, blank=True)
    # --- times
    expires_at = models.DateTimeField(help_text="must have begun, or be approved, by then")
    until = models.DateTimeField(null=True, help_text="end of the phase: what is open then is cancelled")
    deadline = models.DateTimeField(null=True, help_text="nothing is ordered after it")
    due_at = models.DateTimeField(help_text="when a worker looks at it next")
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    attempts = models.PositiveIntegerField(default=0, help_text="claims")
    stop_code = models.CharField(max_length=40, blank=True, help_text="why it must not go on")
    stop_reason = models.CharField(max_length=300, blank=True)
    trace_id = models.UUIDField(db_index=True)
    created_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True, help_text="when its first phase began")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "automation"
        constraints = [
            models.UniqueConstraint(fields=["idempotency_key"], name="one_run_per_idempotency_key"),
            models.UniqueConstraint(
                fields=["portfolio"], condition=Q(state__in=_OPEN), name="one_open_run_per_portfolio"
            ),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="run_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=_OPEN, finished_at__isnull=True)
                | ~Q(state__in=_OPEN) & Q(finished_at__isnull=False),
                name="run_is_over_when_finished",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state__in=_OPEN), name="run_due"),  # workers: "what is due?"
            models.Index(fields=["user", "-created_at"], name="run_list"),  # the list of runs
            models.Index(fields=["goal", "-created_at"], name="run_of_goal"),  # a goal's runs, and its cooldown
            # settling: "what became of this firing's run?"
            models.Index(fields=["execution_id"], condition=Q(execution_id__isnull=False), name="run_of_execution"),
        ]

    def __str__(self) -> str:
        return f"{self.goal or 'targets'}: {self.get_state_display()}"


class RebalanceLeg(models.Model):
    """One order the run wants. `quantity` and `price` are what is ordered: of a buy they are known once the sells are
    over. The order itself is found by its key."""

    run = models.ForeignKey(RebalanceRun, on_delete=models.CASCADE, related_name="legs", db_index=False)
    number = models.PositiveSmallIntegerField()
    side = models.CharField(max_length=4, choices=[("sell", "Sell"), ("buy", "Buy")])
    instrument = models.ForeignKey(
        Instrument, on_delete=models.PROTECT, db_column="symbol", db_index=False, related_name="+"
    )
    planned_quantity = quantity_field()
    planned_price = price_field(help_text="what a share was worth when it was planned")
    aim_value = money_field(null=True, help_text="buys: what the whole position should be worth afterwards")
    quantity = quantity_field(null=True, help_text="as ordered; 0: not ordered; empty: not sized yet")
    price = price_field(null=True, help_text="the decision price it is ordered at")
    sized_code = models.CharField(max_length=40, blank=True, help_text="why it is not the planned size")
    sized_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        app_label = "automation"
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="one_leg_per_run_and_number"),
            models.CheckConstraint(condition=Q(planned_quantity__gt=0), name="leg_has_a_planned_size"),
            models.CheckConstraint(
                condition=Q(quantity__isnull=True) | Q(quantity__gte=0), name="leg_size_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.side} {self.instrument_id}"


class DriftEpisode(models.Model):
    """A while in which a goal was outside its bands: told once, however long it lasts."""

    goal = models.ForeignKey(PortfolioGoal, on_delete=models.CASCADE, related_name="episodes", db_index=False)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    drift = models.DecimalField(max_digits=28, decimal_places=9, help_text="percent of the band, as it began")
    handled_at = models.DateTimeField(null=True, help_text="when its owner was told, or a run began")
    code = models.CharField(max_length=40, blank=True, help_text="why no run could begin, when last tried")
    try_at = models.DateTimeField(null=True, help_text="automatic goals: when to try again")

    class Meta:
        app_label = "automation"
        constraints = [
            models.UniqueConstraint(
                fields=["goal"], condition=Q(ended_at__isnull=True), name="one_open_drift_episode_per_goal"
            )
        ]
        indexes = [models.Index(fields=["goal", "-began_at"], name="drift_episode_list")]  # admin, "how often?"
