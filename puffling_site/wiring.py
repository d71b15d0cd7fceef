"""The composition root: the one place where upper rooms are plugged into the sockets of the lower ones.

Imported once, when the apps are loaded. It registers; it does nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from agent import scoring
from agent import starting as agent_runs
from agent.analysing import AgentAnalyst
from agent.tainting import tainted_runs
from alerts import subjects
from alerts.channels import sweeping as deliveries
from automation import sweeping as rules
from automation import trace_pruning
from automation.backtest import running as backtests
from automation.corporate import applying as corporate
from automation.corporate import suspecting
from automation.hooks import receiving as hooks
from automation.jobs import analyst
from automation.rebalancing import naming
from automation.rebalancing import watching as drifting
from automation.replay import running as replays
from automation.scheduling import running as job_runs
from automation.scheduling import sweeping as jobs
from automation.strategies import sweeping as strategies
from automation.strategies.models import Strategy
from common.clock import now as clock_now
from common.money import plain
from live import catching_up, push, sources
from markets import subscriptions
from markets.news import keeping as news
from markets.selectors import latest_quotes
from orders import killing, matching, reconciling, rescaling, tainting
from orders import sweeping as orders
from portfolios.goals import using
from portfolios.goals.allowing import wanted_symbols
from portfolios.importing import checking
from portfolios.models import Holding, Portfolio, PortfolioGoal
from safety import changing, verifying
from watches.models import Series


def _watched() -> set[str]:
    """Symbols whose price some watch follows."""
    return set(Series.objects.exclude(subject__contains=":").values_list("subject", flat=True).distinct())


def _held() -> set[str]:
    """Symbols somebody holds."""
    return set(Holding.objects.filter(quantity__gt=0).values_list("instrument_id", flat=True).distinct())


def _shown() -> set[str]:
    """Symbols on open pages."""
    return sources.shown_symbols(clock_now())


def _quotes(symbols: Collection[str]) -> dict[str, dict[str, Any]]:
    """Quotes as the sockets send them."""
    return {
        symbol: {
            "last": plain(quote.last),
            "bid": None if quote.bid is None else plain(quote.bid),
            "ask": None if quote.ask is None else plain(quote.ask),
            "prev_close": None if quote.prev_close is None else plain(quote.prev_close),
            "volume": plain(quote.volume),
            "at": quote.at.isoformat(),
            "demo": quote.instrument.demo,
        }
        for symbol, quote in latest_quotes(symbols).items()
    }


def _portfolio_names(user_id: int, ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of those portfolios that are the user's."""
    return dict(Portfolio.objects.filter(user=user_id, id__in=ids).values_list("id", "name"))


def _primary_portfolio(user_id: int) -> UUID | None:
    """The portfolio that is meant when none is named."""
    return Portfolio.objects.filter(user=user_id, primary=True).values_list("id", flat=True).first()


def _goal_names(user_id: int, ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of those goals that are the user's and not deleted."""
    kept = PortfolioGoal.objects.filter(portfolio__user=user_id, archived_at__isnull=True, id__in=ids)
    return dict(kept.values_list("id", "name"))


def _strategy_names(user_id: int, ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of those strategies that are the user's and not deleted."""
    kept = Strategy.objects.filter(user=user_id, archived_at__isnull=True, id__in=ids)
    return dict(kept.values_list("id", "name"))


subjects.register(subjects.PORTFOLIO, _portfolio_names, _primary_portfolio)
subjects.register(subjects.GOAL, _goal_names)
subjects.register(subjects.STRATEGY, _strategy_names)
subscriptions.register("rules", _watched)
subscriptions.register("strategies", strategies.symbols)
subscriptions.register("holdings", _held)
subscriptions.register("open pages", _shown)
subscriptions.register("goals", wanted_symbols)
subscriptions.register("orders", matching.symbols_in_flight)
sources.register_quotes(_quotes)
changing.use_kill(killing.kill)
analyst.use_analyst(AgentAnalyst())
checking.guard(rescaling.refuse_import)
tainting.use_taint(tainted_runs)
using.register("rules", naming.rules_of)
using.register("rebalances", naming.runs_of)


@dataclass(frozen=True, kw_only=True)
class SweepStep:
    """Something the sweeper does again and again."""

    name: str
    every: timedelta
    run: Callable[[datetime], object]


SWEEP = (
    # First of all: ticks of a symbol wait while its split is due.
    SweepStep(name="corporate actions", every=timedelta(seconds=1), run=corporate.apply_due),
    SweepStep(name="rules", every=timedelta(seconds=1), run=rules.sweep),
    SweepStep(name="orders", every=timedelta(seconds=1), run=orders.sweep),
    SweepStep(name="strategies", every=timedelta(seconds=1), run=strategies.sweep),
    SweepStep(name="deliveries", every=timedelta(seconds=2), run=deliveries.sweep),
    SweepStep(name="events", every=timedelta(seconds=2), run=push.publish_leftovers),
    SweepStep(name="tidy rules", every=timedelta(seconds=15), run=rules.tidy),
    SweepStep(name="unannounced splits", every=timedelta(seconds=15), run=suspecting.suspect_splits),
    SweepStep(name="drifting goals", every=timedelta(seconds=5), run=lambda now: drifting.watch(now=now)),
    SweepStep(name="replays", every=timedelta(seconds=5), run=replays.nudge_left_behind),
    SweepStep(name="jobs", every=timedelta(seconds=2), run=jobs.sweep),
    SweepStep(name="runs of jobs left behind", every=timedelta(seconds=10), run=job_runs.nudge_left_behind),
    SweepStep(name="backtests", every=timedelta(seconds=5), run=backtests.nudge_left_behind),
    SweepStep(name="agent runs", every=timedelta(seconds=5), run=agent_runs.nudge_left_behind),
    SweepStep(name="suggestions", every=timedelta(hours=1), run=scoring.score_due),
    SweepStep(name="old agent runs", every=timedelta(hours=6), run=agent_runs.forget_old_runs),
    SweepStep(name="reconcile", every=timedelta(seconds=60), run=lambda now: reconciling.reconcile(now=now)),
    SweepStep(name="audit", every=timedelta(hours=1), run=verifying.verify_recent),
    SweepStep(
        name="old events", every=timedelta(hours=1), run=lambda now: catching_up.forget_events(now - timedelta(days=30))
    ),
    SweepStep(name="old news", every=timedelta(hours=6), run=news.forget_old_news),
    SweepStep(name="old calls of webhooks", every=timedelta(hours=6), run=hooks.forget_old_calls),
    SweepStep(
        name="old history of rules",
        every=timedelta(minutes=5),
        run=lambda now: trace_pruning.prune(now=now, days=settings.CONFIG.trace_days, rows=settings.CONFIG.trace_rows),
    ),
)
