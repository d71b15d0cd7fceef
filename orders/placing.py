"""The one door for orders: rules, goals, strategies, the agent and people all come through here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction

from brokers.models import BrokerAccount
from common.bulk import insert
from common.enqueue import nudge
from common.errors import Conflict, InvalidInput, NotFound
from common.ids import new_id
from markets import calendar
from markets.models import Instrument
from orders import moving
from orders import snapshot as snapshots
from orders.asking import begin_to_wait
from orders.auditing import Step
from orders.consent import Consent
from orders.crashpoints import crash_point
from orders.judging import Judge
from orders.models import Order
from orders.sizing import NoSize, quantity_of
from orders.states import OrderState
from orders.telling import announce_orders, ask_for_approval
from orders.types import APPROVAL_LIFETIME, OrderIntent
from portfolios.models import Portfolio
from safety import switch
from safety.types import CheckResult, Outcome, Snapshot, Verdict

S = OrderState


def place(intent: OrderIntent, *, now: datetime) -> Order:
    """Place one order; see `place_many`."""
    return place_many(portfolio_id=intent.portfolio_id, intents=[intent], now=now)[0]


def place_many(
    *, portfolio_id: UUID, intents: Sequence[OrderIntent], now: datetime, consent: Consent | None = None
) -> list[Order]:
    """Judge every intent and write it as queued, awaiting approval or blocked; one order per intent, in their order.

    An intent whose idempotency key was placed before returns that order. Each intent sees those admitted before it.
    What is blocked says why in `reason_code`, `reason` and `verdict`; it is not an error. Raises NotFound for the
    portfolio, InvalidInput for a symbol nobody knows or an intent of another portfolio; then nothing is written.

    `consent`: a person's yes to them as a whole; what is within its terms does not wait for an approval of its own.
    """
    for intent in intents:
        if intent.portfolio_id != portfolio_id:
            raise InvalidInput(
                {"portfolio_id": f"{intent.portfolio_id} is not {portfolio_id}: place it in its own call."}
            )
    with transaction.atomic():
        crash_point("1_placing")
        transaction.on_commit(partial(crash_point, "2_placed"))  # first of all: before any nudge or push
        portfolio, account = lock_portfolio(portfolio_id)
        known = _placed_before(portfolio, intents)
        fresh = list({i.idempotency_key: i for i in intents if i.idempotency_key not in known}.values())
        if fresh:
            known.update(_place_fresh(portfolio, account, fresh, now, consent))
    return [known[intent.idempotency_key] for intent in intents]


def lock_portfolio(portfolio_id: UUID) -> tuple[Portfolio, BrokerAccount]:
    """The portfolio under its lock, and its account. Raises NotFound, Conflict when it has no account.

    NO KEY UPDATE: rows that merely point at the portfolio may still be inserted by others.
    """
    portfolio = Portfolio.objects.select_for_update(no_key=True).filter(pk=portfolio_id).first()
    if portfolio is None:
        raise NotFound(f"There is no portfolio {portfolio_id}.")
    account = BrokerAccount.objects.filter(portfolio=portfolio).first()
    if account is None:
        raise Conflict(f"Portfolio {portfolio.name!r} has no broker account: open one before placing orders.")
    return portfolio, account


def client_order_id(order_id: UUID) -> str:
    """The id under which the broker knows the order: fixed before any network, the same at every attempt."""
    return f"pfl-{order_id.hex}"


def _placed_before(portfolio: Portfolio, intents: Sequence[OrderIntent]) -> dict[str, Order]:
    keys = [intent.idempotency_key for intent in intents]
    known = {order.idempotency_key: order for order in Order.objects.filter(idempotency_key__in=keys)}
    for key, order in known.items():
        if order.portfolio_id != portfolio.pk:
            raise Conflict(f"The idempotency key {key!r} belongs to an order of another portfolio: use a new key.")
    return known


def _place_fresh(
    portfolio: Portfolio,
    account: BrokerAccount,
    intents: Sequence[OrderIntent],
    now: datetime,
    consent: Consent | None,
) -> dict[str, Order]:
    instruments = _instruments(intents)
    switches = switch.load(portfolio.user_id)
    taken = snapshots.take(portfolio, account, symbols=instruments, switches=switches, now=now)
    orders = {i.idempotency_key: _order(i, account, instruments[i.symbol], taken, now) for i in intents}
    judge = Judge(taken, switches, user_id=portfolio.user_id)
    for intent in intents:
        _judge(orders[intent.idempotency_key], intent, judge, now, consent)
    placed = list(orders.values())
    insert(Order, placed)
    moving.record([Step(order=o, old=S.PROPOSED, new=o.state, note=o.reason) for o in placed], now=now)
    ask_for_approval((o for o in placed if o.state == S.AWAITING_APPROVAL), user_id=portfolio.user_id, now=now)
    # A queued order is announced with its outcome, an instant later: half as many messages in a storm.
    announce_orders([o for o in placed if o.state != S.QUEUED], user_id=portfolio.user_id, now=now)
    if any(order.state == S.QUEUED for order in placed):
        nudge("orders.submit", queue="trading", portfolio_ids=[str(portfolio.pk)])
    return orders


def _instruments(intents: Sequence[OrderIntent]) -> dict[str, Instrument]:
    symbols = {intent.symbol for intent in intents}
    found = {i.symbol: i for i in Instrument.objects.filter(symbol__in=symbols)}
    if unknown := sorted(symbols - set(found)):
        raise InvalidInput(
            {"symbol": f"{', '.join(unknown)} is not known here: look it up under markets/instruments/."}
        )
    return found


def _order(
    intent: OrderIntent, account: BrokerAccount, instrument: Instrument, taken: Snapshot, now: datetime
) -> Order:
    order_id = new_id()
    quote = taken.quotes.get(intent.symbol)
    return Order(
        id=order_id,
        portfolio_id=intent.portfolio_id,
        account=account,
        source_kind=intent.source_kind,
        source_id=intent.source_id,
        action_id=intent.action_id,
        rule_failures=intent.rule_failures,
        idempotency_key=intent.idempotency_key,
        client_order_id=client_order_id(order_id),
        instrument=instrument,
        side=intent.side,
        order_type=intent.order_type,
        time_in_force=intent.time_in_force,
        notional=intent.notional,
        limit_price=intent.limit_price,
        stop_price=intent.stop_price,
        reduce_only=intent.reduce_only,
        decision_price=intent.decision_price or (quote.last if quote else None),
        decided_at=now,
        expires_at=intent.expiry(now),
        trading_date=calendar.trading_date(instrument.exchange_id, now),
        trace_id=intent.trace_id,
        created_at=now,
    )


def _judge(order: Order, intent: OrderIntent, judge: Judge, now: datetime, consent: Consent | None) -> None:
    """Give the order its quantity, verdict and first state."""
    view = judge.snapshot
    instrument = view.instruments[order.instrument_id]
    try:
        order.quantity = quantity_of(
            intent,
            quote=view.quotes.get(order.instrument_id),
            held=view.positions.get(order.instrument_id, 0 * view.cash),
            equity=view.equity,
            fractional=instrument.fractionable,
        )
    except NoSize as problem:
        refused = CheckResult(check="size", outcome=Outcome.DENY, code=problem.code, message=problem.message)
        order.state = record(order, Verdict(results=(refused,), policy_version=view.policy.version))
        return
    order.state = S.QUEUED  # as the snapshot counts it once admitted
    order.facts = judge.facts(order)
    if consent is not None and consent.covers(order, now):
        consent.give(order, view)
    verdict, _ = judge.judge(order)
    order.state = record(order, verdict)
    if order.state == S.AWAITING_APPROVAL:
        order.expires_at = now + APPROVAL_LIFETIME  # a person needs longer than a price stays good
        begin_to_wait(order, view)


def record(order: Order, verdict: Verdict) -> OrderState:
    """Write the verdict and its reason into the order; returns the state that follows from it."""
    order.verdict, order.policy_version = verdict.as_json(), verdict.policy_version
    deciding = verdict.denial or verdict.approval
    order.reason_code = deciding.code if deciding else ""
    order.reason = deciding.message[:400] if deciding else ""
    return STATE_OF[verdict.outcome]


STATE_OF = {Outcome.DENY: S.BLOCKED, Outcome.NEEDS_APPROVAL: S.AWAITING_APPROVAL, Outcome.PASS: S.QUEUED}
