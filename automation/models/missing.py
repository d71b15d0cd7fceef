"""Times that passed while nobody watched."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from automation.models.executions import ActionExecution
from automation.models.rules import Action, MissedPolicy


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
