"""Strategies of users, what each of their symbols stands at, their runs, and the signals that changed something."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from common.fields import money_field, price_field, quantity_field
from common.ids import new_id
from markets.models import Exchange, Instrument
from orders.models import Order
from portfolios.models import Portfolio


class StrategyMode(models.TextChoices):
    """The ladder a strategy climbs on evidence: see `automation.strategies.promoting`."""

    MONITOR = "monitor", "Monitor"  # record signals, trade in shadow
    ALERT = "alert", "Alert"  # the same, and tell
    AUTO_TRADE = "auto_trade", "Auto-trade"  # place orders, through the gate


class StrategyStatus(models.TextChoices):
    """How its last run went."""

    NEW = "new", "Not run yet"
    OK = "ok", "All symbols known"
    PARTIAL = "partial", "Some symbols unknown"  # a gap, a stale bar, too short a history: those do nothing
    UNKNOWN = "unknown", "No symbol known"


class Strategy(models.Model):
    """A user's strategy: which one, on which symbols, how large, and how far it may go by itself.

    Its row is the lock under which it runs, acts and is edited.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="strategies")
    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="strategies")
    name = models.CharField(max_length=120)
    strategy_type = models.CharField(max_length=30, help_text="a key of automation.strategies.registry")
    params = models.JSONField(default=dict)
    exchange = models.ForeignKey(Exchange, on_delete=models.PROTECT, help_text="of all its symbols")
    timeframe = models.CharField(max_length=3, default="1d")
    mode = models.CharField(max_length=10, choices=StrategyMode.choices, default=StrategyMode.MONITOR)
    sizing = models.JSONField(default=dict, help_text="kind and its parameters, see automation.strategies.sizing")
    cron = models.CharField(max_length=100, blank=True, help_text="when to run; empty: at each closed bar")
    timezone = models.CharField(max_length=64, default="America/New_York", help_text="of cron")
    enabled = models.BooleanField(default=True)
    notes = models.TextField(blank=True)
    # --- kept by the engine
    status = models.CharField(max_length=10, choices=StrategyStatus.choices, default=StrategyStatus.NEW)
    status_reason = models.CharField(max_length=300, blank=True)
    epoch = models.PositiveIntegerField(default=1, help_text="an edit that makes another strategy of it takes the next")
    version = models.PositiveIntegerField(default=1)
    last_run_at = models.DateTimeField(null=True, blank=True)
    last_bar_at = models.DateTimeField(null=True, blank=True, help_text="beginning of the newest bar it has judged")
    next_run_at = models.DateTimeField(null=True, blank=True, help_text="with cron: the next time")
    archived_at = models.DateTimeField(null=True, blank=True, help_text="deleted by its owner; kept for history")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "strategies"
        constraints = [
            models.CheckConstraint(condition=Q(mode__in=StrategyMode.values), name="strategy_mode_known"),
            models.CheckConstraint(
                condition=Q(archived_at__isnull=True) | Q(enabled=False), name="strategy_archived_is_off"
            ),
            models.CheckConstraint(
                condition=Q(cron="", next_run_at__isnull=True) | ~Q(cron=""), name="strategy_next_run_needs_cron"
            ),
            models.UniqueConstraint(
                fields=["user", "name"], condition=Q(archived_at__isnull=True), name="strategy_name_once_per_user"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="strategy_list"),  # the strategies page
            # the sweeper, every second: "who has not judged the newest bar?"
            models.Index(
                fields=["exchange", "timeframe", "last_bar_at"], condition=Q(enabled=True), name="strategy_to_run"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StrategySymbol(models.Model):
    """One symbol of a strategy and what it stands at. `position` keeps the order the user gave (pairs: A, B)."""

    strategy = models.ForeignKey(Strategy, on_delete=models.CASCADE, related_name="symbols", db_index=False)
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, db_column="symbol")
    position = models.PositiveSmallIntegerField()
    signal = models.FloatField(null=True, help_text="the last known one, -1 to 1")
    target = models.DecimalField(
        max_digits=12, decimal_places=9, null=True, help_text="fraction of the equity wanted by that signal"
    )
    applied = models.DecimalField(
        max_digits=12, decimal_places=9, null=True, help_text="the last target that was carried out in this mode"
    )
    bar_at = models.DateTimeField(null=True, help_text="of that signal")
    unknown = models.CharField(max_length=200, blank=True, help_text="why its signal is not known now; empty: it is")
    failures = models.PositiveSmallIntegerField(default=0, help_text="attempts in a row at one target that failed")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["strategy", "instrument"], name="strategy_symbol_once"),
            models.CheckConstraint(
                condition=Q(target__isnull=True) | Q(target__gte=0, target__lte=1), name="strategy_target_long_only"
            ),
        ]
        indexes = [models.Index(fields=["strategy", "position"], name="strategy_symbols")]  # its symbols, in order


class StrategyVersion(models.Model):
    """What an edit changed: who, when, old and new."""

    strategy = models.ForeignKey(Strategy, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    changes = models.JSONField(help_text="{field: [old, new]}")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["strategy", "version"], name="one_row_per_strategy_version")]


class StrategyRun(models.Model):
    """One look at one closed bar. UNIQUE(strategy, epoch, bar) is what makes a second look do nothing."""

    class Cause(models.TextChoices):
        BAR = "bar", "A bar closed"
        CRON = "cron", "Its time came"
        MANUAL = "manual", "A person asked"
        JOB = "job", "A scheduled scan"

    strategy = models.ForeignKey(Strategy, on_delete=models.CASCADE, related_name="runs", db_index=False)
    epoch = models.PositiveIntegerField()
    bar_at = models.DateTimeField(help_text="beginning of the bar it judged")
    closed_at = models.DateTimeField(help_text="when that bar closed")
    at = models.DateTimeField()
    cause = models.CharField(max_length=6, choices=Cause.choices)
    known = models.PositiveIntegerField(help_text="symbols with a signal")
    unknown = models.PositiveIntegerField(help_text="symbols without one")
    changed = models.PositiveIntegerField(help_text="symbols whose target changed")
    missed = models.PositiveIntegerField(default=0, help_text="bars since the run before that nobody judged")
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["strategy", "epoch", "bar_at"], name="one_run_per_strategy_and_bar")
        ]
        indexes = [models.Index(fields=["strategy", "-at"], name="strategy_run_list")]  # newest run, run history


class SignalState(models.TextChoices):
    """The life of one change of a target position."""

    PENDING = "pending", "Waiting"  # for the market to open, a price, or its sales to be filled
    WORKING = "working", "Order at work"
    DONE = "done", "Carried out"  # terminal
    RECORDED = "recorded", "Recorded"  # terminal: monitor; with its shadow trade if there was a price
    TOLD = "told", "Told"  # terminal: alert; likewise
    NOTHING = "nothing", "Nothing to trade"  # terminal: the position is there already
    UNKNOWN = "unknown", "Unknown"  # terminal: the signal became unknown; nothing is done
    MISSED = "missed", "Missed"  # terminal: found too late, or nobody acted in time
    SUPERSEDED = "superseded", "Superseded"  # terminal: a later signal, an edit or a pause came first
    BLOCKED = "blocked", "Blocked"  # terminal: the gate denied
    FAILED = "failed", "Failed"  # terminal: the broker rejected, or the order ended without a fill


OPEN_SIGNALS = (SignalState.PENDING.value, SignalState.WORKING.value)


class StrategySignal(models.Model):
    """A change of one symbol's signal or target at one bar, and what became of it.

    UNIQUE(strategy, symbol, epoch, bar): running twice makes one. The epoch moves on only when an edit makes another
    strategy of it, whose signals are others.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    strategy = models.ForeignKey(Strategy, on_delete=models.CASCADE, related_name="signals", db_index=False)
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, db_column="symbol")
    epoch = models.PositiveIntegerField()
    bar_at = models.DateTimeField()
    closed_at = models.DateTimeField(help_text="when the bar closed")
    signal = models.FloatField(null=True, help_text="null: unknown")
    previous_signal = models.FloatField(null=True, help_text="the last known one before")
    target = models.DecimalField(max_digits=12, decimal_places=9, null=True)
    previous_target = models.DecimalField(max_digits=12, decimal_places=9, null=True)
    close = price_field(null=True, help_text="of the bar")
    mode = models.CharField(max_length=10, choices=StrategyMode.choices)
    state = models.CharField(max_length=10, choices=SignalState.choices, default=SignalState.PENDING)
    act_from = models.DateTimeField(help_text="not acted on before: the next open")
    expires_at = models.DateTimeField(help_text="not acted on after")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, related_name="+")
    reason_code = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=400, blank=True)
    shadow_side = models.CharField(max_length=4, blank=True)
    shadow_quantity = quantity_field(null=True)
    shadow_price = price_field(null=True, help_text="after spread and slippage")
    shadow_fee = money_field(null=True)
    trace_id = models.UUIDField(db_index=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["strategy", "instrument", "epoch", "bar_at"], name="one_signal_per_strategy_symbol_and_bar"
            ),
            models.CheckConstraint(condition=Q(state__in=SignalState.values), name="strategy_signal_state_known"),
            models.CheckConstraint(
                condition=Q(signal__isnull=True) | Q(signal__gte=-1, signal__lte=1), name="strategy_signal_in_bounds"
            ),
            models.CheckConstraint(
                condition=Q(shadow_price__isnull=True) | Q(shadow_quantity__gt=0), name="strategy_shadow_has_a_size"
            ),
            models.CheckConstraint(condition=Q(expires_at__gte=F("act_from")), name="strategy_signal_window"),
        ]
        indexes = [
            models.Index(fields=["strategy", "-created_at"], name="strategy_signal_list"),
            # the sweeper, every second: "what waits, what is at work?"
            models.Index(fields=["act_from"], condition=Q(state__in=OPEN_SIGNALS), name="strategy_signal_open"),
        ]
