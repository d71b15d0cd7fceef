"""Dollars: reserved in Postgres before each request, settled from the usage it reports. Never exceeded by a cent.

A reservation is an upper bound of what the request can cost: every byte sent could be a token, every token allowed
could be written, and each is counted at the dearest price it can have. Reserving locks the user's `AgentConfig` row, so
that runs beside each other see each other's reservations.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_UP, Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from agent.models import AgentConfig, AgentRun, ModelPrice, Reservation
from agent.providers.base import Request, Usage
from common.errors import Conflict, InvalidInput

MILLION = Decimal(1_000_000)
MICRO = Decimal("0.000001")
ZERO = Decimal(0)


class BudgetExhausted(Conflict):
    """The next request might cost more than is left. `code` says of which budget: RUN, DAY or MONTH."""

    code = "budget_exhausted"


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """Dollars spent and reserved of each budget, and the budgets."""

    run_spent: Decimal
    day_spent: Decimal
    month_spent: Decimal
    run: Decimal
    day: Decimal
    month: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Dollars of today and this month (UTC): spent for good, set aside for requests under way, and the limits."""

    day_spent: Decimal
    day_reserved: Decimal
    day: Decimal
    month_spent: Decimal
    month_reserved: Decimal
    month: Decimal


def price_of(*, user_id: int, provider: str, model: str) -> ModelPrice:
    """The user's own price of a model, or the common one. Raises InvalidInput: nothing is sent without a price."""
    rows = ModelPrice.objects.filter(Q(user=user_id) | Q(user=None), provider=provider, model=model)
    found = sorted(rows, key=lambda row: row.user_id is None)
    if not found:
        raise InvalidInput(
            {"model": f"{model!r} has no price: add it to the price table, in dollars per million tokens, first."}
        )
    return found[0]


def most(request: Request, price: ModelPrice) -> Decimal:
    """The most a request can cost, in dollars."""
    dearest = max(price.input, price.cache_write, price.cache_read)
    return _round(request.size_in_bytes() * dearest + request.max_output_tokens * price.output)


def cost(usage: Usage, price: ModelPrice) -> Decimal:
    """What a request did cost, in dollars, rounded up to a millionth."""
    return _round(
        usage.input * price.input
        + usage.output * price.output
        + usage.cache_read * price.cache_read
        + usage.cache_write * price.cache_write
    )


@transaction.atomic
def reserve(*, run: AgentRun, amount: Decimal, now: datetime) -> Reservation:
    """Set `amount` dollars aside for one request of the run. Raises BudgetExhausted; then nothing is set aside."""
    config = AgentConfig.objects.select_for_update().get(user=run.user_id)
    left = _left(config, run.pk, now)
    for name, spent, limit in (
        ("RUN", left.run_spent, left.run),
        ("DAY", left.day_spent, left.day),
        ("MONTH", left.month_spent, left.month),
    ):
        if spent + amount > limit:
            raise BudgetExhausted(
                f"The next request may cost ${amount}, and ${max(limit - spent, ZERO)} of ${limit} is left per "
                f"{name.lower()}. Raise the budget in the agent's settings, or wait.",
                code=f"BUDGET_{name}",
            )
    return Reservation.objects.create(user_id=run.user_id, run=run, reserved=amount, at=now)


@transaction.atomic
def settle(reservation: Reservation, *, spent: Decimal) -> Decimal:
    """Write what the request cost and free the rest; at most what was reserved. Returns what was written.

    A request whose price nobody told (it timed out, or was cut off) is settled at what was reserved for it.
    """
    locked = Reservation.objects.select_for_update().get(pk=reservation.pk)
    if locked.settled is None:
        locked.settled = min(spent, locked.reserved)
        locked.save(update_fields=["settled"])
    return locked.settled


def standing(config: AgentConfig, *, now: datetime) -> Standing:
    """What of the budgets is spent and what is only set aside. One query."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    today, open_ = Q(at__gte=day), Q(settled=None)
    found = Reservation.objects.filter(user=config.user_id, at__gte=day.replace(day=1)).aggregate(
        day_spent=Coalesce(Sum("settled", filter=today), ZERO),
        day_reserved=Coalesce(Sum("reserved", filter=today & open_), ZERO),
        month_spent=Coalesce(Sum("settled"), ZERO),
        month_reserved=Coalesce(Sum("reserved", filter=open_), ZERO),
    )
    return Standing(day=config.dollars_per_day, month=config.dollars_per_month, **found)


def left(*, user_id: int, now: datetime, run_id: UUID | None = None) -> Left:
    """How the budgets stand."""
    return _left(AgentConfig.objects.get(user=user_id), run_id, now)


def _left(config: AgentConfig, run_id: UUID | None, now: datetime) -> Left:
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    month = day.replace(day=1)
    mine = Reservation.objects.filter(user=config.user_id)
    return Left(
        run_spent=_spent(mine.filter(run=run_id)) if run_id else ZERO,
        day_spent=_spent(mine.filter(at__gte=day)),
        month_spent=_spent(mine.filter(at__gte=month)),
        run=config.dollars_per_run,
        day=config.dollars_per_day,
        month=config.dollars_per_month,
    )


def _spent(rows: QuerySet[Reservation]) -> Decimal:
    """Settled where it is known, reserved where it is not."""
    found: Decimal = rows.aggregate(sum=Coalesce(Sum(Coalesce("settled", "reserved")), ZERO))["sum"]
    return found


def _round(micro_dollars: Decimal) -> Decimal:
    return (micro_dollars / MILLION).quantize(MICRO, ROUND_UP)
