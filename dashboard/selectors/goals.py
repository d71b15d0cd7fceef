"""Goals: how far the portfolio is from them, what a rebalance would do, and what became of earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import User
from automation.rebalancing import by_hand
from automation.rebalancing.models import DriftEpisode, RebalanceRun
from automation.rebalancing.scheduling import next_due
from automation.rebalancing.starting import Prepared, last_trade_of
from automation.rebalancing.states import OPEN, RunState
from common.money import HUNDRED, ZERO, plain
from dashboard.selectors.goal_bars import Bar, bars_of, moves_of
from dashboard.selectors.rebalancing import said
from markets.models import Instrument
from portfolios.goals.changing import warnings_of
from portfolios.goals.reading import drift, drifts
from portfolios.models import GoalVersion, Portfolio, PortfolioGoal
from portfolios.planning.types import CASH, BandKind, Drift, LotMethod, Plan, PlannedTrade, RebalanceTo
from portfolios.valuing import value

RECENT = 8
EXAMPLES = (
    {
        "name": "60/40",
        "weights": "SPY:0.6,AGG:0.4",
        "title": "60/40",
        "words": "60 % shares of the whole market, 40 % bonds. The classic of calm investors.",
    },
    {
        "name": "Three funds",
        "weights": "SPY:0.6,AGG:0.3,GLD:0.1",
        "title": "Three funds",
        "words": "60 % shares, 30 % bonds, 10 % gold: three things that seldom fall together.",
    },
)
BAND_WORDS = {
    BandKind.ABSOLUTE: "may be {threshold} points away from the target",
    BandKind.RELATIVE: "may be {threshold} % of the target away from it",
    BandKind.HYBRID_5_25: "may be 5 points away, or a quarter of the target if that is less (5/25)",
    BandKind.HYBRID_20_1: "may be a fifth of the target away, but at least 1 point (20/1)",
}
END_WORDS = {
    RebalanceTo.TARGET: "everything back to its target",
    RebalanceTo.BAND_EDGE: "what drifted, just inside its band",
    RebalanceTo.DRIFTED_ONLY: "only what drifted, to its target",
}
LOT_WORDS = {
    LotMethod.FIFO: "the oldest shares first",
    LotMethod.HIFO: "the dearest shares first",
    LotMethod.TAX: "the shares with the least estimated tax first",
}


@dataclass(frozen=True, kw_only=True)
class GoalCard:
    """A goal with how it stands."""

    goal: PortfolioGoal
    drift: Drift
    bars: list[Bar]
    worst: Decimal  # points
    use: Decimal  # percent of the band
    state: str  # off | unknown | waiting | running | outside | inside
    outside_since: datetime | None
    run: RebalanceRun | None
    next_check: datetime | None

    @property
    def state_words(self) -> str:
        return STATES[self.state][0]

    @property
    def state_tone(self) -> str:
        return STATES[self.state][1]


STATES = {
    "off": ("Switched off", ""),
    "unknown": ("Cannot be judged", "warn"),
    "waiting": ("Waits for your approval", "warn"),
    "running": ("Rebalancing", "info"),
    "outside": ("Outside its band", "warn"),
    "inside": ("Inside its bands", "good"),
}


@dataclass(frozen=True, kw_only=True)
class TradeRow:
    """A trade of a plan with the move of its weight."""

    trade: PlannedTrade
    move: Any
    gain: Decimal


def goal_cards(user: User, *, now: datetime) -> list[GoalCard]:
    """Every goal of the user, by name. Six queries whatever their number."""
    goals = list(
        PortfolioGoal.objects.filter(portfolio__user=user, archived_at=None)
        .select_related("portfolio")
        .order_by("name", "pk")
    )
    ids = [goal.pk for goal in goals]
    found = drifts(ids, now) if ids else {}
    since = dict(DriftEpisode.objects.filter(goal__in=ids, ended_at=None).values_list("goal_id", "began_at"))
    runs = {run.goal_id: run for run in RebalanceRun.objects.filter(goal__in=ids, state__in=OPEN)}
    return [_card(goal, found[goal.pk], since.get(goal.pk), runs.get(goal.pk), now) for goal in goals]


def goal_card(goal: PortfolioGoal, *, now: datetime) -> GoalCard:
    """One goal with how it stands."""
    episode = DriftEpisode.objects.filter(goal=goal, ended_at=None).first()
    run = RebalanceRun.objects.filter(goal=goal, state__in=OPEN).first()
    return _card(goal, drift(goal, now), episode.began_at if episode else None, run, now)


def _card(
    goal: PortfolioGoal, found: Drift, since: datetime | None, run: RebalanceRun | None, now: datetime
) -> GoalCard:
    state = "inside"
    if not goal.enabled:
        state = "off"
    elif run is not None:
        state = "waiting" if run.state == RunState.AWAITING_APPROVAL else "running"
    elif found.problem:
        state = "unknown"
    elif found.needs_rebalancing:
        state = "outside"
    return GoalCard(
        goal=goal,
        drift=found,
        bars=bars_of(found),
        worst=found.worst * HUNDRED,
        use=found.band_use * HUNDRED,
        state=state,
        outside_since=since if state == "outside" else None,
        run=run,
        next_check=next_due(goal, now) if goal.enabled else None,
    )


def plan_context(user: User, goal: PortfolioGoal, *, actor: str, now: datetime) -> dict[str, Any]:
    """What a rebalance would do now, what the gate says to it, and what would stop it."""
    prepared = by_hand.dry_run(user=user, goal_id=goal.pk, actor=actor, now=now)
    return {"prepared": prepared, **_shown(prepared, goal), "checks": _checks(prepared)}


def _shown(prepared: Prepared, goal: PortfolioGoal) -> dict[str, Any]:
    return shown_plan(prepared.plan, goal.target_weights) if prepared.plan else {"plan": None}


def shown_plan(plan: Plan, targets: Mapping[str, str]) -> dict[str, Any]:
    """A plan for the page: rows with moves, sums, what was left out."""
    moves = moves_of(plan, targets)
    return {
        "plan": plan,
        "trades": [
            TradeRow(trade=trade, move=moves[trade.symbol], gain=trade.short_term_gain + trade.long_term_gain)
            for trade in plan.trades
        ],
        "moves": list(moves.values()),
        "sold": sum((trade.value for trade in plan.sells), ZERO),
        "bought": sum((trade.value for trade in plan.buys), ZERO),
        "tax": abs(plan.estimated_tax),
        "turnover_percent": plan.turnover * HUNDRED,
        "residuals": [one for one in plan.residuals if abs(one.dollars) >= Decimal("0.01")],
    }


def _checks(prepared: Prepared) -> list[dict[str, Any]]:
    """The gate's word on each order."""
    legs: dict[Any, Any] = {leg.number: leg for leg in prepared.legs}
    return [{**said(check), "planned": legs.get(check["leg"])} for check in prepared.checks]


def history_of(goal: PortfolioGoal) -> dict[str, Any]:
    """Its latest runs, when it was outside, and its versions."""
    runs = RebalanceRun.objects.filter(goal=goal).prefetch_related("legs").order_by("-created_at", "-pk")[:RECENT]
    episodes = DriftEpisode.objects.filter(goal=goal).order_by("-began_at")[:RECENT]
    return {
        "runs": list(runs),
        "episodes": list(episodes),
        "versions": GoalVersion.objects.filter(goal=goal).order_by("-version")[:RECENT],
        "rests_until": _rests_until(goal),
    }


def _rests_until(goal: PortfolioGoal) -> datetime | None:
    """The end of the goal's rest after its last run, if it has one."""
    last = last_trade_of(goal) if goal.cooldown_days else None
    return last + timedelta(days=goal.cooldown_days) if last else None


def facts_of(goal: PortfolioGoal) -> list[tuple[str, str]]:
    """The goal's terms in words: (what, how)."""
    threshold = plain((goal.drift_threshold * HUNDRED).normalize())
    facts = [
        ("Band", f"each {BAND_WORDS[BandKind(goal.band_kind)].format(threshold=threshold)}"),
        ("Brings back", "buys only, with the cash there is" if goal.cash_flow_only else END_WORDS[_end(goal)]),
        ("Smallest trade", f"${goal.min_trade:,.2f}"),
    ]
    if goal.cash_buffer or goal.cash_buffer_pct:
        parts = [f"${goal.cash_buffer:,.2f}"] if goal.cash_buffer else []
        parts += [f"{plain(goal.cash_buffer_pct.normalize())} % of the portfolio"] if goal.cash_buffer_pct else []
        facts.append(("Stays cash", " and ".join(parts)))
    if goal.turnover_cap is not None:
        facts.append(("At most", f"{plain((goal.turnover_cap * HUNDRED).normalize())} % of the portfolio a run"))
    if goal.do_not_sell:
        facts.append(("Never sells", ", ".join(goal.do_not_sell)))
    if goal.cooldown_days:
        facts.append(("Rests", f"{goal.cooldown_days} days after a run"))
    facts.append(("Sells", LOT_WORDS[LotMethod(goal.lot_method)]))
    if goal.avoid_short_term_gains:
        facts.append(("Avoids", "short-term gains"))
    if goal.wash_sale_lock:
        facts.append(("Wash sales", "nothing is bought for 30 days after a sale at a loss"))
    return facts


def _end(goal: PortfolioGoal) -> RebalanceTo:
    return RebalanceTo(goal.rebalance_to)


def notes_of(goal: PortfolioGoal) -> list[str]:
    """What is allowed but probably not meant."""
    return warnings_of(goal)


def current_weights(portfolio: Portfolio, *, now: datetime) -> dict[str, str]:
    """What is held, in percent with one place, that add up to 100; empty while something has no price."""
    found = value(portfolio, now=now)
    if not found.equity or found.equity <= ZERO:
        return {}
    values = {symbol: held.value for symbol, held in found.positions.items() if held.value is not None}
    weights = {symbol: round(amount * HUNDRED / found.equity, 1) for symbol, amount in values.items()}
    weights = {symbol: weight for symbol, weight in sorted(weights.items(), key=lambda item: -item[1]) if weight}
    weights[CASH] = HUNDRED - sum(weights.values(), ZERO)
    return {symbol: plain(weight) for symbol, weight in weights.items() if weight > ZERO}


def examples_for(user: User) -> list[dict[str, str]]:
    """The examples whose symbols exist here."""
    symbols = {pair.partition(":")[0] for example in EXAMPLES for pair in example["weights"].split(",")}
    known = set(Instrument.objects.filter(pk__in=symbols, active=True).values_list("pk", flat=True))
    return [
        example for example in EXAMPLES if {pair.partition(":")[0] for pair in example["weights"].split(",")} <= known
    ]
