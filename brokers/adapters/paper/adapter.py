"""The embedded exchange: what is submitted, filled and cancelled here commits together with our record of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from brokers.adapters.paper import books, matching, translate
from brokers.models import BrokerAccount, PaperFill, PaperOrder
from brokers.port import (
    BrokerAccountState,
    BrokerAsset,
    BrokerClock,
    BrokerError,
    BrokerFill,
    BrokerOrder,
    BrokerPosition,
    require_approved,
)
from common.bulk import insert
from markets import calendar
from markets.models import Instrument, Quote
from safety.gate import ApprovedOrder
from safety.types import ProposedOrder

Status = PaperOrder.Status


class PaperBroker:
    """One paper account. `clock` is the exchange's time.

    Idempotent: a second submit under a client order id returns the first order, whatever the second one says.
    """

    local = True

    def __init__(self, account: BrokerAccount, clock: Callable[[], datetime]) -> None:
        self._account = account
        self._clock = clock

    def account(self) -> BrokerAccountState:
        return BrokerAccountState(cash=books.cash(self._account))

    def positions(self) -> Sequence[BrokerPosition]:
        held = books.positions(self._account)
        return [BrokerPosition(symbol=symbol, quantity=quantity) for symbol, quantity in held.items()]

    def open_orders(self) -> Sequence[BrokerOrder]:
        rows = PaperOrder.objects.filter(account=self._account, closed_at=None).order_by("accepted_at", "pk")
        return [translate.order(row) for row in rows]

    def submit(self, order: ApprovedOrder) -> BrokerOrder:
        answer = self.submit_many([order])[0]
        if isinstance(answer, BrokerError):
            raise answer
        return answer

    def submit_many(self, orders: Sequence[ApprovedOrder]) -> Sequence[BrokerOrder | BrokerError]:
        proposed = [require_approved(order).order for order in orders]
        if not proposed:
            return []
        now = self._clock()
        with transaction.atomic():
            (self._account,) = matching.lock_accounts([self._account.pk])
            ids = [order.client_order_id for order in proposed]
            known = {row.client_order_id: row for row in PaperOrder.objects.filter(client_order_id__in=ids)}
            symbols = {order.symbol for order in proposed}
            instruments = Instrument.objects.in_bulk(symbols)
            quotes = Quote.objects.filter(at__gte=now - matching.QUOTE_MAX_AGE).in_bulk(symbols)
            refused: dict[str, BrokerError] = {}
            rows: list[PaperOrder] = []
            fills: list[PaperFill] = []
            for order in proposed:
                if order.client_order_id in known or order.client_order_id in refused:
                    continue
                if error := _refusal(order, instruments.get(order.symbol), self._account):
                    refused[order.client_order_id] = error
                    continue
                row = known[order.client_order_id] = self._row(order, instruments[order.symbol], now)
                rows.append(row)
                fills += self._meet(row, quotes.get(order.symbol), now)
            insert(PaperOrder, rows)
            insert(PaperFill, fills)
        return [refused.get(key) or translate.order(known[key]) for key in ids]

    def cancel(self, broker_order_id: str) -> BrokerOrder:
        found = self.cancel_many([broker_order_id])
        if not found:
            raise BrokerError(f"The paper broker has no order {broker_order_id}.", permanent=True, code="NOT_FOUND")
        return found[0]

    def cancel_many(self, broker_order_ids: Sequence[str]) -> Sequence[BrokerOrder]:
        with transaction.atomic():
            matching.lock_accounts([self._account.pk])
            rows = PaperOrder.objects.filter(account=self._account, pk__in=broker_order_ids).order_by("pk")
            rows.filter(closed_at=None).update(status=Status.CANCELLED, closed_at=self._clock())
            return [translate.order(row) for row in rows]

    def find(self, client_order_id: str) -> BrokerOrder | None:
        row = PaperOrder.objects.filter(account=self._account, client_order_id=client_order_id).first()
        return translate.order(row) if row else None

    def fills_since(self, cursor: str) -> Sequence[BrokerFill]:
        fills = PaperFill.objects.filter(order__account=self._account, pk__gt=int(cursor or 0)).order_by("pk")
        return [translate.fill(*row) for row in fills.values_list(*translate.FILL)]

    def clock(self) -> BrokerClock:
        return BrokerClock(at=self._clock())

    def asset(self, symbol: str) -> BrokerAsset | None:
        row = Instrument.objects.filter(pk=symbol).first()
        if row is None:
            return None
        return BrokerAsset(symbol=symbol, active=row.active, tradable=row.tradable, fractionable=row.fractionable)

    def _row(self, order: ProposedOrder, instrument: Instrument, now: datetime) -> PaperOrder:
        return PaperOrder(
            account=self._account,
            client_order_id=order.client_order_id,
            instrument=instrument,
            side=order.side,
            order_type=order.order_type,
            time_in_force=order.time_in_force,
            quantity=order.quantity,
            limit_price=order.limit_price,
            stop_price=order.stop_price,
            filled_value=Decimal(0),
            filled_quantity=Decimal(0),
            accepted_at=now,
            expires_at=_session_close(instrument, now) if order.time_in_force == "day" else None,
        )

    def _meet(self, row: PaperOrder, quote: Quote | None, now: datetime) -> list[PaperFill]:
        """Trade a new order at once if it can; what traded before it came does not fill it."""
        fill = matching.trade(row, quote, self._account, low=quote.last, high=quote.last, now=now) if quote else None
        if row.time_in_force == "ioc" and row.closed_at is None:
            row.status, row.closed_at = Status.CANCELLED, now
        return [fill] if fill else []


def _refusal(order: ProposedOrder, instrument: Instrument | None, account: BrokerAccount) -> BrokerError | None:
    if order.account_id != account.pk:
        return BrokerError(f"The order is for account {order.account_id}, not {account.pk}.", permanent=True)
    if instrument is None:
        return BrokerError(f"The paper broker does not know {order.symbol}.", permanent=True, code="ASSET_UNKNOWN")
    if not (instrument.active and instrument.tradable):
        return BrokerError(f"{order.symbol} cannot be traded.", permanent=True, code="ASSET_NOT_TRADABLE")
    return None


def _session_close(instrument: Instrument, now: datetime) -> datetime | None:
    """The close of the session in progress, else of the next one."""
    session = calendar.session_at(instrument.exchange_id, now) or calendar.next_session(instrument.exchange_id, now)
    return session.closes_at if session else None
