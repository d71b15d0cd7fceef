"""Actions (rules) and their executions."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from automation.scheduling.models import JobRun, JobsStopped, ScheduledJob  # noqa: F401  (Django looks for models here)
from automation.strategies.models import (  # noqa: F401  (Django looks for models here)
    Strategy,
    StrategyRun,
    StrategySignal,
    StrategySymbol,
    StrategyVersion,
)
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


class Trace(models.Model):
    """One evaluation that changed something, or would have: why it traded, and why it did not.

    `data` holds what the decision was made from, so that making it again from this row gives the same decision
    (`automation.tracing.replay`). Steady state is not a row: it is counted from bars when somebody asks.
    """

    id = models.BigAutoField(primary_key=True)
    # Without a foreign key in the database: checking it would make an evaluation wait for whoever edits the rule.
    action = models.ForeignKey(
        Action, on_delete=models.CASCADE, related_name="traces", db_index=False, db_constraint=False
    )
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, help_text="see automation.trace_kinds.Kind")
    epoch = models.PositiveIntegerField()
    line = models.CharField(max_length=300, help_text="the entry as one English sentence")
    data = models.JSONField(default=dict)
    count = models.PositiveIntegerField(default=1, help_text="how many like it in a row, rolled into this one")
    last_at = models.DateTimeField(help_text="the last of them")

    class Meta:
        indexes = [
            models.Index(fields=["action", "-id"], name="trace_list"),  # the rule's page
            models.Index(fields=["last_at"], name="trace_retention"),  # pruning
        ]


class Missed(models.Model):
    """A time that passed while Puffling was down, and what was done about it. One row per rule and time."""

    class Outcome(models.TextChoices):
        SKIPPED = "skipped", "Skipped"
        RAN_LATE = "ran_late", "Ran late"
        ASKED = "asked", "Waiting for an answer"
        RUN = "run", "Run when asked"
        DECLINED = "declined", "Declined"

    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="missed")
    due_at = models.DateTimeField()
    found_at = models.DateTimeField()
    policy = models.CharField(max_length=8, choices=MissedPolicy.choices)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    note = models.CharField(max_length=300, blank=True)
    execution = models.ForeignKey(ActionExecution, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_by = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True)
    reported_at = models.DateTimeField(null=True, help_text="when its owner was told, in one report with the others")

    class Meta:
        verbose_name_plural = "missed"
        constraints = [models.UniqueConstraint(fields=["action", "due_at"], name="one_missed_row_per_action_and_time")]
        indexes = [
            models.Index(fields=["-found_at"], name="missed_report"),  # the downtime report
            # the sweeper, every second: "whom is there something to tell?"
            models.Index(fields=["due_at"], condition=Q(reported_at__isnull=True), name="missed_untold"),
        ]


class Outage(models.Model):
    """A while in which nobody swept: Puffling was down, or stood still."""

    began_at = models.DateTimeField(unique=True, help_text="the last sign of life before it")
    ended_at = models.DateTimeField(help_text="the first one after it")


class ShadowTrade(models.Model):
    """What a rule that only watches would have traded: the fill model's answer at the firing. One per execution."""

    execution = models.OneToOneField(ActionExecution, on_delete=models.CASCADE, related_name="shadow")
    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="shadow_trades", db_index=False)
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, db_column="symbol")
    side = models.CharField(max_length=4, choices=[("buy", "Buy"), ("sell", "Sell")])
    quantity = quantity_field()
    price = price_field(help_text="after spread and slippage")
    fee = money_field(default=0)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["action", "at"], name="shadow_list")]  # the evidence of one rule


class ReplayRun(models.Model):
    """A simulation over stored bars: one rule, or a grid over one of its parameters."""

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="replay_runs")
    action = models.ForeignKey(Action, on_delete=models.CASCADE, null=True, related_name="replay_runs")
    rule = models.JSONField(help_text="the rule as it was when the run began")
    params = models.JSONField(help_text="timeframe, from, to, costs; grid: key and values")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    done_steps = models.PositiveIntegerField(default=0)
    total_steps = models.PositiveIntegerField(default=1)
    result = models.JSONField(default=dict)
    error = models.CharField(max_length=400, blank=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-created_at"], name="replay_list"),
            models.Index(
                fields=["created_at"], condition=Q(state__in=["queued", "running"]), name="replay_open"
            ),  # "what waits?"
        ]


class ActionHook(models.Model):
    """The secret address of a rule with trigger webhook. Only a hash of the secret is stored; one per rule."""

    action = models.OneToOneField(Action, on_delete=models.CASCADE, primary_key=True, related_name="hook")
    token_hash = models.CharField(max_length=64, unique=True)  # a call looks it up
    prefix = models.CharField(max_length=12, help_text="the beginning of the secret, to know it again")
    signed = models.BooleanField(default=False, help_text="a call must be signed; the key is an encrypted credential")
    created_at = models.DateTimeField()
    last_called_at = models.DateTimeField(null=True, blank=True)


class HookCall(models.Model):
    """One call of a hook and what became of it. `body` is somebody else's words: shown, never acted on."""

    class Outcome(models.TextChoices):
        FIRED = "fired", "The rule fired"
        SKIPPED = "skipped", "The rule fired, and its conditions did not hold"
        NOT_FIRED = "not_fired", "The rule did not stand behind it"
        REFUSED = "refused", "The signature or its time was wrong"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    hook = models.ForeignKey(ActionHook, on_delete=models.CASCADE, related_name="calls", db_index=False)
    received_at = models.DateTimeField()
    fingerprint = models.CharField(max_length=64, help_text="of nonce or body: the same within five minutes")
    body = models.TextField(blank=True, help_text="the beginning of what was sent; untrusted")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    reason = models.CharField(max_length=120, blank=True)
    execution = models.ForeignKey(ActionExecution, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["hook", "-received_at"], name="hook_call_list"),  # the list, the rate, the replays
            models.Index(fields=["received_at"], name="hook_call_retention"),  # pruning
        ]


# The rows of rebalance runs live beside what moves them. Imported last: Django finds models through this module.
from automation.backtest.models import BacktestRun  # noqa: E402, F401
from automation.rebalancing.models import DriftEpisode, RebalanceLeg, RebalanceRun  # noqa: E402, F401
