"""What people were told."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from common.ids import new_id


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
