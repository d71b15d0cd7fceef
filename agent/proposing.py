"""What becomes of a report's suggestions: checked, written down as proposals, and in mode execute handed to the gate.

Only here does a model's wish come near an order, and only through `orders.placing`, like everybody's.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from accounts.models import User
from agent.models import AgentConfig, AgentRun, RunMode, Suggestion, SuggestionState
from agent.report import Suggested
from common.errors import Conflict, InvalidInput, NotFound
from markets.models import Instrument, Quote
from orders.models import Order, Source
from orders.placing import place
from orders.states import OrderState
from orders.types import OrderIntent
from portfolios.models import Holding

BENCHMARK = "SPY"
S = SuggestionState


def propose(
    *, run: AgentRun, suggested: Suggested, now: datetime, ungrounded: tuple[str, ...] = ()
) -> tuple[Suggestion | None, str]:
    """Write a suggestion down, or say why it is refused. Nothing is ordered here."""
    symbol = suggested.symbol.upper()
    if problem := _problem(run, suggested, symbol):
        return None, f"{suggested.side} {symbol}: {problem}"
    prices = dict(Quote.objects.filter(pk__in=(symbol, BENCHMARK)).values_list("pk", "last"))
    suggestion = Suggestion.objects.create(
        run=run,
        user_id=run.user_id,
        portfolio_id=run.portfolio_id,
        symbol=symbol,
        side=suggested.side,
        quantity=suggested.quantity,
        notional=None if suggested.notional is None else suggested.notional.quantize(Decimal("0.01")),
        limit_price=suggested.limit_price,
        rationale=suggested.rationale,
        confidence=suggested.confidence.quantize(Decimal("0.01")),
        invalidation_price=suggested.invalidation_price,
        expires_at=now + timedelta(hours=suggested.expires_in_hours),
        reason=f"not in any tool result: {', '.join(ungrounded)}"[:400] if ungrounded else "",
        price=prices.get(symbol),
        benchmark_price=prices.get(BENCHMARK),
        created_at=now,
    )
    return suggestion, ""


def _problem(run: AgentRun, suggested: Suggested, symbol: str) -> str:
    instrument = Instrument.objects.filter(pk=symbol, active=True).first()
    if instrument is None:
        return "no such symbol is known here"
    if (suggested.quantity is None) == (suggested.notional is None):
        return "it needs exactly one of quantity and notional"
    if suggested.notional is not None and suggested.notional < Decimal("0.01"):
        return "its amount is below a cent"
    if suggested.side == "sell":
        held = Holding.objects.filter(portfolio=run.portfolio_id, instrument=symbol).values_list("quantity", flat=True)
        if not held.first():
            return "none of it is held"
    return ""


def may_execute(run: AgentRun, suggestion: Suggestion, config: AgentConfig) -> str:
    """Why a proposal may not be placed without a person; empty if it may."""
    if run.mode != RunMode.EXECUTE or config.mode != RunMode.EXECUTE:
        return "the run only proposes"
    if run.tainted:
        return f"the run read text nobody vouches for ({run.taint_reason})"
    if suggestion.confidence < config.min_confidence:
        return f"its confidence {suggestion.confidence} is below {config.min_confidence}"
    if suggestion.reason:
        return suggestion.reason
    return ""


def place_suggestion(suggestion: Suggestion, *, now: datetime, source_kind: str = Source.AGENT_RUN) -> Order | None:
    """One order for one suggestion, however often it is called. None when the suggestion came to its end otherwise."""
    with transaction.atomic():
        locked = Suggestion.objects.select_for_update().get(pk=suggestion.pk)
        if locked.state != S.PROPOSED:
            return Order.objects.filter(pk=locked.order_id).first() if locked.order_id else None
        if locked.expires_at <= now:
            _end(locked, S.EXPIRED, code="EXPIRED", reason="It was too old.")
            return None
        if _invalidated(locked):
            _end(locked, S.EXPIRED, code="INVALIDATED", reason="The price has passed the one that makes it pointless.")
            return None
        try:
            order = place(_intent(locked, source_kind), now=now)
        except (InvalidInput, Conflict, NotFound) as error:
            _end(locked, S.REFUSED, code=error.code, reason=error.detail)
            return None
        locked.order_id = order.pk
        state = S.DENIED if order.state == OrderState.BLOCKED else S.PLACED
        _end(locked, state, code=order.reason_code, reason=order.reason)
    return order


def _intent(suggestion: Suggestion, source_kind: str) -> OrderIntent:
    return OrderIntent(
        portfolio_id=suggestion.portfolio_id,
        source_kind=source_kind,
        source_id=str(suggestion.run_id),
        idempotency_key=f"agent:{suggestion.pk}",
        symbol=suggestion.symbol,
        side=suggestion.side,
        order_type="limit" if suggestion.limit_price is not None else "market",
        quantity=suggestion.quantity,
        notional=suggestion.notional,
        limit_price=suggestion.limit_price,
        reduce_only=suggestion.side == "sell",
        trace_id=suggestion.run.trace_id,
    )


def _invalidated(suggestion: Suggestion) -> bool:
    """A purchase is pointless below its invalidation price, a sale above it."""
    if suggestion.invalidation_price is None:
        return False
    last = Quote.objects.filter(pk=suggestion.symbol).values_list("last", flat=True).first()
    if last is None:
        return False
    return last <= suggestion.invalidation_price if suggestion.side == "buy" else last >= suggestion.invalidation_price


def _end(suggestion: Suggestion, state: SuggestionState, *, code: str, reason: str) -> None:
    suggestion.state, suggestion.reason_code, suggestion.reason = state, code[:40], reason[:400]
    suggestion.save(update_fields=["state", "reason_code", "reason", "order_id"])


def suggestion_of(user: User, suggestion_id: UUID) -> Suggestion:
    """One suggestion of the user. Raises NotFound."""
    found = Suggestion.objects.filter(user=user, pk=suggestion_id).select_related("run").first()
    if found is None:
        raise NotFound(f"There is no suggestion {suggestion_id}.")
    return found


def accept(*, user: User, suggestion_id: UUID, now: datetime) -> Order | None:
    """A person wants it: it becomes a manual order, through the gate. Raises NotFound, Conflict."""
    suggestion = suggestion_of(user, suggestion_id)
    if suggestion.state != S.PROPOSED:
        raise Conflict(f"It is {suggestion.state} already: nothing was ordered now.")
    return place_suggestion(suggestion, now=now, source_kind=Source.MANUAL)


def dismiss(*, user: User, suggestion_id: UUID) -> Suggestion:
    """A person does not want it. Raises NotFound, Conflict."""
    suggestion = suggestion_of(user, suggestion_id)
    if not Suggestion.objects.filter(pk=suggestion.pk, state=S.PROPOSED).update(state=S.DISMISSED):
        raise Conflict(f"It is {suggestion.state} already.")
    suggestion.refresh_from_db()
    return suggestion
