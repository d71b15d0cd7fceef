"""The memory of a strategy, written a second time: bar by bar, as one would do it by hand."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def walked(events: Iterable[tuple[bool, bool, bool, bool] | None]) -> np.ndarray:
    """Signals from (enter long, leave long, enter short, leave short) per bar; None is a bar nobody knows."""
    long: float = np.nan
    short: float = np.nan
    signals = []
    for event in events:
        if event is None:
            long = short = np.nan
        else:
            enter_long, leave_long, enter_short, leave_short = event
            if enter_long:
                long, short = 1.0, 0.0
            elif enter_short:
                long, short = 0.0, 1.0
            else:
                long = 0.0 if leave_long else long
                short = 0.0 if leave_short else short
        signals.append(long - short)
    return np.array(signals)
