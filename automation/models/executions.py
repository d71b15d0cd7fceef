"""What a rule did: its firings, and the trace of what was decided on the way."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from automation.models.rules import Action
from common.ids import new_id


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
