"""A split changes no answer: the scaled watch on scaled prices does what the old one does on the old prices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watches import machine
from watches.scaling import (
    Scale,
    Unit,
    level_unit,
    reference_unit,
    scaled_series,
    scaled_spec,
    scaled_state,
    value_unit,
)
from watches.specs import Base, Follow, MarketSlice, Repeat, SeriesKind, SeriesSpec, WatchSpec

START = datetime(2024, 6, 7, 15, 0, tzinfo=UTC)
D = Decimal
# Ratios and prices that divide to at most 9 places: equal stays equal, and different stays different.
SCALES = st.sampled_from(
    [Scale(10, 1), Scale(2, 1), Scale(4, 1), Scale(5, 4), Scale(1, 10), Scale(1, 20), Scale(20, 1)]
)
PRICES = st.integers(900, 1500).map(lambda n: D(n) / 10)
SHARES = st.integers(0, 400).map(lambda n: D(n * 20))


def derived(observable: str, **changes: object) -> SeriesSpec:
    return replace(SeriesSpec(subject="NVDA", observable=observable), **changes)  # type: ignore[arg-type]


CHANGE = {"shift": D(-100), "numerator": D(100)}
PRICE = derived("price")
KINDS = [
    *("price", "change_prev", "change_session", "change_from", "volume", "ratio"),
    *("spread", "trail_pct", "trail_amt", "since"),
]


@st.composite
def specs(draw: st.DrawFn) -> WatchSpec:
    """A watch of any kind a trigger makes."""
    level, direction = draw(PRICES), draw(st.sampled_from([1, -1]))
    percent = draw(st.integers(1, 30).map(D))
    kind = draw(st.sampled_from(KINDS))
    hysteresis = draw(st.sampled_from([D(0), D("0.5"), D(3)]))
    hold = draw(st.sampled_from([0, 0, 60]))
    common = {"direction": direction, "hold_seconds": hold}
    if kind == "price":
        primes = draw(st.booleans())
        return WatchSpec(series=PRICE, level=level, hysteresis=hysteresis, primes=primes, **common)
    if kind.startswith("change"):
        absolute = SeriesKind.ABSOLUTE if draw(st.booleans()) else SeriesKind.DERIVED
        base = {"change_prev": Base.PREV_CLOSE, "change_session": Base.SESSION_OPEN}.get(kind, Base.STORED)
        series = derived("change_pct:5d", kind=absolute, base=base, reference=draw(PRICES), **CHANGE)
        return WatchSpec(series=series, level=percent * (1 if absolute == SeriesKind.ABSOLUTE else direction), **common)
    if kind in ("volume", "ratio"):
        reference = D(1) if kind == "volume" else D(2000)
        name = "volume" if kind == "volume" else "volume_ratio:20"
        series = derived(name, kind=SeriesKind.VOLUME, reference=reference)
        return WatchSpec(series=series, level=draw(SHARES) + 20 if kind == "volume" else percent / 10, **common)
    if kind == "spread":
        series = derived("ma_spread:sma:2:4:1d", shift=draw(PRICES) - 120, numerator=D(2), reference=D(8))
        follow = Follow(kind="either_way") if draw(st.booleans()) else None
        return WatchSpec(series=series, level=D(0), strict=True, follow=follow, **common)
    if kind == "since":
        return WatchSpec(
            series=PRICE, level=percent, follow=Follow(kind="since", absolute=draw(st.booleans())), **common
        )
    unit = "pct" if kind == "trail_pct" else "amt"
    activation = draw(st.none() | PRICES)
    follow = Follow(kind="trail", unit=unit, short=draw(st.booleans()), activation=activation)
    return WatchSpec(series=PRICE, level=percent, follow=follow, direction=1, hold_seconds=hold)


@st.composite
def markets(draw: st.DrawFn) -> list[MarketSlice]:
    slices = []
    close, opened = draw(PRICES), draw(PRICES)
    for n in range(draw(st.integers(2, 7))):
        low, last, high = sorted(draw(st.tuples(PRICES, PRICES, PRICES)))
        at = START + timedelta(seconds=50 * (n + 1))
        slices.append(
            MarketSlice(
                at=at,
                since=at,
                low=low,
                high=high,
                last=last,
                volume=draw(SHARES),
                prev_close=close,
                session_open=opened,
            )
        )
    return slices


def after(market: MarketSlice, scale: Scale) -> MarketSlice:
    """The same observation in new shares."""
    assert market.prev_close is not None and market.session_open is not None
    return replace(
        market,
        low=scale.price(market.low),
        high=scale.price(market.high),
        last=scale.price(market.last),
        volume=scale.shares(market.volume),
        prev_close=scale.price(market.prev_close),
        session_open=scale.price(market.session_open),
    )


@settings(max_examples=1000)
@given(spec=specs(), history=markets(), split=st.integers(0, 6), scale=SCALES, repeats=st.booleans())
def test_a_split_anywhere_in_a_history_changes_no_answer(
    spec: WatchSpec, history: list[MarketSlice], split: int, scale: Scale, repeats: bool
) -> None:
    repeat = Repeat(repeats=repeats, cooldown_seconds=0)
    plain = machine.start(spec, START)
    scaled, new_spec = plain, spec
    for n, market in enumerate(history):
        if n == split:
            new_spec, scaled = scaled_spec(spec, scale), scaled_state(scaled, scale)
        plain, expected = machine.step(spec, repeat, plain, market)
        seen = after(market, scale) if n >= split else market
        scaled, fired = machine.step(new_spec, repeat, scaled, seen)
        assert (fired, scaled.phase, scaled.direction) == (expected, plain.phase, plain.direction)


@pytest.mark.parametrize(
    ("kind", "observable", "values", "references"),
    [
        ("derived", "price", Unit.DOLLARS, Unit.PURE),
        ("absolute", "abs_change_pct:1h", Unit.PURE, Unit.DOLLARS),
        ("derived", "change_pct:from:1000", Unit.PURE, Unit.DOLLARS),
        ("peak_pct", "drawdown:pct:long:1", Unit.PURE, Unit.DOLLARS),
        ("peak_amt", "drawdown:amt:long:1", Unit.DOLLARS, Unit.DOLLARS),
        ("volume", "volume", Unit.SHARES, Unit.PURE),
        ("volume", "volume_ratio:20", Unit.PURE, Unit.SHARES),
        ("pushed", "bar_volume:1m", Unit.SHARES, Unit.PURE),
        ("derived", "ma_spread:sma:10:50:1d", Unit.DOLLARS, Unit.PURE),
        ("pushed", "ma_cross:sma:10:50:1d", Unit.PURE, Unit.PURE),
        ("pushed", "rsi:14:1d", Unit.PURE, Unit.PURE),
    ],
)
def test_what_each_series_is_measured_in(kind: str, observable: str, values: Unit, references: Unit) -> None:
    assert (value_unit(kind, observable), reference_unit(kind, observable)) == (values, references)


def test_a_series_named_by_its_price_gets_the_new_name() -> None:
    series = derived("change_pct:from:1208.880000000", reference=D("1208.88"), **CHANGE)
    after_it = scaled_series(series, Scale(10, 1))
    assert (after_it.observable, after_it.reference) == ("change_pct:from:120.888000000", D("120.888"))


def test_a_trail_in_dollars_is_dollars_wherever_it_waits() -> None:
    follow = Follow(kind="trail", unit="amt", activation=D(1250))
    assert level_unit("derived", "price", follow) is Unit.DOLLARS
    spec = scaled_spec(WatchSpec(series=PRICE, direction=1, level=D(60), follow=follow), Scale(10, 1))
    assert (spec.level, spec.follow and spec.follow.activation) == (6, 125)
