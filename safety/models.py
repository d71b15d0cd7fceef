"""Limits and switches, as rows."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from common.fields import money_field, percent_field
from portfolios.models import Portfolio

_PERCENT = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1000))]


class SafetyPolicy(models.Model):
    """A user's limits; a row with a portfolio overrides them for that portfolio. Percent of equity unless said."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="safety_policies")
    portfolio = models.ForeignKey(
        Portfolio, on_delete=models.CASCADE, null=True, blank=True, related_name="safety_policies"
    )
    version = models.PositiveIntegerField(default=1)
    paper_trading = models.BooleanField(default=True, help_text="only paper accounts may trade")
    max_daily_trades = models.PositiveIntegerField(default=10, help_text="orders per exchange date")
    max_position_pct = percent_field(
        default=Decimal(10), validators=_PERCENT, help_text="of the portfolio in one symbol"
    )
    max_order_notional_pct = percent_field(default=Decimal(25), validators=_PERCENT)
    max_gross_pct = percent_field(default=Decimal(100), validators=_PERCENT)
    max_open_orders = models.PositiveIntegerField(default=20)
    daily_turnover_pct = percent_field(default=Decimal(100), validators=_PERCENT)
    large_order_pct = percent_field(default=Decimal(5), validators=_PERCENT, help_text="above it a human approves")
    large_order_amount = money_field(null=True, blank=True, help_text="in dollars; replaces large_order_pct when set")
    daily_loss_reduce_pct = percent_field(default=Decimal(2), validators=_PERCENT)
    daily_loss_halt_pct = percent_field(default=Decimal(4), validators=_PERCENT)
    drawdown_halt_pct = percent_field(default=Decimal(10), validators=_PERCENT)
    price_collar_pct = percent_field(
        default=Decimal(10), validators=_PERCENT, help_text="limit price from the last price"
    )
    price_jump_pct = percent_field(
        default=Decimal(20), validators=_PERCENT, help_text="last price from the previous close"
    )
    approval_collar_pct = percent_field(
        default=Decimal(1), validators=_PERCENT, help_text="last price from the one a person is asked about"
    )
    max_spread_pct = percent_field(default=Decimal(2), validators=_PERCENT)
    quote_max_age_seconds = models.PositiveIntegerField(default=15)
    buying_power_cushion_pct = percent_field(default=Decimal(2), validators=_PERCENT)
    duplicate_window_seconds = models.PositiveIntegerField(default=60)
    orders_per_minute = models.PositiveIntegerField(
        null=True, blank=True, default=None, help_text="per account; empty is off"
    )
    orders_per_minute_per_symbol = models.PositiveIntegerField(null=True, blank=True, default=None)
    symbol_whitelist = models.JSONField(default=list, blank=True, help_text="empty: every symbol")
    symbol_blacklist = models.JSONField(default=list, blank=True)
    extended_hours = models.BooleanField(default=False)
    failures_before_review = models.PositiveIntegerField(default=3, help_text="consecutive failures that stop a rule")
    loop_round_trips = models.PositiveIntegerField(
        default=3, help_text="of rules in one symbol within loop_window_minutes: then rules only sell it; 0 is off"
    )
    loop_window_minutes = models.PositiveIntegerField(default=60, help_text="how far back round trips are counted")
    wash_sale_lock = models.BooleanField(default=False, help_text="no buys for 30 days after a sale at a loss")
    agent_daily_orders = models.PositiveIntegerField(
        default=5, help_text="orders the agent may place per exchange date"
    )
    agent_order_pct = percent_field(
        default=Decimal(2), validators=_PERCENT, help_text="of the portfolio in one order of the agent"
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "safety policies"
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(portfolio__isnull=True), name="one_policy_per_user"
            ),
            models.UniqueConstraint(fields=["portfolio"], name="one_policy_override_per_portfolio"),
        ]


class TradingState(models.TextChoices):
    """ACTIVE trades; REDUCING admits only orders that shrink a position; HALTED admits nothing automatic."""

    ACTIVE = "active", "Active"
    REDUCING = "reducing", "Reducing only"
    HALTED = "halted", "Halted"


class Switch(models.Model):
    """A kill switch and a trading state of one scope. Written only by `safety.switch`.

    Submission reads the switches holding the shared lock of `safety.switch.share_lock` until the order is recorded;
    killing takes the same lock exclusively. So when a kill has committed, no order that read "off" is on its way.
    """

    class Scope(models.TextChoices):
        GLOBAL = "global", "Everything"
        USER = "user", "One user"
        PORTFOLIO = "portfolio", "One portfolio"
        ACTION = "action", "One rule"
        AGENT = "agent", "The agent of one user"

    scope = models.CharField(max_length=10, choices=Scope.choices)
    scope_id = models.CharField(max_length=40, default="", help_text="empty for global")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    killed = models.BooleanField(default=False)
    trading_state = models.CharField(max_length=8, choices=TradingState.choices, default=TradingState.ACTIVE)
    epoch = models.PositiveBigIntegerField(default=0, help_text="counts changes")
    reason = models.CharField(max_length=200, blank=True)
    changed_by = models.CharField(max_length=80, blank=True)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "switches"
        constraints = [models.UniqueConstraint(fields=["scope", "scope_id"], name="one_switch_per_scope")]


class SafetyEvent(models.Model):
    """Every kill, resume and policy change: who, when, before and after. Append-only (a database trigger says no)."""

    at = models.DateTimeField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=30)
    actor = models.CharField(max_length=80)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    note = models.CharField(max_length=300, blank=True)


class PolicyVersion(models.Model):
    """The whole of a policy as it was from `at` on. Append-only: "which limits held then?" has one answer for ever."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    limits = models.JSONField(help_text="every limit by its name; decimals as text")
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "portfolio", "version"], nulls_distinct=False, name="one_row_per_policy_version"
            )
        ]


class AuditChain(models.Model):
    """The head of one hash chain, and how far it was verified. A writer locks this row, so a chain never forks.

    `key`: portfolio:<id> for what happens to orders, user:<id> for limits and switches, global for everybody's switch.
    """

    key = models.CharField(max_length=60)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    seq = models.PositiveBigIntegerField(default=0, help_text="of the last entry")
    hash = models.CharField(max_length=64, help_text="of the last entry")
    verified_seq = models.PositiveBigIntegerField(default=0)
    verified_hash = models.CharField(max_length=64)
    verified_at = models.DateTimeField(null=True)
    damage = models.CharField(max_length=300, blank=True, help_text="what the last verification found wrong")

    def __str__(self) -> str:
        return self.key

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="one_audit_chain_per_key")]


class AuditEntry(models.Model):
    """One line of the audit log. Each carries the hash of the one before it, so that nothing can be changed, left out
    or moved unseen; a database trigger refuses UPDATE, DELETE and TRUNCATE. Never pruned."""

    # No constraint: the chain's row is locked by whoever writes, and a check for each of thousands of rows costs.
    chain = models.ForeignKey(AuditChain, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    seq = models.PositiveBigIntegerField(help_text="1, 2, 3 … within the chain")
    at = models.DateTimeField()
    actor = models.CharField(max_length=80, help_text="who did it: a user name, engine, breaker, a command")
    source = models.CharField(max_length=100, blank=True, help_text="what asked for it, or by which way it came")
    kind = models.CharField(max_length=30)
    subject = models.CharField(max_length=80, help_text="what it is about: an order's id, a switch, the policy")
    data = models.JSONField(help_text="the facts; decimals as text")
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, help_text="SHA-256 over chain, seq and all of the above")

    class Meta:
        verbose_name_plural = "audit entries"
        constraints = [models.UniqueConstraint(fields=["chain", "seq"], name="one_audit_entry_per_place")]
