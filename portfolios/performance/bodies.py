"""Reports as the values their serializers write."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from common.money import cents
from portfolios.measuring.figures import Figure
from portfolios.performance.reporting import Performance, missing
from portfolios.risk.reporting import HoldingRisk, Risk

COUNTED = ("count", "wins", "losses", "gain", "short_term", "long_term", "average", "average_win", "average_loss")


def dollars(value: float | None) -> Decimal | None:
    """Statistics as money to be shown."""
    return None if value is None else cents(Decimal(repr(value)))


def values(figures: Mapping[str, Figure]) -> dict[str, float | None]:
    return {name: figure.value for name, figure in figures.items()}


def performance_body(report: Performance) -> dict[str, Any]:
    """What PerformanceOut writes."""
    worth, compared, trades = report.money, report.benchmark, report.trades
    dates = report.daily.dates
    rates = {"win_rate": trades.win_rate, "profit_factor": trades.profit_factor}
    return {
        "period": report.period,
        "start": dates[0] if dates else None,
        "end": dates[-1] if dates else None,
        "days": max(len(dates) - 1, 0),
        "as_of": report.as_of,
        "risk_free": report.risk_free,
        "money": worth
        and {
            "begin": dollars(worth.begin),
            "end": dollars(worth.end),
            "flows": dollars(worth.flows),
            "gain": dollars(worth.gain),
            "average_capital": dollars(worth.capital),
        },
        "figures": values(report.figures),
        "missing": missing(report.figures),
        "benchmark": {
            "symbol": compared.symbol,
            "figures": values(compared.figures) or None,
            "missing": {"figures": compared.reason} if compared.reason else missing(compared.figures),
        },
        "months": [{"year": year, "month": month, "gained": gained} for year, month, gained in report.months],
        "years": [{"year": year, "gained": gained} for year, gained in report.years.items()],
        "drawdowns": report.drawdowns,
        "trades": {
            **{name: getattr(trades, name) for name in COUNTED},
            **values(rates),
            "missing": missing(rates),
        },
        "contributions": [
            {"symbol": one.symbol, "gain": dollars(one.gain), "share": one.share, "reason": one.reason}
            for one in report.contributions
        ],
        "other_gain": dollars(report.other_gain),
    }


def risk_body(risk: Risk) -> dict[str, Any]:
    """What RiskOut writes."""
    whole = {"volatility": risk.volatility, "beta": risk.beta}
    return {
        "as_of": risk.as_of,
        "benchmark": risk.benchmark,
        "equity": dollars(risk.equity),
        "cash": dollars(risk.cash),
        "days": risk.days,
        "exposure": risk.exposure,
        "concentration": risk.concentration,
        **values(whole),
        "at_risk": [
            {
                "method": one.method,
                "measure": one.measure,
                "confidence": one.confidence,
                "share": one.figure.value,
                "dollars": dollars(one.dollars),
                "reason": one.figure.reason,
            }
            for one in risk.at_risk
        ],
        "holdings": [
            {
                "symbol": one.symbol,
                "value": dollars(one.value),
                "weight": one.weight,
                **values(_of(one)),
                "missing": missing(_of(one)),
            }
            for one in risk.holdings
        ],
        "reason": risk.reason,
        "missing": missing(whole),
    }


def _of(one: HoldingRisk) -> dict[str, Figure]:
    return {"volatility": one.volatility, "beta": one.beta, "risk_share": one.risk_share}


def curve_body(report: Performance) -> list[dict[str, Any]]:
    """What CurveDayOut writes."""
    return [{**day, "equity": dollars(day["equity"])} for day in report.curve()]
