"""What keeps a run from beginning, decided before its first leg; and what is written of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from alerts.models import Alert
from automation.rebalancing.models import RebalanceRun
from automation.rebalancing.starting import preview
from automation.rebalancing.states import RunState
from markets import calendar
from markets.models import Exchange, Instrument, MarketSession, Quote
from portfolios.models import PortfolioGoal
from safety.models import SafetyPolicy, Switch
from tests.automation.rebalancing.making import (
    D,
    carried_on,
    drifted,
    goal_of,
    market_at,
    orders,
    overweight,
    started,
    wish_of,
)
from tests.orders.making import NOW, Desk

pytestmark = pytest.mark.django_db


def blocked(desk: Desk, goal: PortfolioGoal | None = None, **wish: Any) -> tuple[str, str]:
    run = started(desk, goal or goal_of(desk), **wish)
    assert run.state == RunState.BLOCKED, run.state
    assert run.finished_at is not None
    assert not orders(run)
    assert Alert.objects.filter(data__run=str(run.pk), kind="blocked").count() == 1
    return run.reason_code, run.reason


def test_the_plan_is_kept_as_it_was_shown(desk: Desk) -> None:
    overweight(desk)
    run = started(desk, goal_of(desk))
    assert {trade["symbol"] for trade in run.plan["trades"]} == {"AAPL", "MSFT", "NVDA"}
    assert [leg.side for leg in run.legs.order_by("number")] == ["sell", "buy", "buy"]
    assert {check["outcome"] for check in run.checks} == {"pass"}
    assert [leg.quantity is None for leg in run.legs.order_by("number")] == [False, True, True]


def test_a_dry_run_writes_nothing(desk: Desk) -> None:
    drifted(desk)
    found = preview(wish_of(desk, goal_of(desk)), now=NOW)
    assert found.refusal is None
    assert len(found.legs) >= 1
    assert not RebalanceRun.objects.exists()


def test_it_would_exceed_the_daily_trades(desk: Desk) -> None:
    overweight(desk)
    SafetyPolicy.objects.update(max_daily_trades=2)
    code, reason = blocked(desk)
    assert code == "DAILY_TRADE_CAP"
    assert "the limit is 2" in reason


def test_sells_count_for_the_cap_of_a_run_although_the_gate_lets_them_through(desk: Desk) -> None:
    overweight(desk)
    SafetyPolicy.objects.update(max_daily_trades=0)
    goal = goal_of(desk, target_weights={"AAPL": "0.1", "CASH": "0.9"})
    assert blocked(desk, goal)[0] == "DAILY_TRADE_CAP"


def test_it_would_exceed_the_turnover(desk: Desk) -> None:
    overweight(desk)
    SafetyPolicy.objects.update(daily_turnover_pct=D(10))
    assert blocked(desk)[0] == "DAILY_TURNOVER"


@pytest.mark.parametrize(
    ("change", "code"),
    [({"killed": True}, "KILL_SWITCH_ACTIVE"), ({"trading_state": "halted"}, "TRADING_HALTED"),
     ({"trading_state": "reducing"}, "STATE_REDUCING")],
)  # fmt: skip
def test_a_switch_is_on(desk: Desk, change: dict[str, Any], code: str) -> None:
    overweight(desk)
    Switch.objects.filter(scope="user").update(**change)
    assert blocked(desk)[0] == code


def test_the_cooldown_is_not_over(desk: Desk) -> None:
    overweight(desk)
    goal = goal_of(desk, cooldown_days=7)
    assert carried_on(started(desk, goal)).state == RunState.COMPLETED
    later = NOW + timedelta(days=6)
    market_at(later)
    code, reason = blocked(desk, goal, now=later)
    assert code == "COOLDOWN"
    assert "2026-11-27 15:00" in reason
    later = NOW + timedelta(days=7, minutes=1)
    market_at(later)
    assert started(desk, goal, now=later).reason_code in ("", "NOTHING_TO_DO")


def test_a_price_is_missing_and_a_goal_is_off(desk: Desk) -> None:
    overweight(desk)
    Quote.objects.filter(instrument="NVDA").delete()
    code, reason = blocked(desk)
    assert code == "CANNOT_PLAN"
    assert "NVDA" in reason
    assert blocked(desk, goal_of(desk, enabled=False))[0] == "GOAL_OFF"


def test_a_stale_quote_is_the_gates_to_deny(desk: Desk) -> None:
    overweight(desk)
    assert blocked(desk, now=NOW + timedelta(seconds=16))[0] == "QUOTE_STALE"


def test_a_goal_is_the_consent_to_its_weights_and_targets_for_once_are_not(desk: Desk) -> None:
    SafetyPolicy.objects.update(max_position_pct=D(10))
    assert started(desk, goal_of(desk)).state == RunState.PLANNED
    RebalanceRun.objects.all().delete()
    PortfolioGoal.objects.all().delete()
    run = started(desk, None, targets={"AAPL": Decimal("0.4"), "CASH": Decimal("0.6")})
    assert (run.state, run.reason_code) == (RunState.BLOCKED, "MAX_POSITION")


def test_targets_for_once(desk: Desk) -> None:
    run = carried_on(started(desk, None, targets={"AAPL": Decimal("0.4"), "CASH": Decimal("0.6")}))
    assert run.state == RunState.COMPLETED, run.residuals
    assert run.targets == {"AAPL": "0.4", "CASH": "0.6"}


@pytest.mark.parametrize(("minutes", "code"), [(31, ""), (376, "MARKET_CLOSES_SOON"), (391, "MARKET_CLOSED")])
def test_the_hours_of_a_real_exchange(desk: Desk, minutes: int, code: str) -> None:
    opens = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
    MarketSession.objects.create(
        exchange=Exchange.objects.get(code=calendar.XNYS),
        date=date(2026, 11, 20),
        opens_at=opens,
        closes_at=opens + timedelta(minutes=390),
    )
    MarketSession.objects.create(
        exchange_id=calendar.XNYS,
        date=date(2026, 11, 23),
        opens_at=opens + timedelta(days=3),
        closes_at=opens + timedelta(days=3, minutes=390),
    )
    calendar.forget()
    Instrument.objects.update(exchange_id=calendar.XNYS)
    at = opens + timedelta(minutes=minutes)
    market_at(at)
    run = started(desk, goal_of(desk), now=at)
    assert run.reason_code == code
    if code:
        assert datetime.fromisoformat(run.plan["until"]) == opens + timedelta(days=3)
