"""Weights, targets and bands as drawings: positions on a bar of 100 units. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from common.money import HUNDRED, ZERO
from portfolios.planning.types import Drift, DriftRow, Plan

ROOM = Decimal("1.06")  # the longest thing ends a little before the bar does
LEAST_SCALE = Decimal("0.1")
MINUS = "−"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One asset against its target. Weights are percent; x and width are places on the bar."""

    symbol: str
    value: Decimal
    weight: Decimal
    target: Decimal
    drift: Decimal
    low: Decimal | None  # the band's edges, percent; None: it has none
    high: Decimal | None
    judged: bool  # cash without a target is not
    outside: bool
    actionable: bool
    weight_x: str
    target_x: str
    band_x: str
    band_width: str

    @property
    def words(self) -> str:
        """For those who do not see the drawing."""
        band = "" if self.low is None or self.high is None else f", band {self.low:.1f} to {self.high:.1f} %"
        return f"{self.symbol}: {self.weight:.1f} %, target {self.target:.1f} %{band}, {self.why}"

    @property
    def drift_words(self) -> str:
        """+15.2, −7.6 or 0.0: points of weight."""
        rounded = round(self.drift, 1)
        return f"{'+' if rounded > 0 else MINUS if rounded < 0 else ''}{abs(rounded):.1f}"

    @property
    def why(self) -> str:
        """What `outside` means here, when it is not about the band."""
        if not self.judged:
            return "no target"
        if not self.target and self.value > ZERO:
            return "held without a target"
        if self.target and self.value <= ZERO:
            return "not held yet"
        if self.outside and not self.actionable:
            return "outside, but too little to trade"
        return "outside its band" if self.outside else "inside its band"


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """A weight before and after a plan, percent, with its places on the bar."""

    symbol: str
    before: Decimal
    after: Decimal
    target: Decimal
    before_x: str
    after_x: str
    target_x: str


def bars_of(drift: Drift) -> list[Bar]:
    """The largest target first, cash last; all on one scale."""
    most = max((max(row.weight, row.target + (row.band or ZERO)) for row in drift.rows), default=ZERO)
    scale = max(most * ROOM, LEAST_SCALE)
    rows = sorted(drift.rows, key=lambda row: (row.symbol == "CASH", -row.target, -row.value, row.symbol))
    return [_bar(row, scale) for row in rows]


def moves_of(plan: Plan, targets: Mapping[str, str]) -> dict[str, Move]:
    """Every weight before and after, by symbol."""
    return moves_between(plan.weights_before, plan.weights_after, targets)


def moves_between(
    before: Mapping[str, Decimal], after: Mapping[str, Decimal], targets: Mapping[str, str]
) -> dict[str, Move]:
    wanted = {symbol: Decimal(weight) for symbol, weight in targets.items()}
    symbols = sorted({*before, *after, *wanted}, key=lambda s: (s == "CASH", -wanted.get(s, ZERO), s))
    most = max((*before.values(), *after.values(), *wanted.values(), ZERO))
    scale = max(most * ROOM, LEAST_SCALE)
    return {symbol: _move(symbol, before, after, wanted, scale) for symbol in symbols}


def _bar(row: DriftRow, scale: Decimal) -> Bar:
    low = high = None
    band_x = band_width = "0"
    if row.band is not None and row.target:  # what has no target has no band either: it is sold
        low, high = max(row.target - row.band, ZERO), row.target + row.band
        band_x, band_width = _x(low, scale), _x(high - low, scale)
        low, high = low * HUNDRED, high * HUNDRED
    return Bar(
        symbol=row.symbol, value=row.value, weight=row.weight * HUNDRED, target=row.target * HUNDRED,
        drift=row.drift * HUNDRED, low=low, high=high, judged=row.band is not None,
        outside=row.outside, actionable=row.actionable,
        weight_x=_x(row.weight, scale), target_x=_x(row.target, scale), band_x=band_x, band_width=band_width,
    )  # fmt: skip


def _move(
    symbol: str,
    before: Mapping[str, Decimal],
    after: Mapping[str, Decimal],
    wanted: Mapping[str, Decimal],
    scale: Decimal,
) -> Move:
    was, becomes, target = (weights.get(symbol, ZERO) for weights in (before, after, wanted))
    return Move(
        symbol=symbol, before=was * HUNDRED, after=becomes * HUNDRED, target=target * HUNDRED,
        before_x=_x(was, scale), after_x=_x(becomes, scale), target_x=_x(target, scale),
    )  # fmt: skip


def _x(ratio: Decimal, scale: Decimal) -> str:
    """A place on the bar; what is below nothing is drawn as nothing."""
    return f"{max(ZERO, min(ratio / scale, Decimal(1))) * HUNDRED:.2f}"
