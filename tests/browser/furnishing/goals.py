"""Goals in several states, and rebalance runs that ended, wait, and were refused."""

from __future__ import annotations

from automation.rebalancing import watching
from automation.rebalancing.by_hand import rebalance
from common.clock import now
from safety.models import SafetyPolicy
from tests.browser.looking import Look
from tests.dashboard.goal_making import carry_on, goal_for, hold, run_for
from tests.orders.making import D, Desk


def furnish(desk: Desk) -> list[Look]:
    SafetyPolicy.objects.filter(user=desk.user).update(large_order_pct=D(1000))
    hold(desk, AAPL="900", MSFT="180")
    core = goal_for(desk, wash_sale_lock=True, cooldown_days=0, cash_buffer="2500", lot_method="hifo")
    goal_for(
        desk, name="Sold off, bit by bit", target_weights={"AAPL": "0.55", "CASH": "0.45"}, turnover_cap="0.1",
        do_not_sell=["MSFT"], band_kind="hybrid_5_25", schedule="0 10 1 * *",
    )  # fmt: skip
    goal_for(desk, name="Some day", target_weights={"NVDA": "1"}, enabled=False)
    watching.watch(now=now())
    done = carry_on(run_for(desk, core))
    hold(desk, AAPL="700")
    watching.watch(now=now())
    SafetyPolicy.objects.filter(user=desk.user).update(large_order_pct=D(5))
    waiting = carry_on(run_for(desk, core))
    blocked = rebalance(user=desk.user, goal_id=core.pk, actor="ada", now=now())
    return [
        Look(path="/goals/"),
        Look(path="/goals/new/?weights=AAPL:0.5,MSFT:0.3,CASH:0.2", name="goal-new"),
        Look(path=f"/goals/{core.pk}/", name="goal"),
        Look(path=f"/goals/{core.pk}/edit/", name="goal-edit"),
        Look(path=f"/goals/{core.pk}/delete/", name="goal-delete"),
        Look(path=f"/goals/{core.pk}/rebalance/", name="goal-rebalance"),
        Look(path=f"/goals/{core.pk}/try/?try-band_kind=hybrid_5_25&try-cash=5000", name="goal-try"),
        Look(path="/goals/runs/"),
        Look(path=f"/goals/runs/{done.pk}/", name="run-done"),
        Look(path=f"/goals/runs/{waiting.pk}/", name="run-waiting"),
        Look(path=f"/goals/runs/{blocked.pk}/", name="run-blocked"),
        Look(path="/goals/harvest/"),
    ]
