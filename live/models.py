"""Everything the sockets announce, numbered per user, so that a client can fetch what it missed."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class Event(models.Model):
    """One announcement.

    It is written in the transaction of what it announces, without a number: taking a per-user number there would
    make every transaction of a user wait for the one before. `live.push` numbers committed events in a transaction
    of its own, so `seq` has no gaps and its order is the order in which clients see them.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seq = models.BigIntegerField(null=True, help_text="1, 2, 3 … per user; null until published")
    topic = models.CharField(max_length=20, help_text="alerts, agent, orders, executions, actions, portfolio, safety")
    kind = models.CharField(max_length=40)
    payload = models.JSONField(default=dict, encoder=DjangoJSONEncoder, help_text="decimals, ids, times as strings")
    trace_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "seq"], name="event_seq_once_per_user")]
        indexes = [
            # live.push: "number what is committed but not yet numbered"
            models.Index(fields=["user", "id"], condition=models.Q(seq__isnull=True), name="event_unnumbered"),
            # retention: "forget events older than …"
            models.Index(fields=["created_at"], name="event_age"),
        ]


class EventCounter(models.Model):
    """The last number given to a user. Its row lock makes numbering one at a time."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    last_seq = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.user}: {self.last_seq}"


class ShownSymbol(models.Model):
    """A symbol on somebody's open page, for the feed's list of what to listen to. Renewed while the page is open."""

    symbol = models.CharField(primary_key=True, max_length=20)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return self.symbol
