"""What is owned. The ledger is append-only; cash, holdings and lots are derived from it in the same transaction."""

from __future__ import annotations

import enum
from decimal import Decimal

from django.conf import settings
from django.db import models

from common.fields import money_field, percent_field, price_field, quantity_field
from common.ids import new_id
from markets.models import Instrument
from portfolios.planning.types import BandKind, LotMethod, RebalanceTo


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


def _choices(kind: type[enum.StrEnum]) -> list[tuple[str, str]]:
    return [(one.value, one.value.replace("_", " ")) for one in kind]


class PortfolioGoal(models.Model):
    """What a portfolio should hold, and how it is kept there. Changed only by `portfolios.goals.changing`.

    Weights, the threshold and the cap are ratios (0.05 is 5 points of weight); fields named _pct are percent.
    """

    class Mode(models.TextChoices):
        """ALERT tells that the portfolio drifted; AUTO rebalances it, through the same gate as every order."""

        ALERT = "alert", "Tell me"
        AUTO = "auto", "Rebalance"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="goals")
    name = models.CharField(max_length=80)
    enabled = models.BooleanField(default=True)
    target_weights = models.JSONField(help_text='{"SPY": "0.6", "AGG": "0.4"}, and CASH if wanted; they sum to 1')
    band_kind = models.CharField(max_length=12, choices=_choices(BandKind), default=BandKind.ABSOLUTE)
    drift_threshold = models.DecimalField(
        max_digits=7, decimal_places=6, default=Decimal("0.05"), help_text="of absolute and relative bands"
    )
    rebalance_to = models.CharField(max_length=12, choices=_choices(RebalanceTo), default=RebalanceTo.TARGET)
    rebalance_mode = models.CharField(max_length=5, choices=Mode.choices, default=Mode.ALERT)
    cash_flow_only = models.BooleanField(default=False, help_text="buys only, with the cash there is")
    min_trade = money_field(default=Decimal(1), help_text="smaller trades are not made")
    cash_buffer = money_field(default=0, help_text="dollars that stay cash, outside the weights")
    cash_buffer_pct = percent_field(default=0, help_text="percent of equity that stays cash, on top")
    turnover_cap = models.DecimalField(
        max_digits=7, decimal_places=6, null=True, blank=True, help_text="bought and sold per run, over equity"
    )
    do_not_sell = models.JSONField(default=list, blank=True, help_text="symbols that are never sold for this goal")
    cooldown_days = models.PositiveSmallIntegerField(default=0, help_text="after a run, before the next by itself")
    schedule = models.CharField(max_length=100, blank=True, help_text="cron; empty: whenever it drifted")
    timezone = models.CharField(max_length=64, default="America/New_York")
    commission = money_field(default=0, help_text="expected, dollars per trade")
    spread_bps = models.DecimalField(max_digits=8, decimal_places=2, default=2, help_text="expected, the whole spread")
    slippage_bps = models.DecimalField(max_digits=8, decimal_places=2, default=2)
    benefit_bps = models.DecimalField(
        max_digits=8, decimal_places=2, default=100, help_text="what moving a dollar to its target is worth"
    )
    lot_method = models.CharField(max_length=4, choices=_choices(LotMethod), default=LotMethod.FIFO)
    short_term_tax_pct = percent_field(default=24, help_text="for estimates")
    long_term_tax_pct = percent_field(default=15, help_text="for estimates")
    avoid_short_term_gains = models.BooleanField(default=False)
    wash_sale_lock = models.BooleanField(default=False, help_text="no buys for 30 days after a sale at a loss")
    last_rebalanced_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True, help_text="deleted: kept for its runs")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["portfolio", "name"],
                condition=models.Q(archived_at__isnull=True),
                name="goal_name_once_per_portfolio",
            ),
            # Two goals that trade by themselves would undo each other's trades.
            models.UniqueConstraint(
                fields=["portfolio"],
                condition=models.Q(archived_at__isnull=True, enabled=True, rebalance_mode="auto"),
                name="one_automatic_goal_per_portfolio",
            ),
            models.CheckConstraint(
                condition=models.Q(archived_at__isnull=True) | models.Q(enabled=False), name="archived_goal_is_off"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class GoalVersion(models.Model):
    """A goal as it was from `at` on, so that a run can be explained later."""

    goal = models.ForeignKey(PortfolioGoal, on_delete=models.CASCADE, related_name="versions", db_index=False)
    version = models.PositiveIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    terms = models.JSONField(help_text="every field by its name; decimals as text")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["goal", "version"], name="one_row_per_goal_version")]


class LotInstruction(models.Model):
    """Which lots an order's sales take, written when the order is placed, before it can fill.

    `lots` are taken first, each as far as it goes, in this order; then `method` decides. Without a row it is FIFO.
    """

    class Method(models.TextChoices):
        FIFO = "fifo", "First in, first out"
        HIFO = "hifo", "Highest cost first"

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="+", db_index=False)
    order_id = models.UUIDField(primary_key=True, help_text="the order's; portfolios know no orders")
    method = models.CharField(max_length=4, choices=Method.choices, default=Method.FIFO)
    lots = models.JSONField(default=list, help_text="ids of lots, the first is taken first")
    at = models.DateTimeField()
