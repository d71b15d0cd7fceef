"""What a bar changes, and the trade that follows: changes only, long only, only what the strategy owns."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.strategies.deciding import MOST_FAILURES, Standing, Step, decide, side_of, target_of, trade_for

D = Decimal
FOUR = D("0.04")
LONG = Standing(signal=1.0, target=FOUR, applied=FOUR)


@pytest.mark.parametrize(
    ("before", "signal", "size", "step"),
    [
        (Standing(), 1.0, FOUR, Step.ACT),
        (Standing(), 0.0, D(0), Step.NONE),  # flat, and nothing was ever held
        (Standing(), None, None, Step.UNKNOWN),
        (Standing(unknown=True), None, None, Step.NONE),  # told already
        (Standing(unknown=True), 1.0, FOUR, Step.ACT),
        (Standing(), 1.0, None, Step.UNKNOWN),  # a signal without a size
        (LONG, 1.0, D("0.03"), Step.NONE),  # the size of the day does not matter while the signal stays
        (LONG, 0.5, D("0.02"), Step.ACT),
        (LONG, -1.0, D(0), Step.ACT),
        (LONG, None, None, Step.UNKNOWN),
        (Standing(signal=-1.0, target=D(0), applied=D(0)), 0.0, D(0), Step.NOTE),  # short or flat: both hold nothing
        (Standing(signal=1.0, target=FOUR, applied=D(0)), 1.0, FOUR, Step.ACT),  # not carried out yet
        (Standing(signal=1.0, target=FOUR, applied=D(0), failures=MOST_FAILURES), 1.0, FOUR, Step.NONE),
        (Standing(signal=-1.0, target=D(0), applied=FOUR, failures=MOST_FAILURES), 1.0, FOUR, Step.NOTE),
    ],
)
def test_the_step_that_follows(before: Standing, signal: float | None, size: Decimal | None, step: Step) -> None:
    assert decide(before, signal, size).step == step


def test_the_standing_afterwards() -> None:
    after = decide(LONG, -1.0, D(0)).after
    assert (after.signal, after.target, after.applied, after.unknown) == (-1.0, D(0), FOUR, False)
    lost = decide(LONG, None, None).after
    assert (lost.signal, lost.target, lost.applied, lost.unknown) == (1.0, FOUR, FOUR, True)
    assert decide(Standing(signal=1.0, target=FOUR, failures=2), -1.0, D(0)).after.failures == 0
    assert decide(Standing(), 0.0, D(0)).after.applied == 0


SIGNALS = st.sampled_from([None, -1.0, 0.0, 0.5, 1.0])


@settings(max_examples=1000, deadline=None)
@given(signals=st.lists(SIGNALS, max_size=12), carried=st.lists(st.booleans(), min_size=12, max_size=12))
def test_it_acts_until_the_newest_target_is_carried_out_and_then_rests(signals, carried) -> None:
    standing = Standing()
    for signal, done in zip(signals, carried, strict=False):
        size = None if signal is None else D(str(max(signal, 0))) * FOUR
        change = decide(standing, signal, size)
        standing = change.after
        if signal is None:
            assert change.step in (Step.UNKNOWN, Step.NONE) and standing.unknown
            continue
        wanted = standing.target != standing.applied and not (standing.applied is None and standing.target == 0)
        assert (change.step == Step.ACT) == wanted
        if done:
            standing = Standing(signal=standing.signal, target=standing.target, applied=standing.target)
            assert decide(standing, signal, size).step == Step.NONE


def test_words_and_numbers() -> None:
    assert [side_of(value) for value in (None, 0.3, 0.0, -0.1)] == [None, "long", "flat", "short"]
    assert [target_of(value) for value in (float("nan"), -0.2, 0.05, 3.0)] == [None, D(0), D("0.05"), D(1)]


AMOUNTS = st.decimals(0, 1000, places=3)


@settings(max_examples=1000, deadline=None)
@given(
    target=st.decimals(0, 1, places=4),
    equity=st.decimals(1, 10**6, places=2),
    price=st.decimals("0.01", 5000, places=2),
    owned=AMOUNTS,
    held=AMOUNTS,
    fractional=st.booleans(),
)
def test_a_trade_never_sells_what_is_not_there_and_never_overshoots(
    target, equity, price, owned, held, fractional
) -> None:
    trade = trade_for(target=target, equity=equity, price=price, owned=owned, held=held, fractional=fractional)
    if trade is None:
        return
    assert trade.quantity > 0
    if trade.side == "sell":
        assert trade.quantity <= min(owned, held)
    else:
        assert (owned + trade.quantity) * price <= target * equity
        assert trade.quantity * price >= 1


def test_flat_sells_everything_it_owns_however_little() -> None:
    trade = trade_for(target=D(0), equity=D(1000), price=D(1), owned=D("0.4"), held=D(5), fractional=True)
    assert trade is not None and (trade.side, trade.quantity) == ("sell", D("0.4"))
    assert trade_for(target=D(0), equity=D(1000), price=D(1), owned=D(5), held=D(0), fractional=True) is None
    assert trade_for(target=D("0.1"), equity=D(1000), price=D(1), owned=D("99.5"), held=D(99), fractional=True) is None
