"""Signs of life of the long-running processes."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """The last sign of life of one process or loop, for readiness, monitoring and the doctor."""

    process = models.CharField(primary_key=True, max_length=80, help_text="e.g. feed:demo, sweeper, evaluate, trading")
    at = models.DateTimeField()
    details = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"{self.process} at {self.at:%H:%M:%S}"
