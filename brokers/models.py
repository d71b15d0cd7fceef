"""Broker accounts, and the paper broker's own book of orders and fills."""

from __future__ import annotations

from django.db import models

from common.fields import money_field, price_field, quantity_field
from common.ids import new_id
from markets.models import Instrument
from portfolios.models import Portfolio


class BrokerAccount(models.Model):
    """Where a portfolio's orders go. Paper or live is a property of this row and of nothing else."""

    class Kind(models.TextChoices):
        PAPER = "paper", "Paper (built in)"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    portfolio = models.OneToOneField(Portfolio, on_delete=models.PROTECT, related_name="broker_account")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PAPER)
    live = models.BooleanField(default=False, help_text="real money")
    slippage_bps = models.DecimalField(
        max_digits=8, decimal_places=2, default=2, help_text="paper: added to half the spread"
    )
    fee_per_order = money_field(default=0)
    fee_bps = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    max_fill_quantity = quantity_field(
        null=True, blank=True, help_text="paper: at most this many shares per fill; empty is no limit"
    )
    fills_cursor = models.CharField(
        max_length=80, default="", blank=True, editable=False, help_text="how far the broker's fills have been read"
    )
    blocked_reason = models.CharField(
        max_length=200, default="", blank=True, help_text="why the broker lets this account not trade; empty: it may"
    )
    mismatch = models.CharField(
        max_length=400, default="", blank=True, help_text="what stops new risk: the last reconcile's alarm"
    )
    reconciled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(kind="paper", live=True), name="paper_account_is_never_live"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.id}"


class PaperOrder(models.Model):
    """An order as the paper broker sees it: it knows nothing of ours but the client order id."""

    class Status(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        PARTIALLY_FILLED = "partially_filled", "Partially filled"
        FILLED = "filled", "Filled"
        CANCELLED = "cancelled", "Cancelled"
        EXPIRED = "expired", "Expired"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(BrokerAccount, on_delete=models.PROTECT, related_name="paper_orders")
    client_order_id = models.CharField(max_length=48)
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, db_column="symbol", db_index=False)
    side = models.CharField(max_length=4)
    order_type = models.CharField(max_length=16)
    time_in_force = models.CharField(max_length=3)
    quantity = quantity_field()
    limit_price = price_field(null=True)
    stop_price = price_field(null=True)
    triggered = models.BooleanField(default=False, help_text="a stop order whose stop price was reached")
    filled_quantity = quantity_field(default=0)
    filled_value = models.DecimalField(
        max_digits=28, decimal_places=9, default=0, help_text="sum of quantity times price"
    )
    range_low = price_field(null=True, help_text="lowest price evaluated since it was last matched, not yet acted on")
    range_high = price_field(null=True, help_text="highest price, likewise")
    matched_at = models.DateTimeField(null=True, help_text="arrival of the quote it last traded on: one fill per quote")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.ACCEPTED)
    accepted_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, help_text="day orders: the session's close")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client_order_id"], name="one_paper_order_per_client_order_id"),
            models.CheckConstraint(
                condition=models.Q(filled_quantity__gte=0) & models.Q(filled_quantity__lte=models.F("quantity")),
                name="paper_order_filled_within_quantity",
            ),
        ]
        indexes = [
            # matching: "open orders of this symbol"; expiry: "open orders past their time"
            models.Index(
                fields=["instrument", "expires_at"], condition=models.Q(closed_at__isnull=True), name="paper_order_open"
            )
        ]


class PaperFill(models.Model):
    """One execution at the paper broker. `id` is the cursor of `fills_since`."""

    order = models.ForeignKey(PaperOrder, on_delete=models.PROTECT, related_name="fills")
    execution_id = models.UUIDField(unique=True, default=new_id)
    quantity = quantity_field()
    price = price_field()
    fee = money_field(default=0)
    at = models.DateTimeField()
