from __future__ import annotations

import hashlib
import math
import statistics
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from markets.demo_catalogue import BY_SYMBOL, CATALOGUE, REAL, SIMULATED
from markets.demo_history import FILE, history, real_days, simulated_day, weekdays_until

SUNDAY = date(2026, 11, 22)


def returns(bars):
    return [math.log(b.close / a.close) for a, b in pairwise(bars)]


def test_the_vendored_file_is_the_one_its_readme_names():
    digest = hashlib.sha256(FILE.read_bytes()).hexdigest()
    assert digest in (FILE.parent / "README.md").read_text()


def test_the_last_real_bar_keeps_the_price_really_paid():
    days = real_days()
    assert {ticker: (len(series), round(series[-1].close, 2)) for ticker, series in days.items()} == {
        "AAPL": (3270, 430.47), "FB": (196, 27.78), "GOOG": (2148, 806.19), "IBM": (3270, 202.91),
        "MSFT": (3270, 27.95),
    }  # fmt: skip


def test_splits_leave_no_jump():
    """Apple split 2:1 on 2000-06-21 and 2005-02-28. Its worst real day was 2000-09-29: -51.9 %."""
    moves = returns(history(BY_SYMBOL["AAPL"], last=SUNDAY, seed=7))
    assert sum(abs(move) > math.log(1.4) for move in moves) == 1


def test_weekdays_end_at_the_last_day_whatever_it_is():
    assert weekdays_until(SUNDAY, 3) == [date(2026, 11, 19), date(2026, 11, 20), SUNDAY]
    assert weekdays_until(date(2026, 11, 24), 3) == [date(2026, 11, 20), date(2026, 11, 23), date(2026, 11, 24)]


@pytest.mark.parametrize("instrument", CATALOGUE, ids=lambda entry: entry.symbol)
def test_every_series_is_plausible_and_reproducible(instrument):
    bars = history(instrument, last=SUNDAY, seed=7)
    assert bars == history(instrument, last=SUNDAY, seed=7)
    assert bars[-1].at.date() == SUNDAY
    for bar in bars:
        assert 0 < bar.low <= min(bar.open, bar.close)
        assert bar.high >= max(bar.open, bar.close)
        assert bar.volume > 0
        assert bar.close == bar.close.quantize(Decimal("0.01"))
    yearly = statistics.pstdev(returns(bars)) * math.sqrt(252)
    assert 0.03 < yearly < 0.75
    assert len(instrument.data_label) <= 120
    assert instrument.data_label == (REAL if instrument.ticker else SIMULATED)


def test_simulated_series_end_at_their_price_and_move_with_the_market():
    spy, qqq, agg = (history(BY_SYMBOL[symbol], last=SUNDAY, seed=7) for symbol in ("SPY", "QQQ", "AGG"))
    assert spy[-1].close == Decimal("585.40")
    assert statistics.correlation(returns(spy), returns(qqq)) > 0.8
    assert abs(statistics.correlation(returns(spy), returns(agg))) < 0.4
    assert history(BY_SYMBOL["SPY"], last=SUNDAY, seed=8)[0].close != spy[0].close


def test_count_keeps_the_newest():
    whole = history(BY_SYMBOL["IBM"], last=SUNDAY, seed=7)
    assert history(BY_SYMBOL["IBM"], last=SUNDAY, seed=7, count=5) == whole[-5:]


def test_a_day_nobody_watched_is_the_same_whenever_it_is_asked_for():
    day = simulated_day(BY_SYMBOL["TSLA"], at=SUNDAY, previous=Decimal(250), seed=7)
    assert day == simulated_day(BY_SYMBOL["TSLA"], at=SUNDAY, previous=Decimal(250), seed=7)
    assert abs(day.close / 250 - 1) < Decimal("0.25")
