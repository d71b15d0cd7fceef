"""Evidence without money: what a watching rule would have traded, and replays over stored bars."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from automation.models.executions import ActionExecution
from automation.models.rules import Action
from common.fields import money_field, price_field, quantity_field
from common.ids import new_id
from markets.models import Instrument


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
