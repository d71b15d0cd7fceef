"""Begin a run: plan, put it before the gate as a whole, and write it, refused or not. Nothing is ordered here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

from automation.rebalancing import fitting, planning
from automation.rebalancing.fitting import PlannedLeg
from automation.rebalancing.models import Cause, RebalanceLeg, RebalanceRun
from automation.rebalancing.refusing import Hours, Refusal, closing, cooling
from automation.rebalancing.rehearsing import Whose, rehearse
from automation.rebalancing.states import OPEN, TRADED, RunState
from automation.rebalancing.telling import announce, tell_end
from common.enqueue import nudge
from common.errors import Conflict
from common.ids import new_id
from common.money import plain
from markets import calendar
from markets.models import Instrument
from orders import snapshot as snapshots
from orders.placing import lock_portfolio
from portfolios.models import Portfolio, PortfolioGoal
from portfolios.planning.types import CannotPlan, Plan
from safety import switch
from safety.types import Snapshot

if TYPE_CHECKING:  # only orders opens the door to brokers; their account is handed through
    from brokers.models import BrokerAccount

BEGIN_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is wanted: a goal of the portfolio, or targets for once; by whom, and under which key.

    `force`: trade although nothing is outside its band. A key that came before returns its run.
    """

    portfolio_id: UUID
    cause: Cause
    actor: str
    key: str
    goal: PortfolioGoal | None = None
    targets: Mapping[str, Decimal] = field(default_factory=dict)
    force: bool = False
    action_id: UUID | None = None
    execution_id: UUID | None = None
    trace_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A run that is not written yet. `asks`: why a person must approve it; empty if nobody must."""

    plan: Plan | None
    legs: tuple[PlannedLeg, ...]
    checks: list[dict[str, object]]
    refusal: Refusal | None
    asks: str = ""


def start_run(wish: Wish, *, now: datetime) -> RebalanceRun:
    """Write the run: planned, or blocked with the code and the reason, or completed when there is nothing to do.

    Raises NotFound and Conflict for a portfolio that cannot trade at all.
    """
    with transaction.atomic():
        portfolio, account = lock_portfolio(wish.portfolio_id)
        known = RebalanceRun.objects.filter(idempotency_key=wish.key).first()
        if known is not None:
            if known.portfolio_id != portfolio.pk:
                raise Conflict(f"The key {wish.key!r} belongs to a run of another portfolio: use a new one.")
            return known
        run_id = new_id()
        prepared = prepare(wish, portfolio, account, run_id=run_id, now=now)
        run = _written(wish, portfolio, prepared, run_id, now)
        announce(run, now=now)
        if run.state == RunState.PLANNED:
            nudge("automation.rebalance", queue="trading", run_ids=[str(run.pk)])
        else:
            tell_end(run, now=now)
    return run


def preview(wish: Wish, *, now: datetime) -> Prepared:
    """What `start_run` would write. Nothing is written, nobody is told. Raises CannotPlan, and as `start_run`."""
    with transaction.atomic():
        portfolio, account = lock_portfolio(wish.portfolio_id)
        return prepare(wish, portfolio, account, run_id=new_id(), now=now)


def prepare(wish: Wish, portfolio: Portfolio, account: BrokerAccount, *, run_id: UUID, now: datetime) -> Prepared:
    """Plan the run and ask everything that could stop it. Hold the portfolio's lock."""
    refusal = _in_the_way(wish, portfolio, now)
    try:
        plan = planning.plan_for(portfolio, wish.goal, wish.targets, now=now, force=wish.force)
    except CannotPlan as problem:
        found = Refusal(code="CANNOT_PLAN", reason=problem.detail)
        return Prepared(plan=None, legs=(), checks=[], refusal=refusal or found)
    if not plan.trades:
        return Prepared(plan=plan, legs=(), checks=[], refusal=refusal)
    symbols = {trade.symbol for trade in plan.trades}
    taken = look(portfolio, account, symbols, wish.action_id, now)
    min_trade = planning.terms_for(wish.goal, wish.targets).min_trade
    legs = fitting.legs_of(plan, taken, min_trade=min_trade)
    whose = whose_of(portfolio, account, run_id, wish.action_id)
    rehearsal = rehearse([leg.as_leg() for leg in legs], taken, whose, now=now)
    refusal = refusal or closing(hours_of(symbols, now), now) or rehearsal.refusal
    return Prepared(plan=plan, legs=tuple(legs), checks=rehearsal.checks, refusal=refusal, asks=rehearsal.asks)


def rehearse_again(
    run: RebalanceRun, portfolio: Portfolio, account: BrokerAccount, *, now: datetime
) -> tuple[Refusal | None, Snapshot]:
    """Whether a run may still begin, for the moment a person approves it. Hold the portfolio's lock."""
    legs = [fitting.stored(leg) for leg in run.legs.order_by("number")]
    symbols = {leg.symbol for leg in legs}
    taken = look(portfolio, account, symbols, run.action_id, now)
    cash = fitting.cash_after(legs, taken)
    legs = fitting.size(legs, taken, cash=cash, reserved=reserved_of(run), min_trade=min_trade_of(run))
    whose = whose_of(portfolio, account, run.pk, run.action_id)
    rehearsal = rehearse([leg.as_leg() for leg in legs], taken, whose, now=now)
    return closing(hours_of(symbols, now), now) or rehearsal.refusal, taken


def reserved_of(run: RebalanceRun) -> Decimal:
    """Dollars the goal keeps as cash, as planned."""
    return Decimal(run.plan["reserved"])


def min_trade_of(run: RebalanceRun) -> Decimal:
    """The smallest trade in dollars, as planned."""
    return Decimal(run.plan["min_trade"])


def look(
    portfolio: Portfolio, account: BrokerAccount, symbols: Iterable[str], action_id: UUID | None, now: datetime
) -> Snapshot:
    """The gate's snapshot, with the switches that reach the run."""
    switches = switch.load(portfolio.user_id)
    taken = snapshots.take(portfolio, account, symbols=symbols, switches=switches, now=now)
    return replace(taken, switches=switches.view(portfolio_id=portfolio.pk, action_id=action_id))


def whose_of(portfolio: Portfolio, account: BrokerAccount, run_id: UUID, action_id: UUID | None) -> Whose:
    return Whose(
        user_id=portfolio.user_id, portfolio_id=portfolio.pk, account_id=account.pk, run_id=run_id, action_id=action_id
    )


def hours_of(symbols: Iterable[str], now: datetime) -> list[Hours]:
    """The exchanges of these symbols, in order of their codes."""
    found = Instrument.objects.filter(symbol__in=list(symbols)).values_list("exchange_id", "exchange__always_open")
    hours = []
    for code, always in sorted(set(found)):
        session, coming = calendar.session_at(code, now), calendar.next_session(code, now)
        hours.append(
            Hours(
                exchange=code,
                always_open=always,
                closes_at=session.closes_at if session else None,
                opens_at=coming.opens_at if coming else None,
            )
        )
    return hours


def _in_the_way(wish: Wish, portfolio: Portfolio, now: datetime) -> Refusal | None:
    """What forbids any run: another one, the goal itself, its cooldown."""
    if RebalanceRun.objects.filter(portfolio=portfolio, state__in=OPEN).exists():
        return Refusal(code="RUN_OPEN", reason="Another rebalance of this portfolio is under way: wait for its end.")
    goal = wish.goal
    if goal is None:
        return None
    if goal.archived_at is not None or not goal.enabled:
        return Refusal(code="GOAL_OFF", reason=f"The goal {goal.name!r} is switched off: enable it first.")
    return cooling(last_trade_of(goal), goal.cooldown_days, now)


def last_trade_of(goal: PortfolioGoal) -> datetime | None:
    """When a run of the goal that traded last ended."""
    traded = RebalanceRun.objects.filter(goal=goal, state__in=TRADED).exclude(legs=None)
    return traded.order_by("-finished_at").values_list("finished_at", flat=True).first()


def _written(wish: Wish, portfolio: Portfolio, prepared: Prepared, run_id: UUID, now: datetime) -> RebalanceRun:
    state, code, reason = RunState.PLANNED, "", ""
    if prepared.refusal is not None:
        state, code, reason = RunState.BLOCKED, prepared.refusal.code, prepared.refusal.reason
    elif not prepared.legs:
        state, code, reason = RunState.COMPLETED, "NOTHING_TO_DO", "Nothing is far enough from its target."
    weights = wish.goal.target_weights if wish.goal else {s: plain(w) for s, w in wish.targets.items()}
    run = RebalanceRun.objects.create(
        id=run_id,
        user_id=portfolio.user_id,
        portfolio=portfolio,
        goal=wish.goal,
        targets=dict(weights),
        cause=wish.cause,
        actor=wish.actor[:80],
        action_id=wish.action_id,
        execution_id=wish.execution_id,
        idempotency_key=wish.key,
        state=state,
        reason_code=code[:40],
        reason=reason[:400],
        plan=_kept(wish, prepared),
        checks=prepared.checks,
        expires_at=now + BEGIN_WITHIN,
        due_at=now,
        trace_id=wish.trace_id or new_id(),
        created_at=now,
        finished_at=None if state == RunState.PLANNED else now,
    )
    if state == RunState.PLANNED:
        RebalanceLeg.objects.bulk_create([_leg(run, leg) for leg in prepared.legs])
    return run


def _kept(wish: Wish, prepared: Prepared) -> dict[str, Any]:
    """The plan as it is kept: what was shown, and what the run needs of the goal's terms until its end."""
    if prepared.plan is None:
        return {}
    terms = planning.terms_for(wish.goal, wish.targets)
    return {
        **planning.plan_as_json(prepared.plan),
        "min_trade": plain(terms.min_trade),
        "until": prepared.refusal.until.isoformat() if prepared.refusal and prepared.refusal.until else None,
        "lot_method": terms.lot_method.value,
        "asks": prepared.asks,
    }


def _leg(run: RebalanceRun, leg: PlannedLeg) -> RebalanceLeg:
    """A sell is ordered as planned; a buy is sized when the sells are over."""
    sells = leg.side == "sell"
    return RebalanceLeg(
        run=run,
        number=leg.number,
        side=leg.side,
        instrument_id=leg.symbol,
        planned_quantity=leg.planned_quantity,
        planned_price=leg.planned_price,
        aim_value=leg.aim,
        quantity=leg.planned_quantity if sells else None,
        price=leg.planned_price if sells else None,
    )
