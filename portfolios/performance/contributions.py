"""What each holding added to the result of a stretch of time, and what its sales made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from common.money import ZERO
from markets.closes import daily_closes_between
from portfolios.measuring.trades import Trades, summed
from portfolios.models import LotDisposal

# Shares held at the base, and dollars each symbol has moved since: sales and dividends in, purchases and fees out;
# shares brought in cost their market value. A split since the base multiplies what was held: closes are adjusted.
MOVED = """
WITH entries AS (
    SELECT symbol, kind, at, quantity, price, amount,
           sum(quantity) OVER (PARTITION BY symbol ORDER BY at, id) AS held
    FROM portfolios_ledgerentry WHERE portfolio_id = %(id)s AND symbol IS NOT NULL AND at <= %(until)s
)
SELECT symbol, coalesce(sum(quantity) FILTER (WHERE at <= %(base)s::timestamptz), 0)::float8,
       coalesce(sum(amount - CASE WHEN kind = 'opening' THEN round(quantity * price, 2) ELSE 0 END)
                FILTER (WHERE at > %(base)s::timestamptz), 0)::float8,
       coalesce(exp(sum(ln(held / (held - quantity))) FILTER (
           WHERE kind = 'split' AND at > %(base)s::timestamptz AND held > 0 AND held > quantity)), 1)::float8
FROM entries GROUP BY symbol
"""
LOOK_BACK = timedelta(days=14)


@dataclass(frozen=True, kw_only=True, slots=True)
class Contribution:
    """Dollars one holding added; None with the reason while a price is missing. `share` is of the average capital."""

    symbol: str
    gain: float | None
    share: float | None
    reason: str = ""


def contributions_of(
    portfolio_id: UUID,
    *,
    base: datetime | None,
    base_day: date,
    until: datetime,
    values: Mapping[str, float],
    capital: float,
) -> list[Contribution]:
    """By symbol, the largest gain first. `values` are today's dollars by symbol; `base` None: from the beginning."""
    with connection.cursor() as cursor:
        cursor.execute(MOVED, {"id": portfolio_id, "base": base or "-infinity", "until": until})
        rows = cursor.fetchall()
    held = [symbol for symbol, quantity, _, _ in rows if quantity]
    closes = daily_closes_between(held, start=base_day - LOOK_BACK, end=base_day) if held else {}
    found = []
    for symbol, quantity, moved, split in rows:
        if quantity and symbol not in closes:
            reason = f"There is no close of {symbol} around {base_day}."
            found.append(Contribution(symbol=symbol, gain=None, share=None, reason=reason))
            continue
        began = quantity * split * closes[symbol].prices[-1] if quantity else 0.0
        gain = values.get(symbol, 0.0) + moved - began
        if quantity or moved or symbol in values:
            share = gain / capital if capital > 0 else None
            found.append(Contribution(symbol=symbol, gain=gain, share=share))
    return sorted(found, key=lambda one: (one.gain is None, -(one.gain or 0.0)))


def trades_of(portfolio_id: UUID, *, base: datetime | None, until: datetime) -> Trades:
    """The sales after `base`, each with the gain of its lots. Two queries."""
    sold = LotDisposal.objects.filter(lot__portfolio=portfolio_id, at__lte=until)
    if base is not None:
        sold = sold.filter(at__gt=base)
    gains = list(sold.values("entry").annotate(total=Sum("gain")).order_by("entry").values_list("total", flat=True))
    long_term = sold.filter(long_term=True).aggregate(total=Sum("gain"))["total"] if gains else None
    return summed(gains, long_term=long_term or ZERO)
