"""How a portfolio did and what it risks, as the two tabs show it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dashboard.drawing import shade
from portfolios.measuring.rolling import WINDOW, rolled
from portfolios.models import Portfolio
from portfolios.performance.reporting import Performance, performance_of
from portfolios.performance.yearly import realised_by_year
from portfolios.risk.reporting import Risk, risk_of
from portfolios.tearsheet.composing import PERIODS, compose
from portfolios.tearsheet.sheet import MONTHS, Table

RISKY = ("Holdings", "What a bad day may cost", "Exposure and concentration")
CORRELATED = (0.2, 0.4, 0.6, 0.8)
Cells = list[tuple[str, str, str]]


def performance_tab(
    portfolio: Portfolio, *, period: str, benchmark: str, risk_free: float, now: datetime
) -> dict[str, Any]:
    """The tear sheet. About two dozen queries however long the account's life is."""
    report = performance_of(portfolio, period=period, benchmark=benchmark, risk_free=risk_free, now=now)
    risk = risk_of(portfolio, benchmark=benchmark, now=now)
    sheet = compose(portfolio.name, report, risk)
    return {
        "sheet": sheet,
        "months": MONTHS,
        "tables": [told(table) for table in sheet.tables if table.title not in RISKY],
        "measured": len(report.daily) > 1,
        **_charts(report),
        "years": realised_by_year(portfolio.pk),
        "contributions": report.contributions,
        "period": period,
        "periods": list(PERIODS.items()),
        "benchmark": benchmark,
        "risk_free_percent": f"{100 * risk_free:g}",
    }


def _charts(report: Performance) -> dict[str, Any]:
    curve = report.curve()
    line = rolled(report.daily)

    def drawn(name: str, less: float = 0.0) -> list[dict[str, Any]]:
        return [
            {"time": day["date"].isoformat(), "value": round(100 * (day[name] - less), 3)}
            for day in curve
            if day[name] is not None
        ]

    return {
        "growth": {
            "points": drawn("growth", 1.0),
            "benchmark": drawn("benchmark", 1.0),
            "percent": True,
            "look": "return",
            "offset": 0,
        },
        "falls": {"points": drawn("drawdown"), "percent": True, "look": "drawdown", "offset": 0},
        "rolling": {
            "points": [{"time": one.day.isoformat(), "value": round(100 * one.volatility, 2)} for one in line],
            "benchmark": [{"time": one.day.isoformat(), "value": round(100 * one.gained, 2)} for one in line],
            "percent": True,
            "look": "plain",
            "offset": 0,
        },
        "window": WINDOW,
    }


def risk_tab(portfolio: Portfolio, *, benchmark: str, now: datetime) -> dict[str, Any]:
    """What today's holdings may cost."""
    report = performance_of(portfolio, benchmark=benchmark, now=now)
    risk = risk_of(portfolio, benchmark=benchmark, now=now)
    sheet = compose(portfolio.name, report, risk)
    tables = {table.title: told(table) for table in sheet.tables if table.title in RISKY[1:]}
    return {
        "risk": risk,
        "tables": list(tables.values()),
        "rows": _rows(risk),
        "correlations": _correlations(risk),
        "benchmark": benchmark,
    }


def _rows(risk: Risk) -> list[dict[str, Any]]:
    return [
        {
            "symbol": one.symbol,
            "value": one.value,
            "weight": 100 * one.weight,
            "volatility": None if one.volatility.value is None else 100 * one.volatility.value,
            "beta": one.beta.value,
            "risk_share": None if one.risk_share.value is None else 100 * one.risk_share.value,
            "bar": max(0.0, min(100.0, 100 * (one.risk_share.value or 0.0))),
            "reason": one.volatility.reason or one.risk_share.reason or one.beta.reason,
        }
        for one in risk.holdings
    ]


def _correlations(risk: Risk) -> list[dict[str, Any]]:
    """One row a holding: (text, shade) of each cell."""
    return [
        {
            "symbol": one.symbol,
            "cells": [
                {"text": "–" if value is None else f"{value:.2f}".replace("-", "−"), "shade": shade(value, CORRELATED)}
                for value in row
            ],
        }
        for one, row in zip(risk.holdings, risk.correlations, strict=False)
    ]


def told(table: Table) -> dict[str, Any]:
    """A table of the sheet with each cell's text, alignment and the column it stands in."""

    def cells(row: Sequence[str]) -> Cells:
        return list(zip(row, table.align, table.columns, strict=True))

    return {
        "title": table.title,
        "caption": table.caption,
        "headed": table.headed,
        "head": cells(table.columns),
        "rows": [cells(row) for row in table.rows],
    }
