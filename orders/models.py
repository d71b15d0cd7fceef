"""Orders and fills. The one door is `orders.placing`; these rows are what it leaves behind."""

from __future__ import annotations

from django.db import models

from brokers.models import BrokerAccount
from common.fields import money_field, price_field, quantity_field
from common.ids import new_id
from markets.models import Instrument
from orders.states import OrderState
from portfolios.models import Portfolio


class Side(models.TextChoices):
    BUY = "buy", "Buy"
    SELL = "sell", "Sell"


class OrderType(models.TextChoices):
    MARKET = "market", "Market"
    LIMIT = "limit", "Limit"
    STOP = "stop", "Stop"
    STOP_LIMIT = "stop_limit", "Stop limit"


class TimeInForce(models.TextChoices):
    DAY = "day", "Day"
    GTC = "gtc", "Good till cancelled"
    IOC = "ioc", "Immediate or cancel"


class Source(models.TextChoices):
    """Who asked for the order. `source_id` points up and is therefore a plain id."""

    ACTION_EXECUTION = "action_execution", "A rule"
    REBALANCE_RUN = "rebalance_run", "A rebalance"
    STRATEGY_SIGNAL = "strategy_signal", "A strategy"
    AGENT_RUN = "agent_run", "The agent"
    MANUAL = "manual", "A person"
    KILL_FLATTEN = "kill_flatten", "Flatten after kill"


class Order(models.Model):
    """One order from intent to its end.

    `idempotency_key` makes placing it twice harmless, `client_order_id` submitting it twice.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="orders", db_index=False)
    account = models.ForeignKey(BrokerAccount, on_delete=models.PROTECT, related_name="orders")
    source_kind = models.CharField(max_length=20, choices=Source.choices)
    source_id = models.CharField(max_length=64)
    action_id = models.UUIDField(null=True, help_text="the rule behind it, for its kill switch")
    rule_failures = models.PositiveIntegerField(default=0, help_text="failures in a row of the rule behind it")
    idempotency_key = models.CharField(max_length=120)
    client_order_id = models.CharField(max_length=48)
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, db_column="symbol", db_index=False)
    side = models.CharField(max_length=4, choices=Side.choices)
    order_type = models.CharField(max_length=16, choices=OrderType.choices, default=OrderType.MARKET)
    time_in_force = models.CharField(max_length=3, choices=TimeInForce.choices, default=TimeInForce.DAY)
    quantity = quantity_field(
        null=True, help_text="what was asked for, or what the amount came to at the decision price"
    )
    notional = money_field(null=True, help_text="what was asked for in dollars")
    limit_price = price_field(null=True)
    stop_price = price_field(null=True)
    reduce_only = models.BooleanField(default=False)
    state = models.CharField(max_length=20, choices=OrderState.choices, default=OrderState.PROPOSED)
    reason_code = models.CharField(max_length=40, blank=True, help_text="first denial or refusal code")
    reason = models.CharField(max_length=400, blank=True, help_text="the same in words")
    verdict = models.JSONField(default=list, help_text="every check: name, result, code, message, values")
    policy_version = models.PositiveIntegerField(null=True, help_text="of the limits behind the verdict")
    facts = models.JSONField(
        default=dict, help_text="what the gate looked at when it was placed, in short; empty: not kept"
    )
    decision_price = price_field(null=True)
    decided_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="not sent to the broker after this")
    not_before = models.DateTimeField(null=True, help_text="back-off of look-ups")
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    approved_by = models.CharField(max_length=80, blank=True, help_text="who approved a large order")
    approved_at = models.DateTimeField(null=True)
    approval_hash = models.CharField(max_length=64, blank=True, help_text="of what a person was asked to approve")
    approval_note = models.CharField(max_length=300, blank=True, help_text="why it was approved or declined")
    asked = models.JSONField(default=dict, help_text="how things stood when it began to wait; empty: it never waited")
    broker_order_id = models.CharField(max_length=64, blank=True)
    filled_quantity = quantity_field(default=0)
    filled_value = models.DecimalField(
        max_digits=28, decimal_places=9, default=0, help_text="sum of quantity times price"
    )
    average_price = price_field(null=True)
    submitted_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    trading_date = models.DateField(help_text="the exchange date it counts for in daily limits")
    raw = models.JSONField(default=dict, help_text="the broker's last answer")
    trace_id = models.UUIDField(db_index=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            # Not `unique=True`: that adds an index for LIKE to each, and every state change writes every index.
            models.UniqueConstraint(fields=["idempotency_key"], name="one_order_per_idempotency_key"),
            models.UniqueConstraint(fields=["client_order_id"], name="one_order_per_client_order_id"),
            models.CheckConstraint(
                # A blocked order may have no size: the amount was too small, or there was no price to convert it at.
                condition=models.Q(quantity__gt=0) | models.Q(quantity__isnull=True, state="blocked"),
                name="order_has_a_positive_size",
            ),
            models.CheckConstraint(condition=models.Q(state__in=OrderState.values), name="order_state_known"),
            models.CheckConstraint(
                condition=models.Q(order_type__in=["limit", "stop_limit"], limit_price__gt=0)
                | models.Q(order_type__in=["market", "stop"], limit_price__isnull=True),
                name="order_limit_price_fits_type",
            ),
            models.CheckConstraint(
                condition=models.Q(order_type__in=["stop", "stop_limit"], stop_price__gt=0)
                | models.Q(order_type__in=["market", "limit"], stop_price__isnull=True),
                name="order_stop_price_fits_type",
            ),
            models.CheckConstraint(
                condition=models.Q(filled_quantity=0) | models.Q(filled_quantity__lte=models.F("quantity")),
                name="order_not_overfilled",
            ),
        ]
        indexes = [
            # submitting: "what waits for a submitter"
            models.Index(
                fields=["account", "created_at"],
                condition=models.Q(state__in=["queued", "submitting", "unknown"]),
                name="order_to_submit",
            ),
            # gate: "what is in flight in this portfolio" and the kill switch: "what is open"
            models.Index(
                fields=["portfolio", "instrument"],
                condition=models.Q(
                    state__in=["awaiting_approval", "queued", "submitting", "unknown", "accepted", "partially_filled"]
                ),
                name="order_in_flight",
            ),
            models.Index(fields=["portfolio", "trading_date"], name="order_daily_limits"),  # gate: daily caps
            models.Index(fields=["portfolio", "-created_at"], name="order_list"),  # the orders page
            models.Index(fields=["source_kind", "source_id"], name="order_by_source"),  # "the orders of this execution"
        ]


class OrderTransition(models.Model):
    """One step in an order's life, for the person who asks why."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="transitions")
    at = models.DateTimeField()
    from_state = models.CharField(max_length=20, blank=True)
    to_state = models.CharField(max_length=20)
    note = models.CharField(max_length=400, blank=True)


class Fill(models.Model):
    """One execution. `execution_id` is the broker's: booking it twice is impossible."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="fills")
    execution_id = models.CharField(max_length=80)
    quantity = quantity_field()
    price = price_field()
    fee = money_field(default=0)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["execution_id"], name="one_fill_per_execution")]


class Mismatch(models.Model):
    """Something our books and the broker's disagree about. Shown and explained, never silently overwritten."""

    class Kind(models.TextChoices):
        ORPHAN = "orphan", "An order at the broker that is not ours"
        MISSING = "missing", "An order the broker does not know"
        STATE = "state", "An order in another state at the broker"
        FILLS = "fills", "An order filled by another quantity at the broker"
        POSITION = "position", "A position of another size at the broker"
        CASH = "cash", "Another cash balance at the broker"

    account = models.ForeignKey(BrokerAccount, on_delete=models.CASCADE, related_name="mismatches")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    subject = models.CharField(max_length=80, help_text="the order, symbol or currency")
    ours = models.CharField(max_length=80, blank=True)
    theirs = models.CharField(max_length=80, blank=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "mismatches"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "subject"],
                condition=models.Q(resolved_at__isnull=True),
                name="one_open_mismatch_per_subject",
            )
        ]
