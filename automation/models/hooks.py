"""Webhooks in: the secret address of a rule, and the calls it got."""

from __future__ import annotations

from django.db import models

from automation.models.executions import ActionExecution
from automation.models.rules import Action
from common.ids import new_id


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
