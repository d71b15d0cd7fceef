"""A portfolio with a life: holdings, a curve, rules, orders in several states, alerts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from alerts.raising import raise_alert
from automation import lifecycle
from common.clock import now
from markets.models import Bar
from orders.placing import place
from portfolios.ledger import open_position
from portfolios.models import EquityPoint
from safety.models import SafetyPolicy
from tests.browser.looking import Look
from tests.dashboard.making import rule
from tests.orders.making import D, Desk


def live_a_little(desk: Desk) -> Any:
    """Fill the desk; returns a rule with executions."""
    moment = now()
    for symbol, shares, cost in (("AAPL", 60, "91.20"), ("MSFT", 25, "104"), ("NVDA", 120, "99.5")):
        open_position(
            portfolio=desk.portfolio, symbol=symbol, quantity=D(shares), price=D(cost), at=moment, now=moment
        )  # fmt: skip
    EquityPoint.objects.bulk_create(
        EquityPoint(
            portfolio=desk.portfolio,
            at=moment - timedelta(hours=n),
            equity=D(120_000) + D(n % 17) * 90,
            cash=D(100_000),
        )
        for n in range(1, 400)
    )
    Bar.objects.bulk_create(
        (
            Bar(
                instrument_id="AAPL", timeframe="1m", at=moment.replace(second=0, microsecond=0) - timedelta(minutes=n),
                open=D(100), high=D(101) + n % 3, low=D(97) - n % 2, close=D(100) - n % 3, source="test",
            )
            for n in range(200)
        ),
        ignore_conflicts=True,
    )  # fmt: skip
    shown = rule(desk, max_executions=5)
    rule(desk, action_type="SELL", symbol="NVDA", quantity=None, percent_of_position="100", name="Protect the gain",
         trigger_type="trailing_stop", trigger_params={"percent": "8"})  # fmt: skip
    rule(desk, action_type="NOTIFY", symbol="TSLA", quantity=None, max_executions=None, cooldown_seconds=3600,
         trigger_type="change_pct", trigger_params={"change": "5"})  # fmt: skip
    lifecycle.pause(user=desk.user, action_id=rule(desk, symbol="MSFT").pk, now=moment, actor="ada")
    execution = lifecycle.execute_now(user=desk.user, action_id=shown.pk, now=moment, actor="ada")
    place(desk.intent(source_id=str(execution.pk)), now=moment)
    place(desk.intent(symbol="MSFT", quantity=D(5000)), now=moment)
    losses = {"daily_loss_reduce_pct": D(1000), "daily_loss_halt_pct": D(1000), "drawdown_halt_pct": D(1000)}
    SafetyPolicy.objects.filter(user=desk.user).update(large_order_pct=D(1), **losses)
    place(desk.intent(symbol="TSLA", quantity=D(60)), now=moment)  # waits for a person
    for kind, severity in (("fill", "info"), ("blocked", "warning"), ("failure", "critical")):
        raise_alert(
            user_id=desk.user.pk,
            kind=kind,
            severity=severity,
            title=f"A {kind} happened",
            body="What was seen: $100.00",
            now=moment,
            dedupe_key=kind,
        )
    return shown


def furnish(desk: Desk) -> list[Look]:
    shown = live_a_little(desk)
    return [
        Look(path="/", ready="figure canvas"),
        Look(path="/actions/"),
        Look(path="/actions/?sort=nearest&status=all", name="rules-nearest"),
        Look(path="/actions/?q=nothing-like-it", name="rules-no-match"),
        Look(path="/actions/new/"),
        Look(path=f"/actions/{shown.pk}/", name="rule", ready="figure canvas"),
        Look(path=f"/actions/{shown.pk}/history/", name="rule-history"),
        Look(path="/orders/"),
        Look(path="/portfolio/"),
        Look(path="/safety/"),
        Look(path="/safety/limits/"),
        Look(path="/safety/audit/"),
        Look(path="/monitoring/", ready="#monitoring .tile"),
    ]
