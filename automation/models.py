"""Actions (rules) and their executions."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from common.fields import money_field, percent_field, price_field, quantity_field
from common.ids import new_id
from markets.models import Instrument
from orders.models import OrderType, TimeInForce
from portfolios.models import Portfolio


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
    NOTIFY = "NOTIFY", "Notify"


class Mode(models.TextChoices):
    MONITOR = "monitor", "Monitor"  # record only
    NOTIFY = "notify", "Notify"  # record and tell
    AUTO = "auto", "Automatic"  # do it, through the gate


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
    order_type = models.CharField(max_length=16, choices=OrderType.choices, default=OrderType.MARKET)
    limit_price = price_field(null=True, blank=True)
    limit_offset = price_field(null=True, blank=True, help_text="limit = price at firing + offset")
    stop_price = price_field(null=True, blank=True)
    time_in_force = models.CharField(max_length=3, choices=TimeInForce.choices, default=TimeInForce.DAY)
    trigger_type = models.CharField(max_length=20)
    trigger_params = models.JSONField(default=dict)
    message = models.CharField(max_length=500, blank=True, help_text="NOTIFY: what to say")
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    max_executions = models.PositiveIntegerField(null=True, blank=True, default=1)
    cooldown_seconds = models.PositiveIntegerField(default=0)
    notes = models.TextField(blank=True)
    # --- kept by the engine
    epoch = models.PositiveIntegerField(
        default=1, help_text="arming epoch: every firing and re-arming edit takes the next"
    )
    executions_count = models.PositiveIntegerField(default=0, help_text="executions that count towards max_executions")
    failures_in_a_row = models.PositiveIntegerField(default=0)
    last_triggered_at = models.DateTimeField(null=True, blank=True)
    next_evaluation_at = models.DateTimeField(null=True, blank=True, help_text="time triggers: the next due time")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(action_type="NOTIFY") | Q(instrument__isnull=False), name="action_trading_needs_symbol"
            ),
            models.CheckConstraint(
                condition=Q(
                    action_type="NOTIFY",
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


class ExecutionState(models.TextChoices):
    """The life of one firing. *blocked* is our gate's denial."""

    PENDING = "pending", "Pending"  # fired, effect not begun
    RUNNING = "running", "Running"  # effect begun; an order may be working
    AWAITING_APPROVAL = "awaiting_approval", "Awaiting approval"
    UNKNOWN = "unknown", "Outcome unknown"  # the broker's answer is not known; quarantined until looked up
    SUCCEEDED = "succeeded", "Succeeded"  # terminal
    FAILED = "failed", "Failed"  # terminal
    BLOCKED = "blocked", "Blocked"  # terminal: the gate denied, with typed reasons
    SKIPPED = "skipped", "Skipped"  # terminal: monitor mode, paused meanwhile, window over
    EXPIRED = "expired", "Expired"  # terminal: too late to act on


OPEN_EXECUTIONS = ("pending", "running", "awaiting_approval", "unknown")
# An execution in one of these states uses up one of max_executions.
COUNTED_EXECUTIONS = (*OPEN_EXECUTIONS, "succeeded")


class ActionExecution(models.Model):
    """One firing of an Action. UNIQUE(action, epoch) is what makes it happen once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="executions")
    epoch = models.PositiveIntegerField()
    state = models.CharField(max_length=20, choices=ExecutionState.choices, default=ExecutionState.PENDING)
    cause = models.CharField(max_length=10, default="trigger", help_text="trigger or manual (execute now)")
    triggered_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="not acted on after this")
    observation = models.JSONField(default=dict, help_text="what was seen: value, level, price, quote time, source")
    details = models.JSONField(default=dict, help_text="what was done: order ids, verdicts, alert")
    reason_code = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=400, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    trace_id = models.UUIDField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["action", "epoch"], name="one_execution_per_action_and_epoch"),
            models.CheckConstraint(condition=Q(state__in=ExecutionState.values), name="execution_state_known"),
        ]
        indexes = [
            # executing: "what waits"; sweeping: "what was left behind"
            models.Index(
                fields=["triggered_at"],
                condition=Q(state__in=["pending", "running", "awaiting_approval", "unknown"]),
                name="execution_open",
            ),
            models.Index(fields=["action", "-triggered_at"], name="execution_list"),
        ]
