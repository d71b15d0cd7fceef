"""A backtest as a person and a program read it, bounded in size. JSON: decimals are texts, curves are numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from automation.backtest import warning
from automation.backtest.account import Trade
from automation.backtest.course import Course
from automation.backtest.figures import by_month, daily_of, measures, traded
from automation.backtest.gating import Denial
from automation.backtest.market import Market
from automation.replay.bars import Floats, moment
from automation.replay.curves import thinned
from common.money import cents, plain

MOST_POINTS = 500
MOST_TRADES = 500
MOST_DENIALS = 50
YEAR = 365.25


@dataclass(frozen=True, kw_only=True, eq=False)
class Done:
    """A finished course with what it is shown beside. `benchmark`: its symbol and curve."""

    market: Market
    course: Course
    hold: Floats
    benchmark: tuple[str, Floats] | None = None
    notes: Sequence[str] = ()
    extra: dict[str, Any] = field(default_factory=dict)


def result_of(done: Done) -> dict[str, Any]:
    """Everything about one backtest."""
    course, trades = done.course, done.course.account.trades
    shown = [*trades[: MOST_TRADES // 2], *trades[-MOST_TRADES // 2 :]] if len(trades) > MOST_TRADES else trades
    gate = course.gate
    return {
        "summary": summary_of(done),
        "hold": _beside(done, done.hold),
        "benchmark": {"symbol": done.benchmark[0], **_beside(done, done.benchmark[1])} if done.benchmark else None,
        "trades": [_trade(done.market, trade) for trade in shown],
        "trades_left_out": len(trades) - len(shown),
        "denials": {
            "judged": gate.judged,
            "denied": sum(gate.codes.values()),
            "approved": gate.approved,
            "codes": dict(gate.codes.most_common()),
            "first": [_denial(done.market, denial) for denial in gate.denials[:MOST_DENIALS]],
        },
        "curve": _curve(done),
        "months": by_month(daily_of(done.market, course.equity, float(course.start))),
        "positions": [{"symbol": s, "shares": plain(q)} for s, q in sorted(course.account.positions.items())],
        "end_cash": plain(course.account.cash),
        "gaps": warning.gaps(done.market),
        "warnings": [*done.notes, *_warnings(done)],
        **done.extra,
    }


def summary_of(done: Done) -> dict[str, Any]:
    """The figures in short."""
    market, course = done.market, done.course
    start = float(course.start)
    daily = daily_of(market, course.equity, start)
    beside = None if done.benchmark is None else daily_of(market, done.benchmark[1], start)
    years = daily.days / YEAR
    return {
        "bars": market.count(),
        "first": moment(market.times[market.first]).isoformat(),
        "last": moment(market.ends[-1]).isoformat(),
        "start_equity": plain(course.start),
        **measures(daily, beside),
        **traded(course.account.trades, invested=course.invested, equity=course.equity, years=years),
        "denied": sum(course.gate.codes.values()),
    }


def _beside(done: Done, curve: Floats) -> dict[str, Any]:
    return measures(daily_of(done.market, curve, float(done.course.start)))


def _trade(market: Market, trade: Trade) -> dict[str, Any]:
    return {
        "at": market.time(trade.at).isoformat(),
        "symbol": trade.symbol,
        "side": trade.side,
        "quantity": plain(trade.quantity),
        "price": plain(trade.price),
        "fee": plain(trade.fee),
        "gain": plain(cents(trade.gain)) if trade.side == "sell" else None,
        "why": trade.why,
    }


def _denial(market: Market, denial: Denial) -> dict[str, Any]:
    return {
        "at": market.time(denial.at).isoformat(),
        "symbol": denial.symbol,
        "side": denial.side,
        "quantity": plain(denial.quantity),
        "code": denial.code,
        "message": denial.message,
    }


def _curve(done: Done) -> list[dict[str, Any]]:
    market, course, first = done.market, done.course, done.market.first
    kept = sorted({trade.at - first for trade in course.account.trades})
    points = []
    for index in thinned(len(course.equity), MOST_POINTS, kept):
        point = {
            "at": moment(market.ends[first + index]).isoformat(),
            "equity": round(float(course.equity[index]), 2),
            "hold": round(float(done.hold[index]), 2),
            "invested": round(float(course.invested[index]), 2),
        }
        if done.benchmark is not None:
            point["benchmark"] = round(float(done.benchmark[1][index]), 2)
        points.append(point)
    return points


def _warnings(done: Done) -> list[str]:
    course = done.course
    ordered: dict[tuple[int, str, str], tuple[Any, Any]] = {}
    for trade in course.account.trades:
        key = (trade.at, trade.symbol, trade.side)
        ordered[key] = (ordered.get(key, (0, 0))[0] + trade.quantity, trade.wanted)
    short = [symbol for (_, symbol, _), (filled, wanted) in ordered.items() if filled < wanted]
    return list(
        warning.of_result(
            closed=sum(trade.side == "sell" for trade in course.account.trades),
            codes=course.gate.codes,
            approved=course.gate.approved,
            halted_for_good=any(code in course.gate.codes for code in warning.HALTED),
            short=short,
        )
    )
