"""Apply what is due: a split to everything on its symbol in one transaction, a dividend to everyone who holds.

Safe to run twice and to be killed anywhere: a split is applied whole, with its `applied_at`, or not at all; a dividend
is booked once per portfolio and marked when all have it.

Locks, in this order: the corporate action, the quote (the engine passes over it, the feed waits; until `applied_at` is
set, ticks of the symbol are refused), portfolios, orders, rules, watches. It gives way to whoever came from elsewhere.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import OperationalError

from alerts import splitting
from automation.corporate import rules, telling
from common.giving_way import gives_way, is_contention
from markets import corporate_actions as announced
from markets import rescaling as market
from markets.models import CorporateAction, Instrument
from orders import rescaling as orders
from portfolios import corporate as books
from portfolios.corporate import Ratio
from portfolios.models import Portfolio
from watches import rescaling as watching
from watches.scaling import Scale

log = logging.getLogger(__name__)
# So long an entry can still be corrected, and feeds that make their own prices learn of it. Ticks wait meanwhile.
SETTLES = timedelta(seconds=5)


def apply_due(now: datetime) -> int:
    """Apply everything that has taken effect, the oldest first. Returns how many. The sweeper's, every second."""
    applied = 0
    for row in announced.due(now):
        if row.created_at > now - SETTLES:
            continue
        try:
            applied += apply_one(row.pk, now=now)
        except OperationalError as error:
            if not is_contention(error):
                raise
            log.warning("%s waits: its rows are in use; ticks of the symbol are kept out until it is applied", row)
    return applied


def apply_one(action_id: int, *, now: datetime) -> bool:
    """Apply one corporate action. False: it is gone, not due, or applied already."""
    kind = CorporateAction.objects.filter(pk=action_id).values_list("kind", flat=True).first()
    if kind is None:
        return False
    return _apply_split(action_id, now) if kind == announced.SPLIT else _apply_dividend(action_id, now)


@gives_way
def _apply_split(action_id: int, now: datetime) -> bool:
    row = _locked(action_id, now)
    if row is None:
        return False
    instrument = Instrument.objects.get(pk=row.instrument_id)
    symbol, at = instrument.symbol, row.effective_at
    scale = Scale(row.new_shares or 1, row.old_shares or 1)
    fractional = instrument.fractionable
    quote = market.lock_quote(symbol)
    market.rescale(quote, symbol=symbol, new=scale.new, old=scale.old, ex_date=row.ex_date, effective_at=at)
    ratio = Ratio(key=row.key, symbol=symbol, new=scale.new, old=scale.old, at=at)
    resting = orders.rescale(
        symbol=symbol, new=scale.new, old=scale.old, fractional=fractional, effective_at=at, now=now
    )
    booked = []
    for portfolio in Portfolio.objects.filter(pk__in=books.holders(symbol, at)).order_by("pk"):
        price = None if quote is None else quote.last
        entry = books.book_split(portfolio=portfolio, ratio=ratio, whole=not fractional, price=price, now=now)
        if entry is not None:
            booked.append(entry)
    in_new_shares = rules.edited_since(symbol, at)
    changed = rules.rescale(symbol=symbol, scale=scale, fractional=fractional, effective_at=at, now=now)
    new_alerts = splitting.made_since(symbol, at)
    watching.rescale(symbol, scale, but=in_new_shares | new_alerts)
    splitting.rescale(symbol=symbol, dollars=scale.price, now=now, but=new_alerts)
    telling.tell_split(row, entries=booked, orders=resting, rules=changed, now=now)
    row.applied_at = now
    row.save(update_fields=["applied_at"])
    return True


def _apply_dividend(action_id: int, now: datetime) -> bool:
    """A transaction per portfolio: a dividend has no need to reach everybody at the same moment."""
    row = CorporateAction.objects.filter(pk=action_id, applied_at__isnull=True, effective_at__lte=now).first()
    if row is None or row.amount is None:
        return False
    holders = books.holders(row.instrument_id, row.effective_at)
    for portfolio in Portfolio.objects.filter(pk__in=orders.embedded(holders)).order_by("pk"):
        _pay(portfolio, row, now)
    return bool(CorporateAction.objects.filter(pk=action_id, applied_at__isnull=True).update(applied_at=now))


@gives_way
def _pay(portfolio: Portfolio, row: CorporateAction, now: datetime) -> None:
    assert row.amount is not None
    entry = books.book_dividend(
        portfolio=portfolio,
        symbol=row.instrument_id,
        key=row.key,
        per_share=row.amount,
        at=row.effective_at,
        now=now,
    )
    if entry is not None:
        telling.tell_dividend(row, entry, now=now)


def _locked(action_id: int, now: datetime) -> CorporateAction | None:
    rows = CorporateAction.objects.select_for_update(of=("self",))
    return rows.filter(pk=action_id, applied_at__isnull=True, effective_at__lte=now).first()
