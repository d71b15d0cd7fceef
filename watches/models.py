"""Series, watches on them, and timers. No row here knows what a rule is: an owner is a kind and an id."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Series(models.Model):
    """A value over time: a subject and an observable.

    A *derived* series follows a quote: value = shift + price * numerator / reference, so that change, drawdown
    and live averages cost one formula in the batch statement. A *pushed* series gets its values from `watches.feeding`.

    A *peak group* (`kind` peak) is a derived series whose reference is the highest (side long) or lowest (short)
    price since it began; the engine moves it.
    """

    class Kind(models.TextChoices):
        DERIVED = "derived", "Follows the price"
        ABSOLUTE = "absolute", "Follows the price, sign dropped"
        VOLUME = "volume", "Follows the session volume"
        PEAK_PERCENT = "peak_pct", "Percent from the best price since it began"
        PEAK_AMOUNT = "peak_amt", "Dollars from the best price since it began"
        PUSHED = "pushed", "Values arrive from outside"

    subject = models.CharField(max_length=64, help_text="a symbol, or portfolio:<id>, goal:<id>")
    observable = models.CharField(
        max_length=80, help_text="price, change_pct:1d, drawdown:pct:long:<n>, ma_cross:sma:10:50:1d …"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    shift = models.DecimalField(max_digits=28, decimal_places=9, default=0)
    numerator = models.DecimalField(max_digits=28, decimal_places=9, default=1)
    base = models.CharField(
        max_length=12, default="stored", help_text="the reference: stored here, or the quote's prev_close, session_open"
    )
    reference = models.DecimalField(
        max_digits=28, decimal_places=9, null=True, default=1, help_text="peak groups: the peak; null: unknown"
    )
    short = models.BooleanField(default=False, help_text="peak groups: follows the lowest price instead")
    reference_at = models.DateTimeField(null=True, help_text="when the reference was computed")
    value = models.DecimalField(max_digits=28, decimal_places=9, null=True, help_text="pushed: last value")
    value_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "series"
        constraints = [
            models.UniqueConstraint(fields=["subject", "observable"], name="one_series_per_subject_and_observable")
        ]


class Phase(models.IntegerChoices):
    """Where a watch is in its life. What it scans for in each phase is written in its `scan_*` columns."""

    OFF = 0, "Off"  # scans for nothing
    ARMED = 1, "Armed"  # fires when the value reaches `level`
    PRIME = 2, "Waiting for the other side"  # edge cross: must first see the value on the other side
    RECOVER = 3, "Waiting to come back"  # fired; must come back by the hysteresis before it arms again
    COOLING = 4, "Cooling down"  # came back, cooldown not over: `rearm_at`
    ACTIVATE = 5, "Waiting for the activation price"  # trailing stop with an activation price
    WAITING = 6, "Waiting for a reference"  # the first usable observation gives the reference
    RETRY = 7, "Waiting to try again"  # fired, but nothing came of it: armed again at `rearm_at`, on the same level
    HOLDING = 8, "Holding"  # reached; must stay so until `rearm_at`, the value back on the other side breaks it
    HELD = 9, "Held long enough"  # stayed so until `rearm_at`: fires at the next value unless that is back


class Watch(models.Model):
    """Tell OWNER when SERIES reaches LEVEL. One per owner."""

    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="watches", db_index=False)
    home = models.ForeignKey(
        Series,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="where it was armed; a following watch leaves it and comes back",
    )
    owner_kind = models.CharField(max_length=10, help_text="action, order, alert …")
    owner_id = models.UUIDField()
    epoch = models.PositiveIntegerField(help_text="the owner's arming epoch; a hit of another epoch is stale")
    direction = models.SmallIntegerField(help_text="+1 fires upwards, -1 downwards")
    level = models.DecimalField(max_digits=28, decimal_places=9)
    strict = models.BooleanField(default=False, help_text="fires beyond the level, not at it")
    primes = models.BooleanField(default=False, help_text="edge cross: must see the other side before it arms")
    hysteresis = models.DecimalField(max_digits=28, decimal_places=9, default=0)
    cooldown_seconds = models.PositiveIntegerField(default=0)
    repeats = models.BooleanField(default=False, help_text="arms again after firing")
    phase = models.SmallIntegerField(choices=Phase.choices)
    armed_at = models.DateTimeField(help_text="extremes seen before this do not count, only the last value does")
    hold_seconds = models.PositiveIntegerField(default=0, db_default=0, help_text="must stay reached so long to fire")
    release = models.DecimalField(
        max_digits=28,
        decimal_places=9,
        null=True,
        help_text="pulses: the value that breaks a hold; see specs.WatchSpec",
    )
    rearm_at = models.DateTimeField(null=True, help_text="when the cooldown, the wait or the hold is over")
    follow = models.JSONField(null=True, help_text="what the first observation decides; see specs.Follow")
    # What the watch is scanning for right now: value >= scan_level (+1), value <= scan_level (-1), nothing (0).
    scan = models.SmallIntegerField(default=0)
    scan_level = models.DecimalField(max_digits=28, decimal_places=9, default=0)
    scan_strict = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "watches"
        constraints = [
            models.UniqueConstraint(fields=["owner_kind", "owner_id"], name="one_watch_per_owner"),
            models.CheckConstraint(
                condition=Q(direction__in=[-1, 1]) & Q(scan__in=[-1, 0, 1]), name="watch_directions"
            ),
        ]
        indexes = [
            # The engine's two range scans: "which watches of this series does the batch's high (low) reach?"
            models.Index(fields=["series", "scan_level"], condition=Q(scan=1), name="watch_scan_up"),
            models.Index(fields=["series", "scan_level"], condition=Q(scan=-1), name="watch_scan_down"),
            # every evaluation and the sweeper: "whose cooldown, wait or hold is over?"; the sweeper: "which holds that
            # ended in the last two minutes has no price confirmed?". By phase first: holds that no price confirms
            # stay in phase 9 and must not be read again by the others.
            models.Index(fields=["phase", "rearm_at"], condition=Q(phase__in=[4, 7, 8, 9]), name="watch_cooling"),
            models.Index(fields=["home"], name="watch_by_home"),  # "may this series be forgotten?"
            models.Index(fields=["series"], name="watch_by_series"),  # merging peak groups, "is this series in use?"
        ]


class Timer(models.Model):
    """Tell OWNER when the time has come. One per owner and purpose."""

    owner_kind = models.CharField(max_length=10)
    owner_id = models.UUIDField()
    purpose = models.CharField(max_length=10, help_text="fire, arm, expire")
    due_at = models.DateTimeField()
    epoch = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner_kind", "owner_id", "purpose"], name="one_timer_per_owner_and_purpose"
            )
        ]
        indexes = [models.Index(fields=["due_at"], name="timer_due")]  # swept every second
