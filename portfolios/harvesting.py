"""Open lots whose loss could be realised to save taxes. Estimates, no advice; only this portfolio is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from common.errors import InvalidInput
from common.money import HUNDRED, ZERO, cents, percent_of, plain
from portfolios.goals.reading import WASH_DAYS, recent_buys
from portfolios.lots import EXCHANGE_ZONE, held_long
from portfolios.models import Lot, Portfolio

SHORT_TERM_PCT, LONG_TERM_PCT = Decimal(24), Decimal(15)  # what a goal starts with


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """One open lot below its cost. Dollars and percent; `caution` says what could void the loss."""

    lot_id: int
    symbol: str
    acquired_at: datetime
    quantity: Decimal
    cost: Decimal
    value: Decimal
    loss: Decimal  # above 0
    loss_pct: Decimal  # of the cost
    long_term: bool
    tax_saved: Decimal
    no_buys_until: datetime  # if it were sold now: 30 days
    caution: str


def harvest_candidates(
    portfolio: Portfolio,
    *,
    now: datetime,
    min_loss: Decimal = HUNDRED,
    min_loss_pct: Decimal = Decimal(5),
    short_term_tax_pct: Decimal = SHORT_TERM_PCT,
    long_term_tax_pct: Decimal = LONG_TERM_PCT,
) -> list[Candidate]:
    """Lots that lost at least `min_loss` dollars and `min_loss_pct` percent, the largest saving first. Two queries.

    Holdings without a quote are left out. InvalidInput for thresholds and rates that make no sense.
    """
    _check(min_loss=min_loss, min_loss_pct=min_loss_pct, short=short_term_tax_pct, long=long_term_tax_pct)
    bought = recent_buys(portfolio, now)
    rows = Lot.objects.filter(portfolio=portfolio, open_quantity__gt=0, instrument__quote__isnull=False)
    found = []
    for lot, price in ((lot, lot.instrument.quote.last) for lot in rows.select_related("instrument__quote")):
        value = cents(lot.open_quantity * price)
        loss = lot.open_cost - value
        share = percent_of(loss, lot.open_cost)
        if loss <= ZERO or loss < min_loss or share < min_loss_pct:
            continue
        long = held_long(lot.acquired_at, now)
        found.append(
            Candidate(
                lot_id=lot.pk,
                symbol=lot.instrument_id,
                acquired_at=lot.acquired_at,
                quantity=lot.open_quantity,
                cost=lot.open_cost,
                value=value,
                loss=loss,
                loss_pct=share.quantize(Decimal("0.0001")),
                long_term=long,
                tax_saved=cents(loss * (long_term_tax_pct if long else short_term_tax_pct) / HUNDRED),
                no_buys_until=now + WASH_DAYS,
                caution=_caution(lot, bought.get(lot.instrument_id)),
            )
        )
    return sorted(found, key=lambda one: (-one.tax_saved, one.symbol, one.lot_id))


def _caution(lot: Lot, bought: datetime | None) -> str:
    """About other shares of it bought within 30 days: as far as they are kept, the loss would not count."""
    if bought is None or bought <= lot.acquired_at:
        return ""
    free = bought + WASH_DAYS + timedelta(days=1)
    return (
        f"{lot.instrument_id} was bought on {_day(bought)}: sold before {_day(free)}, the loss does not count as far "
        "as those shares are kept (wash sale)."
    )


def _check(**given: Decimal) -> None:
    names = {"short": "short_term_tax_pct", "long": "long_term_tax_pct"}
    errors = {
        names.get(name, name): f"{plain(value)} cannot be used: give a number from 0"
        f"{' to 100' if name != 'min_loss' else ' on'}."
        for name, value in given.items()
        if value < ZERO or (name != "min_loss" and value > HUNDRED)
    }
    if errors:
        raise InvalidInput(errors)


def _day(at: datetime) -> str:
    return f"{at.astimezone(EXCHANGE_ZONE):%Y-%m-%d}"
