"""Backtests as their pages show them: the list, a result with its charts and tables, several compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import F

from accounts.models import User
from automation.backtest import running, subjects
from automation.backtest.models import BacktestKind, BacktestRun, BacktestState
from automation.backtest.subjects import Subject
from automation.strategies.models import Strategy
from automation.strategies.registry import STRATEGIES
from common.errors import NotFound
from dashboard.selectors.figures import FIGURES, decimal
from dashboard.selectors.grids import shown_grid
from dashboard.selectors.heat import heat_of
from portfolios.models import PortfolioGoal

PAGE = 25
OPEN = (BacktestState.QUEUED, BacktestState.RUNNING)
TONES = {BacktestState.DONE: "good", BacktestState.FAILED: "bad", BacktestState.CANCELLED: "warn"}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NEVER = [
    "Prices inside a bar, depth and spread: an order pays the slippage you gave, whatever its size.",
    "Companies that failed or left the exchange: the symbols were chosen today.",
    "Dividends and splits beyond what the prices are adjusted for.",
    "A person who resumes trading after a halt, or declines an order.",
    "Your other rules and goals, and shares you hold already.",
    "Limits and facts about symbols as they were then: today's are used.",
]


def backtest_page(user: User, number: str) -> Page[Any]:
    """The user's backtests with their main figures, newest first."""
    runs = running.runs_of(user).defer("result", "spec", "params").annotate(figures=F("result__summary"))
    page: Page[Any] = Paginator(runs, PAGE).get_page(number)
    for run in page.object_list:
        figures = run.figures or {}
        run.shown = {name: decimal(figures.get(name)) for name, *_ in FIGURES}
        run.tone = TONES.get(BacktestState(run.state), "info")
        run.percent = percent_done(run)
        run.comparable = bool(figures)
    return page


def percent_done(run: BacktestRun) -> int:
    return 100 * run.done_steps // max(run.total_steps, 1)


def subjects_to_offer(user: User) -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be tested, in groups: ('strategy:<id>', name)."""
    strategies = Strategy.objects.filter(user=user, archived_at__isnull=True).order_by("name")
    goals = PortfolioGoal.objects.filter(portfolio__user=user, archived_at__isnull=True).order_by("name")
    groups = [
        ("Strategies", [(f"strategy:{one.pk}", one.name) for one in strategies]),
        ("Goals", [(f"goal:{one.pk}", one.name) for one in goals]),
    ]
    return [(label, found) for label, found in groups if found]


def subject_of(user: User, key: str) -> Subject:
    """The thing to test, by its key. Raises NotFound for anybody else's."""
    kind, _, text = key.partition(":")
    try:
        found = UUID(text)
    except ValueError:
        raise NotFound(f"There is nothing to test called {key}.") from None
    return subjects.goal_of(user, found) if kind == BacktestKind.GOAL else subjects.strategy_of(user, found)


# --- one
def shown_run(run: BacktestRun) -> dict[str, Any]:
    """A run as its page shows it: how far it is, or what came out."""
    context: dict[str, Any] = {
        "run": run,
        "open": run.state in OPEN,
        "percent": percent_done(run),
        "tone": TONES.get(BacktestState(run.state), "info"),
        "never": NEVER,
        "asked": _asked(run),
        "about": _about(run),
    }
    if run.result.get("grid"):
        context |= {"grid": shown_grid(run.result["grid"], labels_of(run))}
    elif run.result.get("summary"):
        context |= shown_result(run.result)
    return context


def shown_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """One result: figures, curves, trades, months, denials, warnings."""
    summary, hold, beside = result["summary"], result["hold"], result["benchmark"]
    trades = [_trade(one) for one in result["trades"]]
    fall = summary.get("drawdown")
    slippage = (decimal(summary["costs"]) or Decimal(0)) - (decimal(summary["fees"]) or Decimal(0))
    return {
        "summary": {name: decimal(value) if isinstance(value, str) else value for name, value in summary.items()},
        "hold": {name: decimal(value) if isinstance(value, str) else value for name, value in hold.items()},
        "better": (decimal(summary["net_result"]) or 0) >= (decimal(hold["net_result"]) or 0),
        "slippage": slippage,
        "figures": _figure_rows(summary, hold, beside),
        "benchmark": beside["symbol"] if beside else "",
        "worth": _curves(result["curve"], beside["symbol"] if beside else ""),
        "trades": trades,
        "left_out": result["trades_left_out"],
        "months": month_table(result.get("months", [])),
        "denials": result["denials"],
        "denied": [{**one, "at": datetime.fromisoformat(one["at"]), "quantity": decimal(one["quantity"])}
                   for one in result["denials"]["first"]],
        "positions": [(one["symbol"], decimal(one["shares"])) for one in result["positions"]],
        "end_cash": decimal(result["end_cash"]),
        "warnings": result["warnings"],
        "fall": {name: _day(fall[name]) for name in ("peak", "trough", "recovered")} if fall else None,
        "gaps": [{**gap, "from": datetime.fromisoformat(gap["from"]), "to": datetime.fromisoformat(gap["to"])}
                 for gap in result["gaps"]],
    }  # fmt: skip


def _figure_rows(summary: Mapping[str, Any], hold: Mapping[str, Any], beside: Mapping[str, Any] | None) -> list[Any]:
    unknown = summary.get("unknown", {})
    rows = []
    for name, label, kind, means in FIGURES:
        rows.append(
            {
                "label": label,
                "means": unknown.get(name) or means,
                "own": (kind, decimal(summary.get(name))),
                "hold": (kind, decimal(hold.get(name))),
                "beside": (kind, decimal(beside.get(name))) if beside else None,
            }
        )
    return rows


def _curves(curve: Sequence[Mapping[str, Any]], benchmark: str) -> dict[str, Any]:
    times = [int(datetime.fromisoformat(point["at"]).timestamp()) for point in curve]

    def line(name: str) -> list[dict[str, Any]]:
        return [{"time": at, "value": point[name]} for at, point in zip(times, curve, strict=True)]

    return {
        "points": line("equity"),
        "hold": line("hold"),
        "benchmark": line("benchmark") if benchmark and curve and "benchmark" in curve[0] else [],
        "offset": 0,
    }


def _trade(one: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {name: decimal(one[name]) for name in ("quantity", "price", "fee", "gain")}
    return {**one, **numbers, "at": datetime.fromisoformat(one["at"])}


def month_table(months: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """One row a year, newest first: twelve months and the year."""
    found = {one["month"]: Decimal(one["return_percent"]) for one in months}
    rows = []
    for year in sorted({month[:4] for month in found}, reverse=True):
        cells = [found.get(f"{year}-{n:02}") for n in range(1, 13)]
        level = Decimal(1)
        for cell in cells:
            level *= 1 + (cell or Decimal(0)) / 100
        rows.append(
            {
                "year": year,
                "cells": [(MONTHS[n], cell, heat_of(cell, Decimal(10))) for n, cell in enumerate(cells)],
                "total": (level - 1) * 100,
            }
        )
    return rows


def labels_of(run: BacktestRun) -> dict[str, str]:
    """What the pages call a strategy's parameters."""
    if run.kind != BacktestKind.STRATEGY:
        return {}
    kind = STRATEGIES.get(run.spec.get("strategy_type", ""))
    return {one.name: one.label for one in kind.schema} if kind else {}


def _about(run: BacktestRun) -> str:
    """What was tested, in a sentence."""
    kind = STRATEGIES.get(run.spec.get("strategy_type", "")) if run.kind == BacktestKind.STRATEGY else None
    if kind is None:
        return f"A goal of {', '.join(run.symbols)}." if run.symbols else ""
    return f"{kind.sentence(kind.parse(run.spec['params']), run.symbols)}."


def _asked(run: BacktestRun) -> list[tuple[str, str]]:
    """How it was asked for."""
    params = run.params
    costs = [
        (f"{params['slippage_bps']} basis points slippage", "slippage_bps" in params),
        (f"${params.get('fee_per_order')} an order", params.get("fee_per_order") not in (None, "0")),
        (f"{params.get('fee_bps')} basis points fee", params.get("fee_bps") not in (None, "0")),
    ] if "slippage_bps" in params else []  # fmt: skip
    listed = ", ".join(text for text, there in costs if there)
    approvals = {"approve": "counted as approved", "block": "counted as refused"}.get(params.get("approvals", ""), "–")
    return [("Costs", listed or "–"), ("Orders that need approval", approvals)]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
