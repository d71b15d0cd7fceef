"""Bands against the definitions and figures of their authors, computed here a second way."""

from __future__ import annotations

from decimal import Decimal

import pytest

from portfolios.planning.drifting import band_of, drift_of
from portfolios.planning.types import CASH, BandKind, Drift, DriftRow, RebalanceTo
from tests.portfolios.planning.books import D, book, holding, terms

CLOSE = D("0.000001")


def row_of(drift: Drift, symbol: str) -> DriftRow:
    return next(row for row in drift.rows if row.symbol == symbol)


@pytest.mark.parametrize(
    ("target", "low", "high"),
    [
        # Larry Swedroe, "The Only Guide to a Winning Investment Strategy You'll Ever Need" (2005), as retold in the
        # Bogleheads wiki, article "Rebalancing": a 20 % class is rebalanced beyond 5 points (15 % and 25 %), a 10 %
        # class beyond 25 % of it (7.5 % and 12.5 %), a 4 % class at 3 % and 5 %.
        ("0.20", "0.15", "0.25"),
        ("0.10", "0.075", "0.125"),
        ("0.04", "0.03", "0.05"),
        ("0.60", "0.55", "0.65"),
    ],
)
def test_five_twenty_five_has_the_bands_of_its_author(target: str, low: str, high: str) -> None:
    band = band_of(D(target), terms({"SPY": "1"}, band_kind=BandKind.HYBRID_5_25))
    assert abs(D(target) - band - D(low)) < CLOSE
    assert abs(D(target) + band - D(high)) < CLOSE


@pytest.mark.parametrize(
    ("kind", "threshold", "target", "band"),
    [
        (BandKind.ABSOLUTE, "0.05", "0.6", 0.05),
        (BandKind.ABSOLUTE, "0.05", "0.02", 0.05),
        (BandKind.RELATIVE, "0.25", "0.6", 0.25 * 0.6),  # |w - t| / t > r, as bt.algos.RunIfOutOfBounds has it
        (BandKind.RELATIVE, "0.25", "0.02", 0.25 * 0.02),
        (BandKind.HYBRID_20_1, "0.05", "0.6", max(0.2 * 0.6, 0.01)),  # Wealthfolio: the greater of 20 % and 1 point
        (BandKind.HYBRID_20_1, "0.05", "0.02", max(0.2 * 0.02, 0.01)),
    ],
)
def test_the_other_bands(kind: BandKind, threshold: str, target: str, band: float) -> None:
    found = band_of(D(target), terms({"SPY": "1"}, band_kind=kind, threshold=D(threshold)))
    assert float(found) == pytest.approx(band, abs=1e-6)


def test_drift_is_weight_less_target_of_what_is_not_reserved() -> None:
    """$66,000 SPY, $24,000 AGG, $12,000 cash of which $2,000 stay: of $100,000 managed they are 66 %, 24 % and 10 %."""
    drift = drift_of(
        book("12000", holding("SPY", "100", "660"), holding("AGG", "240", "100"), holding("GLD", "0", "400")),
        terms({"SPY": "0.6", "AGG": "0.3", "GLD": "0.1"}, cash_buffer=D(2000)),
    )
    assert (drift.equity, drift.managed) == (D(102_000), D(100_000))
    assert [(row.symbol, row.weight, row.drift, row.dollars) for row in drift.rows] == [
        ("AGG", D("0.24"), D("-0.06"), D(-6000)),
        ("GLD", D(0), D("-0.1"), D(-10_000)),
        ("SPY", D("0.66"), D("0.06"), D(6000)),
        (CASH, D("0.1"), D("0.1"), D(10_000)),
    ]
    assert (drift.worst, drift.band_use, drift.needs_rebalancing) == (D("0.1"), D(2), True)


@pytest.mark.parametrize(("shares", "outside"), [("65", False), ("65.01", True), ("55", False), ("54.99", True)])
def test_the_edge_of_the_band_is_inside(shares: str, outside: bool) -> None:
    rest = D(10_000) - D(shares) * 100
    drift = drift_of(
        book("0", holding("SPY", shares, "100"), holding("AGG", str(rest / 100), "100")),
        terms({"SPY": "0.6", "AGG": "0.4"}),
    )
    assert row_of(drift, "SPY").outside is outside
    assert drift.needs_rebalancing is outside


def test_what_is_held_without_a_target_and_what_is_wanted_and_not_held_are_outside() -> None:
    """However wide the band: an absolute one of 5 points could never be left by a target of 2 %."""
    drift = drift_of(
        book("0", holding("SPY", "97", "100"), holding("GLD", "0", "100"), holding("QQQ", "3", "100")),
        terms({"SPY": "0.98", "GLD": "0.02"}),
    )
    assert [row.symbol for row in drift.rows if row.outside] == ["GLD", "QQQ"]
    assert drift.needs_rebalancing and drift.band_use == 2


def test_a_residue_below_the_smallest_trade_clears_the_flag() -> None:
    held = book("0", holding("SPY", "100", "100"), holding("QQQ", "0.2", "100"))
    assert drift_of(held, terms({"SPY": "1"}, min_trade=D(19))).needs_rebalancing
    cleared = drift_of(held, terms({"SPY": "1"}, min_trade=D(25)))
    assert not cleared.needs_rebalancing
    assert row_of(cleared, "QQQ").outside and cleared.band_use < 1


def test_less_than_a_share_cannot_be_mended() -> None:
    held = book("0", holding("SPY", "3", "600", fractional=False), holding("AGG", "12", "100", fractional=False))
    drift = drift_of(held, terms({"SPY": "0.55", "AGG": "0.45"}))  # SPY is at 60 %, three points of $3,000 too much
    assert not drift.needs_rebalancing
    assert drift_of(held, terms({"SPY": "0.30", "AGG": "0.70"})).needs_rebalancing


@pytest.mark.parametrize("more", [{"do_not_sell": frozenset({"SPY"})}, {"cash_flow_only": True}])
def test_what_may_not_be_mended_does_not_ask_for_it(more: dict[str, object]) -> None:
    held = book("0", holding("SPY", "80", "100"), holding("AGG", "20", "100"))
    drift = drift_of(held, terms({"SPY": "0.6", "AGG": "0.4"}, **more))
    assert not row_of(drift, "SPY").actionable
    assert row_of(drift, "SPY").outside


def test_cash_may_be_a_target() -> None:
    drift = drift_of(book("3000", holding("SPY", "70", "100")), terms({"SPY": "0.9", CASH: "0.1"}))
    assert row_of(drift, CASH).drift == D("0.2")
    assert row_of(drift, CASH).outside and drift.needs_rebalancing
    without = drift_of(book("3000", holding("SPY", "70", "100")), terms({"SPY": "1"}, threshold=D("0.4")))
    assert row_of(without, CASH).band is None and not without.needs_rebalancing


def test_cash_with_the_symbol_of_an_instrument_unpriced_and_unknown_things_are_problems() -> None:
    one = holding("SPY", "1", "100")
    no_price = type(one)(symbol="GLD", quantity=D(1), price=None)
    assert "GLD: no price yet" in drift_of(book("100", one, no_price), terms({"SPY": "1"})).problem
    assert "XXXX: no such instrument" in drift_of(book("100", one), terms({"SPY": "0.5", "XXXX": "0.5"})).problem
    assert "goals use for cash" in drift_of(book("100", one, holding(CASH, "1", "5")), terms({"SPY": "1"})).problem
    nothing = drift_of(book("10"), terms({CASH: "1"}, cash_buffer=D(50)))
    assert "nothing is left to share out" in nothing.problem and not nothing.needs_rebalancing


def test_the_way_to_the_edge_counts_for_a_goal_that_stops_there() -> None:
    held = book("0", holding("SPY", "65.1", "100"), holding("AGG", "34.9", "100"))
    goal = {"SPY": "0.6", "AGG": "0.4"}
    assert drift_of(held, terms(goal, min_trade=D(100))).needs_rebalancing  # $510 to the target
    assert not drift_of(held, terms(goal, min_trade=D(100), rebalance_to=RebalanceTo.BAND_EDGE)).needs_rebalancing


def test_weights_of_a_book_sum_to_one() -> None:
    drift = drift_of(
        book("1234.56", holding("SPY", "3.3", "601.23"), holding("AGG", "7", "98.77")), terms({"SPY": "1"})
    )
    assert abs(sum((row.weight for row in drift.rows), Decimal(0)) - 1) < CLOSE
