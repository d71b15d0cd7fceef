"""What is owned. The ledger is append-only; cash, holdings and lots are derived from it in the same transaction."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from common.fields import money_field, price_field, quantity_field
from common.ids import new_id
from markets.models import Instrument


class Portfolio(models.Model):
    """A book of cash and holdings. Its row is the lock under which orders are placed and fills are booked."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="portfolios")
    name = models.CharField(max_length=80)
    base_currency = models.CharField(max_length=3, default="USD")
    primary = models.BooleanField(default=False)
    cash = money_field(default=0, help_text="derived: the sum of the ledger's amounts")
    peak_equity = money_field(default=0, help_text="highest equity seen, for drawdown limits")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(primary=True), name="one_primary_portfolio_per_user"
            ),
            models.UniqueConstraint(fields=["user", "name"], name="portfolio_name_once_per_user"),
        ]

    def __str__(self) -> str:
        return self.name


class LedgerEntry(models.Model):
    """One booking. Never updated or deleted (a database trigger says no). `source_id` makes booking twice harmless."""

    class Kind(models.TextChoices):
        DEPOSIT = "deposit", "Deposit"
        WITHDRAWAL = "withdrawal", "Withdrawal"
        BUY = "buy", "Buy"
        SELL = "sell", "Sell"
        FEE = "fee", "Fee"
        DIVIDEND = "dividend", "Dividend"
        INTEREST = "interest", "Interest"
        SPLIT = "split", "Split"
        OPENING = "opening", "Opening position"

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="ledger")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, null=True, db_column="symbol")
    quantity = quantity_field(default=0, help_text="change of the holding: + bought, - sold")
    price = price_field(null=True)
    amount = money_field(help_text="change of cash: + in, - out")
    source_kind = models.CharField(max_length=20, help_text="fill, fee, deposit, import, …")
    source_id = models.CharField(max_length=64)
    trace_id = models.UUIDField(null=True)
    note = models.CharField(max_length=200, blank=True)
    new_shares = models.PositiveIntegerField(null=True, help_text="split 10:1: 10")
    old_shares = models.PositiveIntegerField(null=True, help_text="split 10:1: 1")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["portfolio", "source_kind", "source_id", "kind"], name="ledger_books_each_source_once"
            )
        ]
        indexes = [
            models.Index(fields=["portfolio", "-at", "-id"], name="ledger_list"),  # the transactions page
            models.Index(  # what was moved in or out since a moment, for the day's start
                fields=["portfolio", "at"],
                condition=models.Q(kind__in=["deposit", "withdrawal", "opening"]),
                name="ledger_transfers",
            ),
        ]


class Holding(models.Model):
    """Derived: shares held of one instrument. `cost` is what the open lots cost."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="holdings")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, db_column="symbol")
    quantity = quantity_field()
    cost = money_field()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portfolio", "instrument"], name="one_holding_per_portfolio_and_symbol"),
            models.CheckConstraint(condition=models.Q(quantity__gte=0), name="holding_never_short"),
        ]


class Lot(models.Model):
    """A tax lot: one per buy. `open_quantity` falls to 0 as it is sold."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="lots")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, db_column="symbol")
    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, related_name="lot")
    acquired_at = models.DateTimeField()
    quantity = quantity_field()
    open_quantity = quantity_field()
    cost = money_field(help_text="of the whole lot, fees included")
    open_cost = money_field(help_text="of what is still open")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(open_quantity__gte=0) & models.Q(open_quantity__lte=models.F("quantity")),
                name="lot_open_within_bounds",
            )
        ]
        indexes = [
            # disposal: "open lots of this symbol, oldest first"
            models.Index(
                fields=["portfolio", "instrument", "acquired_at"],
                condition=models.Q(open_quantity__gt=0),
                name="lot_open_fifo",
            )
        ]


class LotDisposal(models.Model):
    """Part of a lot that was sold, with its gain. Long term means held for more than one year."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="disposals")
    entry = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, related_name="disposals")
    quantity = quantity_field()
    cost = money_field()
    proceeds = money_field()
    gain = money_field()
    long_term = models.BooleanField()
    at = models.DateTimeField()


class EquityPoint(models.Model):
    """Equity of a portfolio at a moment, for curves, day P&L and drawdown."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="equity_points")
    at = models.DateTimeField()
    equity = money_field()
    cash = money_field()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["portfolio", "at"], name="one_equity_point_per_moment")]
