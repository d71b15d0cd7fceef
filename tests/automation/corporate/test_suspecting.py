"""A jump by the ratio of a common split is asked about once; a real move or an announced split is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.models import Alert
from automation.corporate.suspecting import suspect_splits
from markets.corporate_actions import record
from markets.models import CorporateAction
from markets.quoting import record_ticks
from markets.types import Tick
from tests.automation.making import D, S, hold
from tests.orders.making import NOW, Desk, open_desk, open_market


@pytest.fixture
def desk(db: None) -> Desk:
    open_market("NVDA")
    made = open_desk("ada")
    hold(made, "NVDA", "10")
    return made


def jump(before: str, last: str) -> None:
    tick = Tick(symbol="NVDA", price=D(last), prev_close=D(before), at=NOW, source="test", session_date=NOW.date())
    assert record_ticks(ticks=[tick], now=NOW).recorded == 1


@pytest.mark.parametrize(
    ("before", "last", "asked"),
    [
        ("1208.88", "120.37", "10:1"),
        ("1208.88", "125", "10:1"),
        ("500", "124", "4:1"),
        ("90", "60.2", "3:2"),
        ("2", "20.4", "1:10"),
        ("100", "80", ""),  # a bad day
        ("100", "70", ""),
        ("100", "101", ""),
        ("100", "62", ""),  # between two ratios
    ],
)
def test_what_is_asked_about(desk: Desk, before: str, last: str, asked: str) -> None:
    jump(before, last)
    assert suspect_splits(NOW + S) == int(bool(asked))
    if asked:
        alert = Alert.objects.get(dedupe_key=f"split?:NVDA:{NOW.date()}")
        assert alert.title == f"Did NVDA split {asked}?" and alert.user == desk.user
        assert suspect_splits(NOW + 2 * S) == 0  # once a day


def test_an_announced_split_is_no_riddle(desk: Desk) -> None:
    row = record(symbol="NVDA", kind="split", ex_date=NOW.date(), new_shares=10, old_shares=1, now=NOW)
    CorporateAction.objects.filter(pk=row.pk).update(applied_at=NOW)
    jump("1208.88", "120.37")
    assert suspect_splits(NOW + S) == 0


def test_an_old_quote_is_history(desk: Desk) -> None:
    jump("1208.88", "120.37")
    assert suspect_splits(NOW + timedelta(minutes=10)) == 0
