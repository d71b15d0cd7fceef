"""What people asked to be told, and what they were told."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from common.fields import price_field
from common.ids import new_id
from markets.models import Instrument


class Alert(models.Model):
    """One message to a person: a firing, a block, a fill, a failure. `dedupe_key` makes raising it twice harmless."""

    class Kind(models.TextChoices):
        FIRING = "firing", "A rule fired"
        BLOCKED = "blocked", "The safety gate denied an order"
        REJECTED = "rejected", "The broker rejected an order"
        FILL = "fill", "An order filled"
        FAILURE = "failure", "Something failed"
        EXPIRED = "expired", "A rule or order expired"
        APPROVAL = "approval", "An order waits for approval"
        SAFETY = "safety", "A safety switch or policy changed"
        DATA = "data", "Market data is missing or stale"
        NOTE = "note", "A message a rule was asked to send"
        PRICE = "price", "A price alert"
        SIGNAL = "signal", "A strategy's signal"
        RISK = "risk", "A portfolio's risk is too large"
        REBALANCE = "rebalance", "A goal is out of its band"

    class Severity(models.TextChoices):
        INFO = "info", "Info"
        WARNING = "warning", "Warning"
        CRITICAL = "critical", "Critical"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    severity = models.CharField(max_length=8, choices=Severity.choices, default=Severity.INFO)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    symbol = models.CharField(max_length=20, blank=True)
    data = models.JSONField(
        default=dict,
        encoder=DjangoJSONEncoder,
        help_text="what it is about: ids and values, e.g. action, execution, order",
    )
    dedupe_key = models.CharField(max_length=120)
    trace_id = models.UUIDField(null=True, db_index=True)
    triggered_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "dedupe_key"], name="alert_once_per_dedupe_key")]
        indexes = [models.Index(fields=["user", "-triggered_at"], name="alert_history")]  # the history list


class AlertConfig(models.Model):
    """Tell me when CONDITION. Its row is the lock under which it is told and edited.

    Whether it is armed, true now, cooling down or unknown is what its watch and the value say (`alerts.standing`).
    """

    class Type(models.TextChoices):
        PRICE = "price", "Price"
        SIGNAL = "signal", "Strategy signal"
        RISK = "risk", "Portfolio risk"
        REBALANCE = "rebalance", "Goal out of its band"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="alert_configs")
    name = models.CharField(max_length=120, blank=True)
    alert_type = models.CharField(max_length=10, choices=Type.choices)
    condition = models.JSONField(help_text="checked and complete: see alerts.conditions")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, null=True, blank=True, db_column="symbol")
    # A plain id: portfolios, goals and strategies live in rooms above.
    subject = models.UUIDField(null=True, blank=True, help_text="the portfolio, goal or strategy it is about")
    enabled = models.BooleanField(default=True)
    severity = models.CharField(max_length=8, choices=Alert.Severity.choices, default=Alert.Severity.INFO)
    repeats = models.BooleanField(default=True, help_text="armed again after it was told and came back; else once")
    cooldown_seconds = models.PositiveIntegerField(default=300, help_text="at least so long between two alerts")
    # --- kept by the engine
    epoch = models.PositiveIntegerField(default=1, help_text="every telling and re-arming edit takes the next")
    fired_count = models.PositiveIntegerField(default=0)
    last_fired_at = models.DateTimeField(null=True, blank=True)
    last_value = price_field(null=True, blank=True, help_text="the value it was last told at, in the condition's unit")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(alert_type="price", instrument__isnull=False, subject__isnull=True)
                | Q(alert_type="signal", subject__isnull=False)
                | Q(alert_type__in=["risk", "rebalance"], instrument__isnull=True, subject__isnull=False),
                name="alert_config_says_what_it_is_about",
            ),
            models.CheckConstraint(
                condition=Q(severity__in=["info", "warning", "critical"]), name="alert_config_severity"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="alert_config_list"),  # the list, and the limit
            models.Index(  # "who wants to hear of this strategy's signals?"
                fields=["subject"], condition=Q(alert_type="signal", enabled=True), name="alert_config_signals"
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.get_alert_type_display()} alert {self.pk}"
