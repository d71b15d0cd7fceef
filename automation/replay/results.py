"""A replay as a person and a program read it: a summary, every firing, a curve of at most 500 points. JSON throughout.

Decimals are texts as everywhere in the API; the curve's numbers are for drawing.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from automation.replay.bars import Bars, exact, moment
from automation.replay.curves import Curves, curves_of, thinned
from automation.replay.engine import FILLED, Firing, Replay
from automation.replay.feeds import Tape
from common.money import CENT, cents, plain

MOST_POINTS = 500
MOST_FIRINGS = 500
MOST_GAPS = 10
QUIET = 15  # minutes without a bar that count as a gap
IN_SAMPLE = (
    "The best value is the best for this past only: it was chosen after seeing it. Try it on another range before you"
    " believe it."
)


def result_of(tape: Tape, replay: Replay) -> dict[str, Any]:
    """Everything about one replay, bounded in size."""
    bars = tape.bars
    curves = curves_of(bars, replay.terms, replay.changes)
    firings = replay.firings
    shown = [*firings[: MOST_FIRINGS // 2], *firings[-MOST_FIRINGS // 2 :]] if len(firings) > MOST_FIRINGS else firings
    return {
        "symbol": bars.symbol,
        "timeframe": bars.timeframe,
        "summary": summary_of(bars, replay, curves),
        "firings": [_firing(one) for one in shown],
        "firings_left_out": len(firings) - len(shown),
        "curve": _curve(bars, curves, [one.bar for one in firings]),
        "gaps": gaps_of(bars),
        "stopped": replay.stopped,
        "notes": list(replay.notes),
    }


def summary_of(bars: Bars, replay: Replay, curves: Curves) -> dict[str, Any]:
    """The figures of a replay. `net_result` in dollars after costs, the others in percent."""
    end = float(curves.equity[-1]) if len(curves.equity) else curves.start
    hold = float(curves.hold[-1]) if len(curves.hold) else curves.start
    traded = [one for one in replay.firings if one.quantity]
    sold = [one.gain for one in traded if one.gain is not None]
    return {
        "bars": len(bars) - bars.first,
        "first": moment(bars.starts[bars.first]).isoformat() if bars.first < len(bars) else None,
        "last": moment(bars.ends[-1]).isoformat() if bars.first < len(bars) else None,
        "fires": len(replay.firings),
        "trades": len(traded),
        "winners": sum(gain > 0 for gain in sold),
        "losers": sum(gain < 0 for gain in sold),
        "not_traded": sum(one.outcome not in (FILLED, "told", "open") for one in replay.firings),
        "start_equity": _money(curves.start),
        "end_equity": _money(end),
        "net_result": _money(end - curves.start),
        "fees": plain(sum((one.fee for one in traded), Decimal(0))),
        "return_percent": _percent(end, curves.start),
        "max_drawdown_percent": _round(curves.drawdown_percent),
        "exposure_percent": _round(curves.exposure_percent),
        "hold_result": _money(hold - curves.start),
        "hold_return_percent": _percent(hold, curves.start),
        "hold_drawdown_percent": _round(curves.hold_drawdown_percent),
        "end_shares": plain(replay.shares),
        "end_cash": plain(replay.cash),
        "missing_bars": missing(bars),
    }


def _firing(one: Firing) -> dict[str, Any]:
    return {
        "number": one.number + 1,
        "at": one.at.isoformat(),
        "price": None if one.price is None else plain(one.price),
        "value": None if one.value is None else plain(one.value),
        "level": None if one.level is None else plain(one.level),
        "outcome": one.outcome,
        "code": one.code,
        "reason": one.reason,
        "side": one.side,
        "quantity": plain(one.quantity),
        "fill_price": None if one.fill_price is None else plain(round(one.fill_price, 6)),
        "fee": plain(one.fee),
        "gain": None if one.gain is None else plain(cents(one.gain)),
    }


def _curve(bars: Bars, curves: Curves, firings: list[int]) -> list[dict[str, Any]]:
    size = len(curves.equity)
    kept = [bar - bars.first for bar in firings if bars.first <= bar < len(bars)]
    return [
        {
            "at": moment(bars.ends[bars.first + index]).isoformat(),
            "equity": round(float(curves.equity[index]), 2),
            "hold": round(float(curves.hold[index]), 2),
            "price": float(bars.close[bars.first + index]),
        }
        for index in thinned(size, MOST_POINTS, kept)
    ]


# --- what is not there
def missing(bars: Bars) -> int:
    """How many bars the sessions between the first and the last bar should have had and do not."""
    return sum(gap["bars"] for gap in _gaps(bars))


def gaps_of(bars: Bars) -> list[dict[str, Any]]:
    """The longest stretches of trading without a bar: minute bars from 15 minutes on, daily ones from one day on."""
    shortest = 1 if bars.daily else QUIET
    found = sorted((gap for gap in _gaps(bars) if gap["bars"] >= shortest), key=lambda gap: -gap["bars"])[:MOST_GAPS]
    return sorted(
        ({**gap, "from": moment(gap["from"]).isoformat(), "to": moment(gap["to"]).isoformat()} for gap in found),
        key=lambda gap: str(gap["from"]),
    )


def _gaps(bars: Bars) -> list[dict[str, int]]:
    if len(bars) - bars.first < 2 or not len(bars.sessions):
        return []
    return _missing_days(bars) if bars.daily else _missing_minutes(bars)


def _missing_days(bars: Bars) -> list[dict[str, int]]:
    """Sessions without a bar, joined where they follow each other; weekends of a market that never closes aside."""
    present = set(bars.starts.tolist())
    first, last = int(bars.starts[bars.first]), int(bars.starts[-1])
    always = len(bars.sessions) > 6 and any(s.date.weekday() == 6 for s in bars.sessions[:14])
    gaps: list[dict[str, int]] = []
    joined = False
    for opens, closes, session in zip(bars.session_opens, bars.session_closes, bars.sessions, strict=True):
        if not first <= opens <= last:
            continue
        if int(opens) in present:
            joined = False
        elif not (always and session.date.weekday() >= 5):
            if joined:
                gaps[-1]["to"], gaps[-1]["bars"] = int(closes), gaps[-1]["bars"] + 1
            else:
                gaps.append({"from": int(opens), "to": int(closes), "bars": 1})
            joined = True
    return gaps


def _missing_minutes(bars: Bars) -> list[dict[str, int]]:
    """Minutes without a bar inside sessions."""
    starts, day = bars.starts[bars.first :], bars.day[bars.first :]
    after = np.flatnonzero((np.diff(starts) > 60) & (np.diff(day) == 0))
    gaps = [
        {"from": int(starts[i]) + 60, "to": int(starts[i + 1]), "bars": int(starts[i + 1] - starts[i]) // 60 - 1}
        for i in after
    ]
    for i in np.flatnonzero(np.diff(day) > 0):  # from the last bar to the close, and from the next open on
        for index in range(int(day[i]) - 1, int(day[i + 1])):
            begin = max(int(bars.session_opens[index]), int(starts[i]) + 60)
            end = min(int(bars.session_closes[index]), int(starts[i + 1]))
            if end > begin:
                gaps.append({"from": begin, "to": end, "bars": (end - begin) // 60})
    return gaps


def empty_because(symbol: str, unit: str, start: datetime, end: datetime) -> str:
    """What to say when there is nothing to replay. `unit`: daily or minute."""
    return (
        f"There are no {unit} bars of {symbol} from {start:%Y-%m-%d} to {end:%Y-%m-%d}: choose another range"
        " or timeframe, or import bars (docs/operations.md)."
    )


def _money(value: float) -> str:
    return plain(exact(value).quantize(CENT))


def _round(value: float) -> str:
    return plain(exact(round(value, 4)))


def _percent(end: float, start: float) -> str:
    return _round((end / start - 1) * 100 if start > 0 else 0.0)
