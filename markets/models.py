"""What is traded, when, and at what price."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from common.fields import price_field, quantity_field
from common.money import plain


class Exchange(models.Model):
    """A venue with a clock of its own. `DEMO` is always open: every New York calendar day is one session."""

    code = models.CharField(primary_key=True, max_length=10)
    name = models.CharField(max_length=80)
    time_zone = models.CharField(max_length=64, default="America/New_York")
    always_open = models.BooleanField(default=False)


class MarketSession(models.Model):
    """One trading session. Times are UTC; `closes_at` is early on half-days."""

    exchange = models.ForeignKey(Exchange, on_delete=models.CASCADE, related_name="sessions")
    date = models.DateField(help_text="the exchange's date")
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    early_close = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["exchange", "date"], name="one_session_per_exchange_and_date"),
            models.CheckConstraint(
                condition=models.Q(closes_at__gt=models.F("opens_at")), name="session_closes_after_it_opens"
            ),
        ]
        indexes = [
            models.Index(fields=["exchange", "closes_at"], name="session_by_close")
        ]  # "the next session from now"


class Instrument(models.Model):
    """Something that can be held. The symbol is the key everywhere."""

    symbol = models.CharField(primary_key=True, max_length=20)
    name = models.CharField(max_length=120)
    aliases = models.JSONField(default=list, blank=True, help_text="other names people use, lower case: facebook, fb")
    exchange = models.ForeignKey(Exchange, on_delete=models.PROTECT)
    asset_class = models.CharField(max_length=20, default="us_equity")
    active = models.BooleanField(default=True)
    tradable = models.BooleanField(default=True)
    fractionable = models.BooleanField(default=True)
    demo = models.BooleanField(default=False, help_text="prices are demo data; orders can go to the paper broker only")
    data_label = models.CharField(max_length=120, blank=True, help_text="what the price data is, shown beside it")

    def __str__(self) -> str:
        return self.symbol


class Quote(models.Model):
    """The latest usable regular-session observation of one instrument, and the extremes since it was last evaluated.

    `low`/`high` cover every tick from `range_since` until now; claiming a quote for evaluation (dirty -> not dirty)
    starts a new range at the last price. The table is small and updated often: it has no secondary index, so that
    updates stay in place (HOT).
    """

    instrument = models.OneToOneField(Instrument, on_delete=models.CASCADE, primary_key=True, db_column="symbol")
    last = price_field()
    bid = price_field(null=True)
    ask = price_field(null=True)
    low = price_field()
    high = price_field()
    range_since = models.DateTimeField(help_text="when the first tick of this range was received")
    volume = quantity_field(default=0, help_text="cumulative in this session")
    session_date = models.DateField(null=True, help_text="the exchange's date of this observation")
    session_open = price_field(null=True)
    prev_close = price_field(null=True, help_text="previous session's close, split-adjusted")
    at = models.DateTimeField(help_text="the source's time of the last tick")
    received_at = models.DateTimeField()
    source = models.CharField(max_length=20)
    dirty = models.BooleanField(default=True, help_text="seen by the feed, not yet by the engine")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(last__gt=0) & models.Q(low__gt=0), name="quote_prices_positive"),
            models.CheckConstraint(
                condition=models.Q(low__lte=models.F("last")) & models.Q(high__gte=models.F("last")),
                name="quote_range_holds_last",
            ),
        ]


class Bar(models.Model):
    """One bar. `at` is the start of the bar in UTC; a daily bar starts at its session date's midnight UTC."""

    class Timeframe(models.TextChoices):
        MINUTE = "1m", "1 minute"
        DAY = "1d", "1 day"

    instrument = models.ForeignKey(
        Instrument, on_delete=models.CASCADE, db_column="symbol", related_name="bars", db_index=False
    )
    timeframe = models.CharField(max_length=3, choices=Timeframe.choices)
    at = models.DateTimeField()
    open = price_field()
    high = price_field()
    low = price_field()
    close = price_field()
    volume = quantity_field(default=0)
    source = models.CharField(max_length=20)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["instrument", "timeframe", "at"], name="one_bar_per_instrument_timeframe_and_start"
            ),
            models.CheckConstraint(
                condition=models.Q(low__gt=0)
                & models.Q(low__lte=models.F("open"))
                & models.Q(low__lte=models.F("close"))
                & models.Q(high__gte=models.F("open"))
                & models.Q(high__gte=models.F("close")),
                name="bar_prices_in_order",
            ),
        ]


class WatchlistItem(models.Model):
    """A symbol a user wants to see live, whether or not a rule uses it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watchlist")
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "instrument"], name="watchlist_symbol_once_per_user")]


class DemoPriceOverride(models.Model):
    """A move on demand: the demo feed takes this price at its next tick and holds it for a while."""

    instrument = models.OneToOneField(Instrument, on_delete=models.CASCADE, primary_key=True, db_column="symbol")
    price = price_field()
    hold_seconds = models.PositiveIntegerField(help_text="how long the price stays before it moves on from there")
    requested_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True, help_text="when the feed took it")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(price__gt=0), name="demo_price_positive")]


class CorporateAction(models.Model):
    """A split or a cash dividend. It takes effect when its ex-date begins in New York, once: then `applied_at` is set.

    A split that is due and not applied keeps the symbol's ticks out: a price in new shares must not meet levels in old.
    """

    class Kind(models.TextChoices):
        SPLIT = "split", "Split"
        CASH_DIVIDEND = "cash_dividend", "Cash dividend"

    instrument = models.ForeignKey(
        Instrument, on_delete=models.PROTECT, db_column="symbol", related_name="corporate_actions", db_index=False
    )
    kind = models.CharField(max_length=14, choices=Kind.choices)
    ex_date = models.DateField(help_text="first session that trades without it, New York")
    new_shares = models.PositiveIntegerField(null=True, blank=True, help_text="split 10:1: 10")
    old_shares = models.PositiveIntegerField(null=True, blank=True, help_text="split 10:1: 1")
    amount = price_field(null=True, blank=True, help_text="dividend: dollars per share")
    source = models.CharField(max_length=40, blank=True, help_text="who says so")
    effective_at = models.DateTimeField(editable=False, help_text="when the ex-date begins")
    applied_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["instrument", "kind", "ex_date"], name="one_corporate_action_per_kind_and_ex_date"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="split", new_shares__gt=0, old_shares__gt=0, amount__isnull=True)
                & ~models.Q(new_shares=models.F("old_shares"))
                | models.Q(kind="cash_dividend", amount__gt=0, new_shares__isnull=True, old_shares__isnull=True),
                name="corporate_action_says_how_much",
            ),
        ]
        indexes = [
            # every batch of ticks and the sweeper: "which are due and not applied?"
            models.Index(
                fields=["effective_at"], condition=models.Q(applied_at__isnull=True), name="corporate_action_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.words} ({self.ex_date})"

    @property
    def key(self) -> str:
        """Its name in the books: the same however often it is entered."""
        return f"{self.instrument_id}:{self.kind}:{self.ex_date}"

    @property
    def words(self) -> str:
        """`split 10:1`, `dividend of $0.25 a share`."""
        if self.kind == self.Kind.SPLIT:
            return f"split {self.new_shares}:{self.old_shares}"
        return f"dividend of ${plain(self.amount)} a share" if self.amount is not None else "dividend"


class NewsArticle(models.Model):
    """An article as its provider told it to one user: fetched with that user's keys, shown to nobody else.

    Every text is a stranger's: shown escaped, given to a model between fences only.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="news")
    provider = models.CharField(max_length=20)
    provider_id = models.CharField(max_length=40, help_text="the provider's own")
    headline = models.CharField(max_length=400)
    summary = models.TextField(blank=True)
    publisher = models.CharField(max_length=80, blank=True)
    link = models.CharField(max_length=500, blank=True, help_text="http(s), or empty")
    symbols = models.JSONField(default=list, help_text="the symbols it is about, as the provider says")
    published_at = models.DateTimeField()
    fetched_at = models.DateTimeField(help_text="for the first time")
    changed_at = models.DateTimeField(help_text="when its text last changed here: what was read before is stale")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "provider", "provider_id"], name="one_news_article_per_user_and_provider_id"
            )
        ]
        indexes = [
            models.Index(fields=["user", "published_at"], name="news_lately"),  # "what came in since yesterday?"
            models.Index(fields=["fetched_at"], name="news_to_forget"),  # the sweeper: "which are over a month old?"
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.provider_id}"
