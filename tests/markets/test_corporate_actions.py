"""Entering, correcting and forgetting corporate actions; by hand and by file."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from common.errors import Conflict, InvalidInput, NotFound
from markets import corporate_actions
from markets.carrying import carried, splits_by_symbol
from markets.corporate_actions import due, forget, record
from markets.corporate_importing import import_corporate_actions
from markets.demo import seed_demo_market
from markets.feeds.demo import DemoFeed
from markets.importing import BadFile
from markets.models import Bar, CorporateAction, Quote
from markets.rescaling import bars_are_raw, lock_quote, rescale
from tests.orders.making import open_market, quote

NOW = datetime(2024, 6, 7, 20, 0, tzinfo=UTC)
EX_DATE = date(2024, 6, 10)
MIDNIGHT = datetime(2024, 6, 10, 4, 0, tzinfo=UTC)


@pytest.fixture
def nvda(db: None) -> None:
    open_market("NVDA", day=EX_DATE)


def split(new: int = 10, old: int = 1, **changes: Any) -> CorporateAction:
    values = {"symbol": "nvda", "kind": "split", "ex_date": EX_DATE, "new_shares": new, "old_shares": old, "now": NOW}
    return record(**{**values, **changes})


def test_a_split_is_due_when_its_ex_date_begins_in_new_york(nvda: None) -> None:
    row = split(source="press")
    assert (row.instrument_id, row.effective_at, row.key) == ("NVDA", MIDNIGHT, "NVDA:split:2024-06-10")
    assert due(MIDNIGHT.replace(hour=3)) == [] and due(MIDNIGHT) == [row]
    assert split() == row and split(20).new_shares == 20
    assert CorporateAction.objects.count() == 1


def test_what_was_applied_is_neither_changed_nor_forgotten(nvda: None) -> None:
    row = split()
    CorporateAction.objects.update(applied_at=MIDNIGHT)
    assert split() == row
    with pytest.raises(Conflict, match="was applied"):
        split(20)
    with pytest.raises(Conflict, match="has been applied"):
        forget(row.pk)
    CorporateAction.objects.update(applied_at=None)
    forget(row.pk)
    with pytest.raises(NotFound):
        forget(row.pk)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"new_shares": 0}, "new_shares"),
        ({"new_shares": None}, "new_shares"),
        ({"old_shares": 10}, "new_shares"),
        ({"amount": Decimal(1)}, "amount"),
        ({"symbol": "NOPE"}, "symbol"),
        ({"kind": "merger"}, "kind"),
        ({"kind": "cash_dividend", "new_shares": None, "old_shares": None}, "amount"),
        ({"kind": "cash_dividend", "amount": Decimal(1)}, "new_shares"),
        ({"ex_date": date(1800, 1, 1)}, "ex_date"),
    ],
)
def test_bad_numbers_are_named(nvda: None, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as bad:
        split(**changes)
    assert field in bad.value.errors


def test_the_database_says_no(nvda: None) -> None:
    bad = {"kind": "split", "new_shares": 2, "old_shares": 2, "effective_at": NOW, "created_at": NOW}
    with pytest.raises(IntegrityError), transaction.atomic():
        CorporateAction.objects.create(instrument_id="NVDA", ex_date=EX_DATE, **bad)


CSV = "symbol,kind,ex_date,ratio,amount\nNVDA,split,2024-06-10,10:1,\nNVDA,dividend,2024-06-11,,0.01\n"


def test_a_file_of_them(nvda: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "actions.csv"
    file.write_text(CSV)
    call_command("import_corporate_actions", str(file))
    assert "NVDA split 10:1 (2024-06-10)" in capsys.readouterr().out
    import_corporate_actions(CSV, now=NOW)
    assert CorporateAction.objects.count() == 2
    file.write_text(CSV + "NVDA,split,soon,10-1,\nNOPE,split,2024-06-12,2:1,\nNVDA,dividend,2024-06-13,,x\n")
    with pytest.raises(CommandError, match="row 4, column ex_date"):
        call_command("import_corporate_actions", str(file))
    with pytest.raises(BadFile) as bad:
        import_corporate_actions(file.read_text(), now=NOW)
    assert [(one.row, one.column) for one in bad.value.mistakes] == [
        (4, "ex_date"),
        (4, "ratio"),
        (5, "symbol"),
        (6, "amount"),
    ]
    with pytest.raises(BadFile, match="has no column"):
        import_corporate_actions("a,b\n", now=NOW)


def bar(day: int, price: str) -> None:
    p = Decimal(price)
    at = datetime(2024, 6, day, tzinfo=UTC)
    Bar.objects.create(instrument_id="NVDA", timeframe="1d", at=at, open=p, high=p, low=p, close=p, source="csv")


def test_bars_that_a_vendor_adjusted_are_not_scaled_again(nvda: None) -> None:
    bar(7, "120.888")
    assert bars_are_raw("NVDA", new=10, old=1, ex_date=EX_DATE)  # nothing after it yet: they came with the prices
    bar(10, "121")
    assert not bars_are_raw("NVDA", new=10, old=1, ex_date=EX_DATE)
    Bar.objects.filter(at__day=7).update(open=1208, high=1208, low=1208, close=1208)
    assert bars_are_raw("NVDA", new=10, old=1, ex_date=EX_DATE)


def test_a_range_the_engine_has_not_seen_is_carried_over(nvda: None) -> None:
    quote("NVDA", "1200", at=NOW)
    quote("NVDA", "1230", at=NOW)
    quote("NVDA", "1208.88", at=NOW)
    rescale(lock_quote("NVDA"), symbol="NVDA", new=10, old=1, ex_date=EX_DATE, effective_at=MIDNIGHT)
    row = Quote.objects.get()
    assert (row.low, row.high, row.last, row.volume, row.dirty) == (120, 123, Decimal("120.888"), 10_000, True)


def test_the_demo_feed_is_in_new_shares_from_the_first_moment_on(nvda: None) -> None:
    seed_demo_market(now=NOW, seed=7, count=5)
    feed = DemoFeed(seed=1, speed=1, volatility=0.0, seconds=1)
    feed.start(now=NOW)
    before = {tick.symbol: tick.price for tick in feed.poll(now=NOW)}
    split()
    feed.refresh(symbols=frozenset(), now=MIDNIGHT.replace(hour=3, minute=30))
    after = {tick.symbol: tick for tick in feed.poll(now=MIDNIGHT)}["NVDA"]
    assert abs(after.price * 10 / before["NVDA"] - 1) < Decimal("0.05")
    again = {tick.symbol: tick for tick in feed.poll(now=MIDNIGHT)}["NVDA"]
    assert abs(again.price / after.price - 1) < Decimal("0.05")
    assert corporate_actions.due(MIDNIGHT)


def test_executions_of_the_past_are_carried_over_the_splits_since(nvda: None) -> None:
    split()
    CorporateAction.objects.update(applied_at=MIDNIGHT)
    splits = splits_by_symbol(["NVDA", "AAPL"])
    assert carried(Decimal(5), Decimal("1208.88"), NOW, splits["NVDA"]) == (50, Decimal("120.888"))
    assert carried(Decimal(5), Decimal("120"), MIDNIGHT, splits["NVDA"]) == (5, 120)
    assert splits["AAPL"] == []
