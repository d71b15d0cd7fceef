"""Strategies on every step of the ladder, jobs with a history, backtests with results."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from automation.backtest import running as backtests
from automation.backtest import subjects
from automation.backtest.models import BacktestRun
from automation.scheduling import keeping
from automation.scheduling import running as jobs
from automation.scheduling.models import JobRun, ScheduledJob
from automation.strategies import lifecycle, running
from automation.strategies.models import Strategy
from common.clock import now
from markets.models import Bar
from tests.browser.looking import Look
from tests.orders.making import Desk

DAYS = 420


def fill_bars(symbols: tuple[str, ...] = ("AAPL", "MSFT", "NVDA")) -> None:
    """More than a year of daily bars that wander about and end near $100."""
    today = datetime.combine(now().date(), datetime.min.time(), UTC)
    rows = []
    for symbol in symbols:
        chance, price = random.Random(symbol), 100.0
        for back in range(1, DAYS):
            before, price = price, max(20.0, price * (1 + chance.gauss(-0.0003, 0.017)))
            low, high = min(before, price) * 0.995, max(before, price) * 1.005
            values = [Decimal(f"{value:.2f}") for value in (price, high, low, before)]
            rows.append(
                Bar(
                    instrument_id=symbol, timeframe="1d", at=today - timedelta(days=back), open=values[0],
                    high=values[1], low=values[2], close=values[3], volume=1000, source="test",
                )
            )  # fmt: skip
    Bar.objects.bulk_create(rows, ignore_conflicts=True)


def strategy(desk: Desk, **changes: Any) -> Strategy:
    data: dict[str, Any] = {
        "strategy_type": "ma_cross", "symbols": ["AAPL", "MSFT", "NVDA"], "params": {"short": 10, "long": 30}, **changes
    }  # fmt: skip
    return lifecycle.create_strategy(user=desk.user, data=data, now=now(), actor="ada")


def backtested(desk: Desk, subject: UUID, **asked: Any) -> BacktestRun:
    """A backtest, carried out at once."""
    start = (now() - timedelta(days=DAYS - 60)).date().isoformat()
    run = backtests.ask(
        user=desk.user, subject=subjects.strategy_of(desk.user, subject), data={"from": start, **asked}, now=now()
    )
    backtests.carry_out(run.pk, now=now())
    run.refresh_from_db()
    return run


def job(desk: Desk, **changes: Any) -> ScheduledJob:
    data = {"job_type": "market_scan", "schedule": "35 9 * * MON-FRI", **changes}
    return keeping.create_job(user=desk.user, data=data, now=now())


def ran(desk: Desk, of: ScheduledJob) -> JobRun:
    """A run of the job, carried out at once."""
    run = keeping.run_now(user=desk.user, job_id=of.pk, now=now())
    jobs.carry_out(run.pk, now=now())
    run.refresh_from_db()
    return run


def furnish(desk: Desk) -> list[Look]:
    fill_bars()
    watching = strategy(desk, name="Trend of three")
    running.run(watching, now(), cause=running.Cause.MANUAL)
    strategy(desk, name="Strong ones", strategy_type="momentum", params={"lookback": 60}, mode="alert")
    trading = strategy(
        desk, name="Back to the mean", strategy_type="mean_reversion", symbols=["AAPL"], params={},
        mode="auto_trade", override="shown here on purpose",
    )  # fmt: skip
    running.run(trading, now(), cause=running.Cause.MANUAL)
    single = backtested(desk, watching.pk, benchmark="NVDA")
    other = backtested(desk, trading.pk)
    grid = backtested(
        desk, watching.pk,
        grid=[{"parameter": "short", "values": ["5", "10", "15"]}, {"parameter": "long", "values": ["20", "30", "60"]}],
    )  # fmt: skip
    subject = subjects.strategy_of(desk.user, watching.pk)
    waiting = backtests.ask(user=desk.user, subject=subject, data={}, now=now())
    scan = job(desk, name="Morning scan")
    found = ran(desk, scan)
    ran(desk, job(desk, name="Evening check", job_type="portfolio_check", schedule="close-10m"))
    job(desk, name="Reminders", job_type="alert_check", schedule="0 */2 * * *", enabled=False)
    return [
        Look(path="/strategies/"),
        Look(path="/strategies/new/"),
        Look(path="/strategies/new/?type=ma_cross", name="strategy-new-form"),
        Look(path=f"/strategies/{watching.pk}/", name="strategy", ready="figure canvas"),
        Look(path=f"/strategies/{trading.pk}/", name="strategy-trading", ready="figure canvas"),
        Look(path=f"/strategies/{trading.pk}/edit/", name="strategy-edit"),
        Look(path="/jobs/new/"),
        Look(path="/jobs/new/?type=portfolio_check", name="job-new-form", ready="ol.coming"),
        Look(path=f"/jobs/{scan.pk}/", name="job"),
        Look(path=f"/jobs/{scan.pk}/runs/{found.pk}/", name="job-run"),
        Look(path="/backtests/"),
        Look(path="/backtests/new/"),
        Look(path=f"/backtests/{single.pk}/", name="backtest", ready="figure canvas"),
        Look(path=f"/backtests/{grid.pk}/", name="backtest-grid"),
        Look(path=f"/backtests/{waiting.pk}/", name="backtest-waiting", ready=".progress"),
        Look(
            path=f"/backtests/compare/?ids={single.pk}&ids={other.pk}", name="backtests-compare", ready="figure canvas"
        ),
    ]
