from __future__ import annotations

from datetime import timedelta

import pytest

from automation.triggers.registry import TRIGGERS
from tests.automation.triggers.showing import (
    EVERY_TIME,
    START,
    D,
    errors,
    fired,
    is_normal,
    market,
    parse,
    plan_of,
    refuses_bad_numbers,
)

KIND = "drawdown_above"


def test_a_percentage_below_100_is_all_it_takes():
    assert is_normal(KIND, percent="12.5") == {"percent": "12.5"}
    refuses_bad_numbers(KIND, "percent")
    assert "required" in errors(KIND)["percent"]


@pytest.mark.parametrize("percent", ["100", 100.0, 250])
def test_a_portfolio_cannot_fall_by_all_it_is_worth(percent):
    assert "below 100" in errors(KIND, percent=percent)["percent"]


def test_sentence():
    assert TRIGGERS[KIND].sentence(parse(KIND, percent=10), "") == "the portfolio is 10 % or more below its peak"


def test_it_watches_the_portfolio_it_is_given():
    series = plan_of(KIND, {"percent": 10}, "portfolio:7").spec.series
    assert (series.subject, series.observable) == ("portfolio:7", "drawdown")


def test_it_fires_once_there_and_again_only_after_it_was_smaller():
    plan = plan_of(KIND, {"percent": 10}, "portfolio:7")
    values = [9.99, 10, 15, 10, 9.5, 10.1]
    slices = [market(1, START + timedelta(minutes=n + 1), pushed=D(str(v))) for n, v in enumerate(values)]
    assert fired(plan, slices, EVERY_TIME) == [1, 5]
