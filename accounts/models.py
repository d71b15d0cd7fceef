"""Users and the ways they prove who they are."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from common.ids import new_id


class User(AbstractUser):
    """A person. Every row of the other rooms belongs to exactly one user and is visible to nobody else."""

    time_zone = models.CharField(max_length=64, default="America/New_York", help_text="IANA name, used to show times")


class GuidedStart(models.Model):
    """How far a user got with the guided first start. No row: it was not begun."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="guided_start")
    action_id = models.UUIDField(null=True, help_text="the rule made with it; rules are a room above")
    put_off_at = models.DateTimeField(null=True, help_text="'Not now' was said: the overview offers it no more")
    finished_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user} {'finished' if self.finished_at else 'under way'}"


class LoginLink(models.Model):
    """A one-time login link, printed at start. Only a hash of the secret is stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="login_links")
    secret_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)


class ApiToken(models.Model):
    """A personal token for scripts: `Authorization: Token pfl_…`. Only a hash is stored; the prefix is for the list."""

    class Scope(models.TextChoices):
        READ = "read", "Read"
        TRADE = "trade", "Create and change rules and orders"
        APPROVE = "approve", "Approve waiting orders"
        ADMIN = "admin", "Change safety policy and switches"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12)
    secret_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"],
                condition=models.Q(revoked_at__isnull=True),
                name="api_token_name_once_per_user",
            )
        ]
        ordering = ["-created_at"]


class SocketTicket(models.Model):
    """A single-use ticket, valid for 30 s, with which a JWT or token client opens a WebSocket."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    token = models.ForeignKey(
        ApiToken, on_delete=models.CASCADE, null=True, help_text="the personal token it was got with: ends with it"
    )
    secret_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)


class IdempotencyRecord(models.Model):
    """The first answer given to an `Idempotency-Key`; written in the transaction of the effect it answers for."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    key = models.CharField(max_length=128)
    request_hash = models.CharField(max_length=64, help_text="SHA-256 of method, path and body")
    status_code = models.PositiveSmallIntegerField()
    response = models.JSONField(null=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once_per_user")]


class Credential(models.Model):
    """A key of another service, encrypted (`accounts.credentials`). Only its last four characters are ever shown."""

    class Kind(models.TextChoices):
        ANTHROPIC = "anthropic", "Anthropic"
        OPENAI = "openai", "OpenAI"
        COMPATIBLE = "compatible", "An OpenAI-compatible server"
        ALPACA_KEY = "alpaca_key", "Alpaca key id"
        ALPACA_SECRET = "alpaca_secret", "Alpaca secret"
        CHANNEL = "channel", "Where alerts are sent"  # one per channel: `name` is its id
        HOOK = "hook", "What a webhook in is signed with"  # one per rule: `name` is its id

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="credentials")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    name = models.CharField(max_length=40, blank=True, default="", help_text="which, where a user may have several")
    ciphertext = models.BinaryField()
    key_id = models.CharField(max_length=12, help_text="which key of the ring encrypts it")
    last_four = models.CharField(max_length=4)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "name"], name="one_credential_per_user_and_kind")
        ]
