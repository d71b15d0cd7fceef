"""Rules (Actions), the states they go through, and the versions their edits leave."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from common.fields import money_field, percent_field, price_field, quantity_field
from common.ids import new_id
from markets.models import Instrument
from orders.models import OrderType, TimeInForce
from portfolios.models import Portfolio, PortfolioGoal


class ActionStatus(models.TextChoices):
    """The life of a rule; which may follow which is in `TRANSITIONS`."""

    ACTIVE = "active", "Active"  # watched, may fire
    PAUSED = "paused", "Paused"  # kept, not watched
    COMPLETED = "completed", "Completed"  # did its maximum of executions
    EXPIRED = "expired", "Expired"  # valid_until passed
    CANCELLED = "cancelled", "Cancelled"  # ended by its owner; kept for history
    FAILED = "failed", "Failed"  # gave up after repeated failures; status_reason says which


TRANSITIONS: dict[str, frozenset[str]] = {
    ActionStatus.ACTIVE: frozenset({"paused", "completed", "expired", "cancelled", "failed"}),
    ActionStatus.PAUSED: frozenset({"active", "expired", "cancelled"}),
    ActionStatus.FAILED: frozenset({"active", "cancelled"}),  # a person looked at it and resumed
    ActionStatus.COMPLETED: frozenset({"cancelled"}),
    ActionStatus.EXPIRED: frozenset({"cancelled"}),
    ActionStatus.CANCELLED: frozenset(),
}


class ActionType(models.TextChoices):
    BUY = "BUY", "Buy"
    SELL = "SELL", "Sell"
    REBALANCE = "REBALANCE", "Rebalance"
    NOTIFY = "NOTIFY", "Notify"


class Mode(models.TextChoices):
    MONITOR = "monitor", "Monitor"  # record only
    NOTIFY = "notify", "Notify"  # record and tell
    AUTO = "auto", "Automatic"  # do it, through the gate


class MissedPolicy(models.TextChoices):
    """What becomes of a time that passed while Puffling was down."""

    SKIP = "skip", "Skip it"  # told, not done
    RUN_LATE = "run_late", "Run it late"  # done if found within run_late_minutes, else skipped
    ASK = "ask", "Ask me"  # waits for a person to say run or skip


class Action(models.Model):
    """When TRIGGER, do EFFECT, within LIMITS. Its row is the lock under which it fires and is edited."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="actions")
    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="actions")
    name = models.CharField(max_length=120, blank=True)
    status = models.CharField(max_length=10, choices=ActionStatus.choices, default=ActionStatus.ACTIVE)
    status_reason = models.CharField(max_length=300, blank=True)
    mode = models.CharField(max_length=8, choices=Mode.choices, default=Mode.AUTO)
    action_type = models.CharField(max_length=10, choices=ActionType.choices)
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, null=True, blank=True, db_column="symbol")
    quantity = quantity_field(null=True, blank=True)
    amount_usd = money_field(null=True, blank=True)
    percent_of_position = percent_field(null=True, blank=True)
    percent_of_equity = percent_field(null=True, blank=True)
    goal = models.ForeignKey(
        PortfolioGoal,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="actions",
        help_text="REBALANCE: to this goal",
    )
    targets = models.JSONField(default=dict, blank=True, help_text="REBALANCE: or to these, {symbol: weight 0 to 1}")
    order_type = models.CharField(max_length=16, choices=OrderType.choices, default=OrderType.MARKET)
    limit_price = price_field(null=True, blank=True)
    limit_offset = price_field(null=True, blank=True, help_text="limit = price at firing + offset")
    stop_price = price_field(null=True, blank=True)
    time_in_force = models.CharField(max_length=3, choices=TimeInForce.choices, default=TimeInForce.DAY)
    trigger_type = models.CharField(max_length=20)
    trigger_params = models.JSONField(default=dict)
    conditions = models.JSONField(
        default=list,
        blank=True,
        help_text="all must hold when the trigger fires: [{trigger_type, trigger_params, symbol}]",
    )
    group = models.CharField(
        max_length=60, blank=True, help_text="one cancels other: the first to execute ends the others"
    )
    message = models.CharField(max_length=500, blank=True, help_text="NOTIFY: what to say")
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    max_executions = models.PositiveIntegerField(null=True, blank=True, default=1)
    cooldown_seconds = models.PositiveIntegerField(default=0)
    missed_policy = models.CharField(max_length=8, choices=MissedPolicy.choices, default=MissedPolicy.SKIP)
    run_late_minutes = models.PositiveIntegerField(null=True, blank=True, help_text="with run_late: how late it may be")
    notes = models.TextField(blank=True)
    # --- kept by the engine
    epoch = models.PositiveIntegerField(
        default=1, help_text="arming epoch: every firing and re-arming edit takes the next"
    )
    executions_count = models.PositiveIntegerField(default=0, help_text="executions that count towards max_executions")
    failures_in_a_row = models.PositiveIntegerField(default=0)
    last_triggered_at = models.DateTimeField(null=True, blank=True)
    next_evaluation_at = models.DateTimeField(null=True, blank=True, help_text="time triggers: the next due time")
    held_by = models.UUIDField(
        null=True, blank=True, help_text="the execution of another member of the group whose outcome this one awaits"
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(missed_policy="run_late", run_late_minutes__gt=0)
                | (~Q(missed_policy="run_late") & Q(run_late_minutes__isnull=True)),
                name="action_run_late_says_how_late",
            ),
            models.CheckConstraint(
                condition=Q(action_type__in=["NOTIFY", "REBALANCE"]) | Q(instrument__isnull=False),
                name="action_trading_needs_symbol",
            ),
            models.CheckConstraint(
                condition=Q(action_type="REBALANCE", goal__isnull=False, targets={})
                | Q(action_type="REBALANCE", goal__isnull=True) & ~Q(targets={})
                | ~Q(action_type="REBALANCE") & Q(goal__isnull=True, targets={}),
                name="action_rebalance_has_goal_or_targets",
            ),
            models.CheckConstraint(
                condition=Q(
                    action_type__in=["NOTIFY", "REBALANCE"],
                    quantity__isnull=True,
                    amount_usd__isnull=True,
                    percent_of_position__isnull=True,
                    percent_of_equity__isnull=True,
                )
                | Q(
                    action_type__in=["BUY", "SELL"],
                    quantity__gt=0,
                    amount_usd__isnull=True,
                    percent_of_position__isnull=True,
                    percent_of_equity__isnull=True,
                )
                | Q(
                    action_type__in=["BUY", "SELL"],
                    quantity__isnull=True,
                    amount_usd__gt=0,
                    percent_of_position__isnull=True,
                    percent_of_equity__isnull=True,
                )
                | Q(
                    action_type="SELL",
                    quantity__isnull=True,
                    amount_usd__isnull=True,
                    percent_of_position__gt=0,
                    percent_of_position__lte=100,
                    percent_of_equity__isnull=True,
                )
                | Q(
                    action_type="BUY",
                    quantity__isnull=True,
                    amount_usd__isnull=True,
                    percent_of_position__isnull=True,
                    percent_of_equity__gt=0,
                    percent_of_equity__lte=100,
                ),
                name="action_exactly_one_size",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_from__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="action_window_not_empty",
            ),
            models.CheckConstraint(
                condition=Q(max_executions__isnull=True)
                | (Q(max_executions__gt=0) & Q(executions_count__lte=F("max_executions"))),
                name="action_executions_within_maximum",
            ),
            models.CheckConstraint(condition=Q(status__in=ActionStatus.values), name="action_status_known"),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="action_list"),  # the actions page
            models.Index(fields=["user", "status", "-created_at"], name="action_list_by_status"),
            models.Index(fields=["user", "instrument", "-created_at"], name="action_list_by_symbol"),
            # firing and settling: "who else is in this group?"
            models.Index(fields=["user", "group"], condition=~Q(group=""), name="action_group"),
            # settling: "who waits for this execution?"
            models.Index(fields=["held_by"], condition=Q(held_by__isnull=False), name="action_held"),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.action_type} {self.instrument_id or ''} {self.trigger_type}"


class ActionVersion(models.Model):
    """What an edit changed: who, when, old and new."""

    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    changes = models.JSONField(help_text="{field: [old, new]}")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["action", "version"], name="one_row_per_action_version")]
