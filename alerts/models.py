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


class AlertChannel(models.Model):
    """A way out of the house: where a person's alerts go besides the site. Its row is the lock of what it sends.

    Its address and keys are an encrypted credential (`accounts.credentials`, kind channel, named by this id).
    """

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        WEBHOOK = "webhook", "Webhook"
        NTFY = "ntfy", "ntfy"
        APPRISE = "apprise", "Telegram, Discord, Slack and others (apprise)"

    class Verbosity(models.TextChoices):
        ON = "on", "At once"
        SILENT = "silent", "At once, without a sound"
        DIGEST = "digest", "Collected, in one message"
        OFF = "off", "Not at all"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="alert_channels")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    hint = models.CharField(max_length=120, help_text="what may be shown of where it sends")
    enabled = models.BooleanField(default=True)
    verbosity = models.JSONField(default=dict, help_text="{kind of alert or 'default': on | silent | digest | off}")
    quiet_from = models.TimeField(null=True, blank=True, help_text="critical alerts come through")
    quiet_until = models.TimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=64, default="America/New_York")
    flood_count = models.PositiveIntegerField(
        default=10, help_text="more messages than this in flood_minutes: a digest"
    )
    flood_minutes = models.PositiveIntegerField(default=10)
    digest_minutes = models.PositiveIntegerField(default=60, help_text="how long alerts are collected for a digest")
    repeat_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="critical alerts come again until they are acknowledged"
    )
    repeat_most = models.PositiveIntegerField(default=10, help_text="repeats of one alert, at most")
    # --- kept by the deliveries
    failures_in_a_row = models.PositiveIntegerField(default=0)
    last_sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="channel_name_once_per_user"),  # and the list
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="channel_quiet_hours_begin_and_end",
            ),
            models.CheckConstraint(condition=Q(flood_count__gte=1, flood_minutes__gte=1), name="channel_flood_limit"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_kind_display()}, {self.hint})"


class Delivery(models.Model):
    """One alert on its way to one channel. The row is the truth; whoever sends holds it under a lease."""

    class State(models.TextChoices):
        PENDING = "pending", "Waits"  # -> sent, failed, suppressed; due at next_try_at, held while lease_until is ahead
        SENT = "sent", "Sent"  # next_try_at: when a critical one is repeated, if nobody has acknowledged it by then
        FAILED = "failed", "Failed"  # terminal: the remote refused for good, or too many tries
        SUPPRESSED = "suppressed", "Not sent"  # terminal: why is in `reason`

    id = models.BigAutoField(primary_key=True)
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    channel = models.ForeignKey(AlertChannel, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    reason = models.CharField(max_length=20, blank=True, help_text="why it is not sent, or not yet")
    silent = models.BooleanField(default=False)
    digest = models.BooleanField(default=False, help_text="it goes with others, in one message")
    urgent = models.BooleanField(default=False, help_text="a test: quiet hours and flood control do not hold it")
    attempts = models.PositiveSmallIntegerField(default=0)
    repeats = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    message_id = models.UUIDField(null=True, blank=True, help_text="the message it was last sent in; tries share it")
    outcome = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["alert", "channel"], name="one_delivery_per_alert_and_channel"),
            models.CheckConstraint(
                condition=~Q(state="pending") | Q(next_try_at__isnull=False), name="delivery_that_waits_is_due"
            ),
        ]
        indexes = [
            # "what is due?", asked by every worker and, every two seconds, by the sweeper
            models.Index(fields=["next_try_at"], condition=Q(next_try_at__isnull=False), name="delivery_due"),
            models.Index(fields=["channel", "-id"], name="delivery_list"),  # the channel's history
            # flood control: "what went out in the last minutes?"
            models.Index(fields=["channel", "sent_at"], condition=Q(sent_at__isnull=False), name="delivery_sent"),
        ]
