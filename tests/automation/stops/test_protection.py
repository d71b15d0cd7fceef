from __future__ import annotations

from dataclasses import replace

import pytest

from automation.stops.protection import Holding, Kind, Stop, level_of, loss_at, protect, together
from common.ids import new_id
from tests.orders.making import D

# 100 shares bought at 80 and now at 100, in a portfolio worth $40,000.
HELD = Holding(symbol="AAPL", shares=D(100), cost=D(8000), last=D(100), equity=D(40_000))


def stop(price: str | None = "90", shares: str | None = "100", **changes) -> Stop:
    values = {
        "kind": Kind.FIXED,
        "sentence": "Sell.",
        "short": f"stop at ${price}",
        "shares": None if shares is None else D(shares),
        "price": None if price is None else D(price),
        "action_id": new_id(),
        **changes,
    }
    return Stop(**values)


def test_the_first_to_sell_comes_first_and_those_that_only_tell_last() -> None:
    told, low, high, waiting = stop("99", acts=False), stop("80"), stop("90"), stop(None)
    found = protect(HELD, [told, low, waiting, high])
    assert found.stops == (high, low, waiting, told)
    assert (found.first, found.covered) == (high, D(100))


@pytest.mark.parametrize(
    ("stops", "covered", "warned"),
    [
        ([], "0", []),
        ([stop(shares="40")], "40", []),
        ([stop(shares="40"), stop("80", shares="60")], "100", []),
        ([stop(), stop("80")], "100", ["2 stops sell 200 shares together, 100 are held"]),
        ([stop(group="a"), stop("80", group="a")], "100", []),
        ([stop(shares="150")], "100", ["sells 150 shares, 100 are held: the order would be denied"]),
        ([stop("100")], "100", ["is at $100, not below the price $100: it sells at once"]),
        ([stop(acts=False)], "0", ["only tells: its mode is not automatic"]),
        ([stop(conditional=True)], "0", []),
        ([stop(None, kind=Kind.TIME)], "0", []),
        ([stop(None, kind=Kind.TRAILING)], "100", []),
        ([stop(shares=None)], "0", []),
    ],
)
def test_what_is_covered_and_what_is_wrong(stops, covered, warned) -> None:
    found = protect(HELD, stops)
    assert found.covered == D(covered)
    assert len(found.warnings) == len(warned), found.warnings
    for text, expected in zip(found.warnings, warned, strict=True):
        assert expected in text


def test_the_loss_is_counted_from_here_and_the_result_from_what_was_paid() -> None:
    loss = loss_at(HELD, D(90), D(50))
    assert loss is not None
    assert (loss.amount, loss.percent_of_equity, loss.result) == (D(500), D("1.25"), D(500))
    deep = loss_at(HELD, D(70), D(100))
    assert deep is not None and (deep.amount, deep.result) == (D(3000), D(-1000))
    assert loss_at(replace(HELD, last=None), D(90), D(1)) is None
    assert loss_at(HELD, None, D(1)) is None
    unvalued = loss_at(replace(HELD, equity=None), D(90), D(1))
    assert unvalued is not None and unvalued.percent_of_equity is None


def test_where_a_draft_would_sell() -> None:
    def draft(kind: str, **params: str) -> dict[str, object]:
        return {"trigger_type": kind, "trigger_params": params}

    assert level_of(draft("price_below", threshold="91.5"), None) == D("91.5")
    assert level_of(draft("trailing_stop", percent="8"), D(150)) == D(138)
    assert level_of(draft("trailing_stop", amount="6.5"), D(150)) == D("143.5")
    assert level_of(draft("trailing_stop", amount="6.5"), None) is None
    assert level_of(draft("time_of_day", time="close"), D(150)) is None


def test_shares_of_stops_that_replace_each_other_count_once() -> None:
    stops = [stop(group="a", shares="30"), stop(group="a", shares="50"), stop(shares="20")]
    assert together(stops) == D(70)
