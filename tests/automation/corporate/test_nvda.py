"""NVDA's 10:1 split of 2024-06-10, replayed: closed at 1208.88, opened about 120.

Rules of every trigger type, a holding with lots of which some was sold, resting orders: nothing fires that should not,
all is rescaled, and what should fire afterwards fires at the new level.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from alerts.models import Alert
from automation import evaluating, lifecycle, observing
from automation.corporate import applying
from automation.models import Action, ActionExecution
from automation.versions import history_of, raw_at
from brokers.models import PaperOrder
from common.errors import Conflict
from markets.corporate_actions import record
from markets.models import Bar, CorporateAction, Quote
from markets.quoting import record_ticks
from markets.types import Tick
from orders import matching
from orders.models import Order
from orders.placing import place
from orders.reconciling import reconcile
from orders.submitting import submit_many
from portfolios.auditing import audit
from portfolios.curve import record_equity
from portfolios.drawdown import drawdowns
from portfolios.ledger import open_position
from portfolios.models import Holding, LedgerEntry, Lot, LotDisposal
from portfolios.valuing import value
from tests.automation.making import D, S, bars, executions, fresh, rule, watch_of
from tests.orders.making import Desk, open_desk, open_market
from watches.models import Series, Watch

FRIDAY = datetime(2024, 6, 7, 19, 0, tzinfo=UTC)
MONDAY = datetime(2024, 6, 10, 13, 30, 1, tzinfo=UTC)
EX_DATE = date(2024, 6, 10)
MIDNIGHT = datetime(2024, 6, 10, 4, 0, tzinfo=UTC)
CLOSE = "1208.88"
OPENING = "120.37"


def tick(price: str, *, at: datetime, volume: str = "1000", opened: str | None = None, before: str = CLOSE) -> None:
    """The feed says so, and the engine looks."""
    result = record_ticks(
        ticks=[
            Tick(
                symbol="NVDA",
                price=D(price),
                bid=D(price) - D("0.01"),
                ask=D(price) + D("0.01"),
                volume=D(volume),
                at=at,
                source="test",
                session_open=D(opened or price),
                prev_close=D(before),
                session_date=at.date(),
            )
        ],
        now=at,
    )
    assert result.recorded == 1, result
    evaluating.evaluate_quotes(now=at)


TRIGGERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("price_below", {"threshold": "1000", "hysteresis": "5"}),
    ("price_below", {"threshold": "1000", "for_seconds": 60}),
    ("price_below", {"threshold": "1000", "edge": "cross"}),
    ("price_above", {"threshold": "1300", "edge": "cross"}),
    ("price_above", {"threshold": "1300"}),
    ("change_pct", {"change": "5", "direction": "either", "window": "1d"}),
    ("change_pct", {"change": "5", "direction": "down", "window": "5d"}),
    ("change_pct", {"change": "5", "direction": "either", "window": "1h"}),
    ("change_pct", {"change": "5", "direction": "either", "window": "session"}),
    ("change_pct", {"change": "5", "direction": "down", "window": "since_armed"}),
    ("change_pct", {"change": "5", "direction": "either", "window": "since_armed"}),
    ("trailing_stop", {"percent": "5"}),
    ("trailing_stop", {"amount": "60"}),
    ("trailing_stop", {"amount": "60", "activation_price": "1250"}),
    ("trailing_stop", {"percent": "5", "activation_price": "1250"}),
    ("trailing_stop", {"percent": "5", "side": "short"}),
    ("volume_above", {"threshold": "100000"}),
    ("volume_above", {"multiple": "2", "average_days": 5}),
    ("volume_above", {"threshold": "50000", "window": "bar"}),
    ("ma_cross", {"short": 3, "long": 5, "direction": "either"}),
    ("ma_cross", {"short": 3, "long": 5, "direction": "down", "on": "live"}),
    ("rsi_below", {"threshold": "20", "period": 2}),
    ("rsi_above", {"threshold": "99", "period": 2}),
    ("drawdown_above", {"percent": "5"}),
    ("time_of_day", {"time": "23:59"}),
    ("cron", {"expression": "0 12 1 1 *"}),
)


@pytest.fixture
def desk(db: None) -> Desk:
    """Friday evening: a holding of 70 (100 bought in two lots, 30 sold), everything armed, prices seen."""
    open_market("NVDA", "AAPL", day=EX_DATE)
    made = open_desk("ada", now=FRIDAY - timedelta(days=1))
    closes = [1150 + n * 3 + (n % 2) * 7 for n in range(25)] + [1208.88]
    bars("NVDA", "1d", datetime(2024, 6, 6, tzinfo=UTC), closes, volume=50_000)
    bars("NVDA", "1m", FRIDAY - timedelta(minutes=1), ["1208.88"] * 90)
    tick(CLOSE, at=FRIDAY)
    buy_and_sell(made)
    record_equity(FRIDAY)
    return made


def buy_and_sell(desk: Desk) -> None:
    """Two lots brought in, 10 shares of the older one sold through the broker at 1208.87."""
    for n, (quantity, price) in enumerate((("40", 900), ("30.5", 1000))):
        at = FRIDAY - timedelta(days=400 - n)
        open_position(portfolio=desk.portfolio, symbol="NVDA", quantity=D(quantity), price=D(price), at=at, now=FRIDAY)
    order = place(desk.intent(symbol="NVDA", side="sell", quantity=D(10)), now=FRIDAY)
    submit_many([order.pk], now=FRIDAY)
    assert Order.objects.get(pk=order.pk).state == "filled"


def armed(desk: Desk, triggers: Sequence[tuple[str, dict[str, Any]]] = TRIGGERS) -> list[Action]:
    rules = [
        rule(
            desk,
            now=FRIDAY,
            action_type="NOTIFY",
            symbol=None if kind == "drawdown_above" else "NVDA",
            trigger_type=kind,
            trigger_params=params,
            max_executions=None,
        )
        for kind, params in triggers
    ]
    tick(CLOSE, at=FRIDAY + S)
    observing.observe(now=FRIDAY + S)
    tick(CLOSE, at=FRIDAY + 2 * S)
    return rules


def split(*, now: datetime = MIDNIGHT) -> CorporateAction:
    row = record(symbol="NVDA", kind="split", ex_date=EX_DATE, new_shares=10, old_shares=1, source="test", now=FRIDAY)
    assert applying.apply_due(now) == 1
    row.refresh_from_db()
    return row


def test_nothing_fires_and_everything_is_rescaled(desk: Desk) -> None:
    rules = armed(desk)
    assert not ActionExecution.objects.exists()
    desk.portfolio.refresh_from_db()
    worth = value(desk.portfolio, now=FRIDAY)
    fallen = drawdowns([desk.portfolio.pk])
    split()
    desk.portfolio.refresh_from_db()
    after = value(desk.portfolio, now=FRIDAY)
    assert (after.equity, after.day_pnl, drawdowns([desk.portfolio.pk])) == (worth.equity, worth.day_pnl, fallen)
    tick("120.888", at=MONDAY, before="120.888", opened="120.37")
    for n, price in enumerate((OPENING, "121.7", "120.1")):
        tick(price, at=MONDAY + n * S, before="120.888", opened=OPENING)
    observing.observe(now=MONDAY + 5 * S)
    tick("120.9", at=MONDAY + 6 * S, before="120.888", opened=OPENING)
    told = [
        (one.action.trigger_type, one.action.trigger_params, one.observation) for one in ActionExecution.objects.all()
    ]
    assert told == []
    assert fresh(rules[0]).trigger_params == {"threshold": "100", "edge": "level", "hysteresis": "0.5"}
    assert fresh(rules[12]).trigger_params == {"amount": "6", "side": "long"}
    assert fresh(rules[13]).trigger_params == {"amount": "6", "activation_price": "125", "side": "long"}
    assert fresh(rules[16]).trigger_params["threshold"] == "1000000"
    assert watch_of(rules[0]).scan_level == 100 and watch_of(rules[13]).scan_level == 125
    assert watch_of(rules[12]).series.reference == D("121.7")  # the peak went on from 120.888
    assert audit(desk.portfolio) == []


def test_what_should_fire_afterwards_fires_at_the_new_level(desk: Desk) -> None:
    rules = armed(desk)
    split()
    tick("120.5", at=MONDAY, before="120.888")
    tick("114.8", at=MONDAY + S, before="120.888", opened="120.5")
    fired = {one.action_id for one in ActionExecution.objects.all()}
    by_kind = {(r.trigger_type, str(r.trigger_params.get("window", r.trigger_params))) for r in rules if r.id in fired}
    assert ("change_pct", "1d") in by_kind and ("change_pct", "since_armed") in by_kind
    assert {rules[11].id, rules[12].id} <= fired  # both trailing stops: 5 % and 6 dollars below 120.888
    assert rules[0].id not in fired
    tick("99.99", at=MONDAY + 2 * S, before="120.888", opened="120.5")
    assert executions(rules[0])[0].observation["level"] == "100"


def test_the_holding_its_lots_and_what_was_sold(desk: Desk) -> None:
    split()
    holding = Holding.objects.get()
    assert (holding.quantity, holding.cost) == (D(605), D("57500.00"))
    lots = list(Lot.objects.order_by("acquired_at").values_list("quantity", "open_quantity", "cost", "open_cost"))
    assert lots == [(D(400), D(300), D(36000), D(27000)), (D(305), D(305), D("30500.00"), D("30500.00"))]
    assert LotDisposal.objects.get().quantity == 100
    entry = LedgerEntry.objects.get(kind="split")
    assert (entry.quantity, entry.amount, entry.at, entry.source_id) == (
        D("544.5"),
        D(0),
        MIDNIGHT,
        "NVDA:split:2024-06-10",
    )
    assert audit(desk.portfolio) == []
    assert reconcile(now=MONDAY)[0].mismatches == ()  # the paper broker holds the same


def test_running_twice_changes_nothing(desk: Desk) -> None:
    armed(desk, TRIGGERS[:13])
    row = split()
    before = everything()
    assert applying.apply_one(row.pk, now=MONDAY) is False
    assert applying.apply_due(MONDAY) == 0
    assert everything() == before


def everything() -> list[Any]:
    return [
        sorted(map(str, model.objects.values_list()))
        for model in (
            Watch,
            Series,
            Action,
            Order,
            PaperOrder,
            Holding,
            Lot,
            LotDisposal,
            LedgerEntry,
            Quote,
            Bar,
            Alert,
        )
    ]


class Killed(Exception):
    """The process dies here."""


@pytest.mark.parametrize(
    "table", ["markets_bar", "portfolios_lot", "automation_action", "watches_watch", "orders_order"]
)
def test_killed_half_way_nothing_is_half_done(desk: Desk, table: str) -> None:
    armed(desk, TRIGGERS[10:13])
    resting(desk)
    row = record(symbol="NVDA", kind="split", ex_date=EX_DATE, new_shares=10, old_shares=1, now=FRIDAY)
    before = everything()

    def die(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = execute(sql, params, many, context)
        if sql.strip().upper().startswith("UPDATE") and table in sql:
            raise Killed
        return found

    with connection.execute_wrapper(die), pytest.raises(Killed):
        applying.apply_one(row.pk, now=MIDNIGHT)
    assert everything() == before
    assert applying.apply_one(row.pk, now=MIDNIGHT)
    assert audit(desk.portfolio) == []


def resting(desk: Desk) -> Order:
    order = place(
        desk.intent(
            symbol="NVDA", side="sell", quantity=D(5), order_type="limit", limit_price=D(1300), time_in_force="gtc"
        ),
        now=FRIDAY + 3 * S,
    )
    assert order.state == "queued", order.reason
    submit_many([order.pk], now=FRIDAY + 3 * S)
    return Order.objects.get(pk=order.pk)


def test_a_resting_order_waits_at_the_new_price(desk: Desk) -> None:
    order = resting(desk)
    assert order.state == "accepted"
    split()
    order.refresh_from_db()
    assert (order.quantity, order.limit_price, order.state) == (D(50), D(130), "accepted")
    paper = PaperOrder.objects.get(closed_at=None)
    assert (paper.quantity, paper.limit_price) == (D(50), D(130))
    assert reconcile(now=MONDAY)[0].mismatches == ()
    tick("129.9", at=MONDAY, before="120.888")
    matching.match_paper(now=MONDAY)
    assert Order.objects.get(pk=order.pk).state == "accepted"
    tick("130.5", at=MONDAY + S, before="120.888")
    matching.match_paper(now=MONDAY + S)
    assert Order.objects.get(pk=order.pk).state == "filled"
    assert Holding.objects.get().quantity == 555
    assert audit(desk.portfolio) == []
    assert reconcile(now=MONDAY + 2 * S)[0].mismatches == ()


def test_the_first_tick_waits_for_the_split(desk: Desk) -> None:
    """The sweeper was down at midnight: a price in new shares is kept out until everything is rescaled."""
    low = rule(desk, now=FRIDAY, symbol="NVDA", trigger_params={"threshold": "1000"})
    record(symbol="NVDA", kind="split", ex_date=EX_DATE, new_shares=10, old_shares=1, now=FRIDAY)
    early = Tick(symbol="NVDA", price=D(OPENING), at=MONDAY, source="test", session_date=MONDAY.date())
    result = record_ticks(ticks=[early], now=MONDAY)
    assert (result.recorded, result.unusable) == (0, {"split_pending": 1})
    evaluating.evaluate_quotes(now=MONDAY)
    assert applying.apply_due(MONDAY) == 1
    tick(OPENING, at=MONDAY + S, before="120.888")
    late = Tick(symbol="NVDA", price=D(CLOSE), at=FRIDAY + 4 * S, source="test", session_date=FRIDAY.date())
    assert record_ticks(ticks=[late], now=MONDAY + S).unusable == {"out_of_order": 1}
    assert not executions(low)


def test_the_owner_is_told_and_the_version_says_so(desk: Desk) -> None:
    low = rule(desk, now=FRIDAY, symbol="NVDA", quantity="5", trigger_params={"threshold": "1000"})
    split()
    alert = Alert.objects.get(dedupe_key="corporate:NVDA:split:2024-06-10")
    assert "NVDA is at or below $100 (quantity 5 → 50; threshold 1000 → 100)" in alert.body
    assert "Your holding: +544.5 shares" in alert.body
    newest, first = history_of(fresh(low))
    assert newest.remarks == ("Rescaled: NVDA 10:1 split.",) and newest.actor == "split 10:1 of NVDA"
    assert not first.restorable
    with pytest.raises(Conflict, match="before the split"):
        raw_at(fresh(low), 1)


def test_bars_and_averages_follow(desk: Desk) -> None:
    split()
    friday = Bar.objects.filter(timeframe="1d").latest("at")
    assert (friday.close, friday.volume) == (D("120.888"), D(500_000))
    assert Bar.objects.filter(timeframe="1m").latest("at").close == D("120.888")
    quote = Quote.objects.get(pk="NVDA")
    assert (quote.last, quote.low, quote.prev_close, quote.at) == (D("120.888"), D("120.888"), D("120.888"), MIDNIGHT)


def test_a_rule_edited_since_a_split_entered_late_is_left_alone(desk: Desk) -> None:
    old = rule(desk, now=FRIDAY, symbol="NVDA", trigger_type="price_above", trigger_params={"threshold": "1500"})
    tick(OPENING, at=MONDAY, before="120.888")
    new = rule(desk, now=MONDAY, symbol="NVDA", trigger_type="price_above", trigger_params={"threshold": "150"})
    split(now=MONDAY + S)
    assert (fresh(old).trigger_params["threshold"], watch_of(old).level) == ("150", D(150))
    assert (fresh(new).trigger_params["threshold"], watch_of(new).level) == ("150", D(150))
    assert Quote.objects.get(pk="NVDA").last == D(OPENING)


def test_a_reverse_split_of_whole_shares_pays_the_fraction(db: None) -> None:
    open_market("NVDA", day=EX_DATE, fractionable=False)
    desk = open_desk("ada", now=FRIDAY - timedelta(days=1))
    at = FRIDAY - timedelta(hours=2)
    tick("5", at=FRIDAY, before="5")
    open_position(portfolio=desk.portfolio, symbol="NVDA", quantity=D(37), price=D(5), at=at, now=FRIDAY)
    small = rule(desk, now=FRIDAY, symbol="NVDA", quantity="4", trigger_params={"threshold": "4"})
    record(symbol="NVDA", kind="split", ex_date=EX_DATE, new_shares=1, old_shares=10, now=FRIDAY)
    assert applying.apply_due(MIDNIGHT) == 1
    holding = Holding.objects.get()
    assert (holding.quantity, holding.cost) == (D(3), D(150))
    entry = LedgerEntry.objects.get(kind="split")
    assert (entry.quantity, entry.amount) == (D(-34), D(35))  # 0.7 shares at 50
    assert LotDisposal.objects.get().gain == 0
    assert audit(desk.portfolio) == []
    assert reconcile(now=MONDAY)[0].mismatches == ()
    rested = fresh(small)
    assert (rested.status, rested.quantity) == ("paused", D(1)) and "less than one share" in rested.status_reason
    lifecycle.resume(user=desk.user, action_id=small.id, now=MONDAY, actor="ada")


def test_a_dividend_is_paid_once_on_the_shares_held_before_the_ex_date(desk: Desk) -> None:
    record(symbol="NVDA", kind="cash_dividend", ex_date=EX_DATE, amount=Decimal("0.10"), now=FRIDAY)
    assert applying.apply_due(MIDNIGHT) == 1
    assert applying.apply_due(MIDNIGHT) == 0
    desk.portfolio.refresh_from_db()
    entry = LedgerEntry.objects.get(kind="dividend")
    assert (entry.amount, entry.at) == (D("6.05"), MIDNIGHT)
    assert audit(desk.portfolio) == []
    assert reconcile(now=MONDAY)[0].mismatches == ()
    assert "paid $6.05" in Alert.objects.get(dedupe_key__startswith="corporate:NVDA:cash").title
