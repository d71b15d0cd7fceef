"""Applying beside others: whoever holds its rows is waited for; names change places; numbers elsewhere follow."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction

from automation import evaluating
from automation.corporate import applying
from automation.corporate.units import scaled_params
from automation.evidence import _real_trades
from automation.models import ActionExecution
from automation.triggers.registry import TRIGGERS
from markets.corporate_actions import record
from markets.models import CorporateAction, Quote
from orders.models import Fill, Order
from orders.placing import place
from orders.submitting import submit_many
from portfolios.auditing import audit
from tests.automation.making import D, S, fresh, hold, rule, see, watch_of
from tests.orders.making import NOW, Desk, open_desk, open_market, quote
from watches.models import Series
from watches.scaling import Scale

EX_DATE = NOW.date()


def announced(new: int = 10, old: int = 1) -> CorporateAction:
    """A split whose ex-date is today, in a market that had its last tick yesterday."""
    return record(symbol="NVDA", kind="split", ex_date=EX_DATE, new_shares=new, old_shares=old, now=NOW - 9 * S)


@pytest.fixture
def desk(db: None) -> Desk:
    open_market("NVDA")
    quote("NVDA", "1000", at=NOW - timedelta(days=1))
    return open_desk("ada", now=NOW - timedelta(days=1))


def test_references_that_change_places(desk: Desk) -> None:
    """Rules armed at 1000 and at 100: after 10:1 the one is what the other was."""
    day = NOW - timedelta(days=1)
    params = {"change": "50", "direction": "down", "window": "since_armed"}
    made = []
    for n, price in enumerate(("1000", "100", "10")):
        made.append(rule(desk, now=day + n * S, symbol="NVDA", trigger_type="change_pct", trigger_params=params))
        quote("NVDA", price, at=day + n * S)
        evaluating.evaluate_quotes(now=day + n * S)
        ActionExecution.objects.all().delete()
    announced()
    assert applying.apply_due(NOW) == 1
    references = sorted(Series.objects.filter(observable__contains=":from:").values_list("reference", flat=True))
    assert references == [D(1), D(10), D(100)]
    assert all(f"{row.reference:f}" in row.observable for row in Series.objects.filter(observable__contains=":from:"))
    assert made and watch_of(made[0]).series.reference == 100


def test_a_condition_on_another_symbol_is_rescaled_too(desk: Desk) -> None:
    open_market("AAPL")
    quote("AAPL", "100", at=NOW - timedelta(days=1))
    condition = {"trigger_type": "price_above", "trigger_params": {"threshold": "900"}, "symbol": "NVDA"}
    made = rule(desk, now=NOW - timedelta(days=1), conditions=[condition])
    announced()
    assert applying.apply_due(NOW) == 1
    after = fresh(made)
    assert after.conditions[0]["trigger_params"]["threshold"] == "90"
    assert (after.trigger_params["threshold"], after.quantity) == ("90", D(10))  # its own, on AAPL: as written


def test_every_number_of_every_trigger_has_a_unit_or_none() -> None:
    """Examples scaled and scaled back are the same, and still are what their trigger reads."""
    for kind, trigger in TRIGGERS.items():
        params = trigger.parse(trigger.example)
        there = scaled_params(kind, params, Scale(10, 1))
        assert trigger.parse(there) == there
        assert scaled_params(kind, there, Scale(1, 10)) == params


def test_an_entry_may_be_corrected_for_a_moment(desk: Desk) -> None:
    row = record(symbol="NVDA", kind="split", ex_date=EX_DATE, new_shares=10, old_shares=1, now=NOW)
    assert applying.apply_due(NOW + S) == 0
    record(symbol="NVDA", kind="split", ex_date=EX_DATE, new_shares=4, old_shares=1, now=NOW + S)
    assert applying.apply_due(NOW + 6 * S) == 1
    row.refresh_from_db()
    assert (row.new_shares, Quote.objects.get(pk="NVDA").last) == (4, 250)


def test_the_evidence_of_a_rule_is_in_todays_shares(desk: Desk) -> None:
    day = NOW - timedelta(days=1)
    made = rule(desk, now=day, symbol="NVDA", quantity="2", trigger_params={"threshold": "2000"})
    see("1000", at=day + S, symbol="NVDA")
    execution = ActionExecution.objects.get(action=made)
    order = place(desk.intent(symbol="NVDA", quantity=D(2), source_id=str(execution.id)), now=day + S)
    submit_many([order.pk], now=day + S)
    assert Order.objects.get().state == "filled"
    price = Fill.objects.get().price
    announced()
    assert applying.apply_due(NOW) == 1
    (trade,) = _real_trades(fresh(made))
    assert (trade.quantity, trade.price) == (20, price / 10)
    assert audit(desk.portfolio) == []


@pytest.mark.django_db(transaction=True)
def test_it_waits_for_whoever_holds_the_rows_and_the_engine_passes_over() -> None:
    open_market("NVDA")
    quote("NVDA", "1000", at=NOW - timedelta(days=1))
    desk = open_desk("ada", now=NOW - timedelta(days=1))
    hold(desk, "NVDA", "10", now=NOW - timedelta(days=1))
    announced()
    held, let_go = threading.Event(), threading.Event()

    def keep_the_portfolio() -> None:
        try:
            with transaction.atomic():
                type(desk.portfolio).objects.select_for_update().get(pk=desk.portfolio.pk)
                held.set()
                let_go.wait(10)
        finally:
            connection.close()

    other = threading.Thread(target=keep_the_portfolio)
    other.start()
    assert held.wait(10)
    threading.Thread(target=lambda: (time.sleep(0.7), let_go.set())).start()
    assert applying.apply_due(NOW) == 1
    other.join()
    assert CorporateAction.objects.get().applied_at == NOW
    assert audit(desk.portfolio) == []
