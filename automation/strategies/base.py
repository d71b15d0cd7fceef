"""What a strategy is. Plain Python and numpy: no Django, no clock, no I/O.

Each strategy is one file with one class of the same names: `key`, `title`, `about`, `schema`, `least_symbols`,
`most_symbols`, `parse`, `warm_up`, `generate_signals`, `sentence`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Seconds = NDArray[np.int64]
Params = Mapping[str, Any]  # checked and normalised: decimals as plain strings, every default filled in


@dataclass(frozen=True, kw_only=True, eq=False)
class Bars:
    """Closed bars of one symbol, oldest first, as columns of one length.

    `at`: when each bar began, seconds since 1970; a daily bar begins at its session date's midnight UTC. Prices are
    dollars as float64, `volume` shares. All symbols of one strategy have the same `at`: where a symbol has no bar that
    others have, its columns are NaN.
    """

    at: Seconds
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __len__(self) -> int:
        return len(self.at)

    def until(self, end: int) -> Bars:
        """The first `end` bars."""
        return self.between(0, end)

    def between(self, start: int, end: int) -> Bars:
        """The bars [start, end)."""
        part = slice(start, end)
        return Bars(
            at=self.at[part],
            open=self.open[part],
            high=self.high[part],
            low=self.low[part],
            close=self.close[part],
            volume=self.volume[part],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One parameter, for forms and for programs. `kind`: integer, number, percent, choice or flag.

    `default` is as stored: a whole number, a decimal as text, a word, true or false. `least` and `most` are inclusive;
    `above` is exclusive.
    """

    name: str
    label: str
    kind: str
    default: int | str | bool
    least: int | str | None = None
    above: int | str | None = None
    most: int | str | None = None
    choices: tuple[str, ...] = ()
    help: str = ""


class Strategy(Protocol):
    """Signals from bars.

    A signal is a number from -1 (short) over 0 (flat) to 1 (long) per symbol and bar; NaN is *unknown*: too few bars,
    or a missing one among those it needs. The signal of bar i uses bars up to and including i only, and it is the same
    whatever lies before the `warm_up`: a strategy that remembers (entered, not left yet) is unknown until its bars show
    in which state it is. What is bought for a signal is for `sizing`; accounts are long-only, so below 0 means flat.
    """

    key: str
    title: str
    about: str
    least_symbols: int

    @property
    def most_symbols(self) -> int | None:
        """How many symbols at most; None: as many as one likes."""

    @property
    def schema(self) -> tuple[Parameter, ...]:
        """Its parameters, for forms and programs."""

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Check and normalise parameters. Raises BadParams naming every key, value and fix."""

    def warm_up(self, params: Params) -> int:
        """How many bars, the current one among them, a signal needs at least."""

    def generate_signals(self, bars: Mapping[str, Bars], params: Params) -> dict[str, Floats]:
        """One signal per bar for every symbol. The order of the symbols may matter (pairs)."""

    def sentence(self, params: Params, symbols: Sequence[str]) -> str:
        """What it does, in one English sentence."""
