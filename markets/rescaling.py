"""What a split does to a symbol's quote and bars. Call in one transaction, after `lock_quote`."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import connection

from common.money import nano
from markets.bars import day_start
from markets.models import Bar, Quote

PRICES = ("last", "bid", "ask", "low", "high", "session_open", "prev_close")
# Prices and shares, multiplied and rounded as watches.scaling.Scale does it.
BARS = """
UPDATE markets_bar SET
    open = round(open * %(old)s / %(new)s, 9), high = round(high * %(old)s / %(new)s, 9),
    low = round(low * %(old)s / %(new)s, 9), close = round(close * %(old)s / %(new)s, 9),
    volume = round(volume * %(new)s / %(old)s, 9)
WHERE symbol = %(symbol)s AND ((timeframe = '1d' AND at < %(day)s) OR (timeframe = '1m' AND at < %(at)s))
"""


def lock_quote(symbol: str) -> Quote | None:
    """The standing quote, locked: the engine passes over it, the feed waits."""
    return Quote.objects.select_for_update().filter(pk=symbol).first()


def rescale(quote: Quote | None, *, symbol: str, new: int, old: int, ex_date: date, effective_at: datetime) -> None:
    """Carry the standing quote and the stored bars before the ex-date over a split of `new` for `old` shares.

    A quote of the ex-date's session is in new shares already and stays. Afterwards the quote is dated the split at the
    earliest, so that a late tick in old shares is out of order.
    """
    if quote is not None and (quote.at < effective_at):
        for name in PRICES:
            price = getattr(quote, name)
            if price is not None:
                setattr(quote, name, nano(price * old / new))
        quote.volume = nano(quote.volume * new / old)
        quote.at = effective_at
        quote.save(update_fields=[*PRICES, "volume", "at"])
    if bars_are_raw(symbol, new=new, old=old, ex_date=ex_date):
        with connection.cursor() as cursor:
            cursor.execute(
                BARS,
                {"symbol": symbol, "new": new, "old": old, "day": day_start(ex_date), "at": effective_at},
            )


def bars_are_raw(symbol: str, *, new: int, old: int, ex_date: date) -> bool:
    """Whether the stored daily bars still are in old shares.

    A file from a vendor who adjusts shows no jump at the ex-date; then they must not be scaled again. With no bar on
    one of the sides (a split that has only just begun) they are raw: they came with the prices.
    """
    daily = Bar.objects.filter(instrument_id=symbol, timeframe="1d")
    close = daily.filter(at__lt=day_start(ex_date)).order_by("-at").values_list("close", flat=True).first()
    opened = daily.filter(at__gte=day_start(ex_date)).order_by("at").values_list("open", flat=True).first()
    if close is None or opened is None:
        return True
    jump, expected = close / opened, Decimal(new) / old
    return abs(jump.ln() - expected.ln()) < abs(jump.ln())
