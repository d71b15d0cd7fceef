"""Where paper orders trade: against the standing quote and the range since the order was last looked at.

A market order trades at once when the quote is at most 15 s old, else with the next quote. Limits and stops rest until
the range reaches them. One fill per quote and order, of at most the account's `max_fill_quantity`. Which resting
orders a quote reaches is one statement over the index of open orders, so matching costs nothing when none is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction

from brokers.models import BrokerAccount, PaperFill, PaperOrder
from markets import fill_model
from markets.arrays import texts
from markets.models import Quote

Status = PaperOrder.Status
QUOTE_MAX_AGE = timedelta(seconds=15)

# Extremes seen before the order came, or before its last fill, do not count for it: then only the last price does.
CROSSED = """
SELECT o.id, o.account_id, m.low, m.high
FROM brokers_paperorder o
JOIN markets_quote q ON q.symbol = o.symbol
CROSS JOIN LATERAL (SELECT q.range_since >= COALESCE(o.matched_at, o.accepted_at)) AS c (counts)
CROSS JOIN LATERAL (
    SELECT LEAST(o.range_low, CASE WHEN c.counts THEN q.low ELSE q.last END),
           GREATEST(o.range_high, CASE WHEN c.counts THEN q.high ELSE q.last END)
) AS m (low, high)
WHERE o.closed_at IS NULL
  AND (%(symbols)s::text[] IS NULL OR o.symbol = ANY(%(symbols)s::text[]))
  AND (%(account)s::uuid IS NULL OR o.account_id = %(account)s::uuid)
  AND (o.expires_at IS NULL OR o.expires_at > %(now)s)
  AND q.at >= %(oldest)s AND (o.matched_at IS NULL OR q.received_at > o.matched_at)
  AND CASE
        WHEN o.order_type = 'market' OR (o.order_type = 'stop' AND o.triggered) THEN true
        WHEN o.order_type IN ('stop', 'stop_limit') AND NOT o.triggered
            THEN CASE o.side WHEN 'buy' THEN m.high >= o.stop_price ELSE m.low <= o.stop_price END
        WHEN o.side = 'buy' THEN LEAST(m.low, COALESCE(q.ask, q.last)) <= o.limit_price
        ELSE GREATEST(m.high, COALESCE(q.bid, q.last)) >= o.limit_price
      END
ORDER BY o.accepted_at, o.id
"""


# The evaluation is about to begin a new range of these quotes: what the old one held is kept with the open orders, in
# the evaluation's own transaction, so that no spike between two looks is lost with a worker or a message. The quotes
# are locked first: no tick can come between this and the claim.
KEEP_RANGES = """
WITH taken AS MATERIALIZED (
    SELECT q.symbol, q.low, q.high, q.last, q.range_since
    FROM markets_quote q
    WHERE q.dirty AND q.received_at > %(oldest)s
      AND q.symbol IN (SELECT symbol FROM brokers_paperorder WHERE closed_at IS NULL)
    ORDER BY q.symbol FOR UPDATE SKIP LOCKED
)
UPDATE brokers_paperorder o SET
    range_low = LEAST(o.range_low, CASE WHEN c.counts THEN t.low ELSE t.last END),
    range_high = GREATEST(o.range_high, CASE WHEN c.counts THEN t.high ELSE t.last END)
FROM taken t, brokers_paperorder p
CROSS JOIN LATERAL (SELECT COALESCE(p.matched_at, p.accepted_at) AS since) AS s
CROSS JOIN LATERAL (SELECT t.range_since >= s.since AS counts) AS c
WHERE o.id = p.id AND p.symbol = t.symbol AND p.closed_at IS NULL
RETURNING o.symbol
"""


# What a look at the market changes in an order.
MATCHED = (
    "triggered",
    "matched_at",
    "range_low",
    "range_high",
    "filled_quantity",
    "filled_value",
    "status",
    "closed_at",
)


@dataclass(frozen=True, slots=True)
class Crossed:
    """An open order that the market reaches, and the range that counts for it."""

    order_id: UUID
    account_id: UUID
    low: Decimal
    high: Decimal


def match_symbols(
    symbols: Iterable[str] | None,
    *,
    now: datetime,
    account: BrokerAccount | None = None,
) -> int:
    """Trade the open orders of these symbols (None: all) that the market reaches; returns how many traded or triggered.

    Only the paper broker's own rows change; `orders.matching` books the executions in the same transaction.
    """
    wanted = None if symbols is None else sorted(set(symbols))
    with transaction.atomic():
        ids = {found.account_id for found in _crossed(wanted, now, account)}
        accounts = {row.pk: row for row in lock_accounts(ids)}
        # Again, under the locks: another process may have traded them meanwhile.
        crossed = {found.order_id: found for found in _crossed(wanted, now, account) if found.account_id in ids}
        orders = list(PaperOrder.objects.filter(pk__in=crossed).order_by("accepted_at", "pk"))
        quotes = {q.instrument_id: q for q in Quote.objects.filter(pk__in={o.instrument_id for o in orders})}
        fills = []
        for order in orders:
            reach = crossed[order.pk]
            fill = trade(
                order, quotes[order.instrument_id], accounts[order.account_id], low=reach.low, high=reach.high, now=now
            )
            fills += [fill] if fill else []
        PaperOrder.objects.bulk_update(orders, MATCHED)
        PaperFill.objects.bulk_create(fills)
    return len(orders)


def keep_ranges(*, oldest: datetime) -> set[str]:
    """Keep what the unseen quotes' ranges mean for open orders; returns their symbols. Call before claiming quotes."""
    with connection.cursor() as cursor:
        cursor.execute(KEEP_RANGES, {"oldest": oldest})
        return {symbol for (symbol,) in cursor.fetchall()}


def accounts_with_crossed_orders(*, symbols: Iterable[str] | None, now: datetime) -> list[BrokerAccount]:
    """The accounts that `match_symbols` would touch."""
    wanted = None if symbols is None else sorted(set(symbols))
    ids = {found.account_id for found in _crossed(wanted, now, None)}
    return list(BrokerAccount.objects.filter(pk__in=ids).order_by("pk"))


def lock_accounts(ids: Collection[UUID]) -> list[BrokerAccount]:
    """Lock accounts, so that an account trades one order after the other and its executions have ascending numbers."""
    rows = BrokerAccount.objects.select_for_update(no_key=True).select_related(None)
    return list(rows.filter(pk__in=ids).order_by("pk"))


def trade(
    order: PaperOrder, quote: Quote, account: BrokerAccount, *, low: Decimal, high: Decimal, now: datetime
) -> PaperFill | None:
    """Let one order meet the market; changes the order object and returns its execution, if any."""
    outcome = fill_model.match(
        fill_model.WorkingOrder(
            side=order.side,
            order_type=order.order_type,
            remaining=order.quantity - order.filled_quantity,
            limit_price=order.limit_price,
            stop_price=order.stop_price,
            triggered=order.triggered,
            filled=order.filled_quantity,
        ),
        fill_model.Observation(last=quote.last, low=low, high=high, bid=quote.bid, ask=quote.ask),
        fill_model.Costs(
            slippage_bps=account.slippage_bps,
            fee_per_order=account.fee_per_order,
            fee_bps=account.fee_bps,
            max_fill_quantity=account.max_fill_quantity,
        ),
    )
    order.triggered = outcome.triggered
    if not outcome.fills:
        return None
    fill = outcome.fills[0]
    order.matched_at = quote.received_at
    order.range_low = order.range_high = None
    order.filled_quantity += fill.quantity
    order.filled_value += fill.quantity * fill.price
    if order.filled_quantity >= order.quantity:
        order.status, order.closed_at = Status.FILLED, now
    else:
        order.status = Status.PARTIALLY_FILLED
    return PaperFill(order=order, quantity=fill.quantity, price=fill.price, fee=fill.fee, at=now)


def accounts_with_expired_orders(*, now: datetime) -> list[BrokerAccount]:
    """Accounts with open orders whose session has closed."""
    late = PaperOrder.objects.filter(closed_at=None, expires_at__lte=now)
    return list(BrokerAccount.objects.filter(pk__in=late.values("account")).order_by("pk"))


def expire_orders(account: BrokerAccount, *, now: datetime) -> int:
    """End the account's orders whose session has closed; what filled before stays filled."""
    with transaction.atomic():
        lock_accounts([account.pk])
        late = PaperOrder.objects.filter(account=account, closed_at=None, expires_at__lte=now)
        return late.update(status=Status.EXPIRED, closed_at=now)


def _crossed(symbols: Sequence[str] | None, now: datetime, account: BrokerAccount | None) -> list[Crossed]:
    with connection.cursor() as cursor:
        cursor.execute(
            CROSSED,
            {
                "symbols": None if symbols is None else texts(symbols),
                "account": account.pk if account else None,
                "now": now,
                "oldest": now - QUOTE_MAX_AGE,
            },
        )
        return [Crossed(*row) for row in cursor.fetchall()]
