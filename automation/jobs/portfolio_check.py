"""`portfolio_check`: a portfolio's books, goals, cash, day and drawdown, and an alert about what is newly wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from alerts.models import Alert
from alerts.raising import NewAlert, raise_alerts
from automation.jobs import facts
from automation.jobs.base import JobContext, JobOutcome
from automation.triggers.reading import Reader
from common.money import HUNDRED, plain
from portfolios.auditing import audit
from portfolios.goals.reading import drifts
from portfolios.models import Portfolio, PortfolioGoal

_WHAT = "a setting of a portfolio check"
HUNDREDTH = Decimal("0.01")


class PortfolioCheck:
    """Compares what is with the limits of its config. A finding alerts once, until a check no longer finds it."""

    type = "portfolio_check"
    words = "Checks a portfolio: its books, drift from goals, cash, the day's loss and the drawdown."

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw, _WHAT)
        config = {
            "drawdown_percent": read.decimal("drawdown_percent", default="10", at_most=100),
            "day_loss_percent": read.decimal("day_loss_percent", default="3", at_most=100),
            "cash_below_percent": read.decimal("cash_below_percent", at_most=100),
            "goals": read.flag("goals", default=True),
            "audit": read.flag("audit", default=True),
        }
        read.done()
        return config

    def run(self, context: JobContext) -> JobOutcome:
        worth = facts.worth(context.portfolio, now=context.now)
        goals = _goals(context.portfolio, context.now) if context.config["goals"] else []
        books = [found.message for found in audit(context.portfolio)] if context.config["audit"] else []
        findings = [*_limits(worth, context.config), *_goal_findings(goals), *_book_findings(books)]
        for finding in findings:
            context.log(finding["text"])
        known = {one["code"] for one in context.previous.get("findings", [])}
        new = [finding for finding in findings if finding["code"] not in known]
        raise_alerts([_alert(context, finding) for finding in new], context.now)
        result = {**worth, "goals": goals, "books": books, "findings": findings, "new": len(new)}
        return JobOutcome(summary=_summary(worth, findings), result=result)

    @property
    def example(self) -> dict[str, Any]:
        return {
            "drawdown_percent": "10",
            "day_loss_percent": "3",
            "cash_below_percent": "2",
            "goals": True,
            "audit": True,
        }


def _goals(portfolio: Portfolio, now: datetime) -> list[dict[str, Any]]:
    """Each goal's drift, the worst asset first; percent are points of weight."""
    goals = list(PortfolioGoal.objects.filter(portfolio=portfolio, enabled=True, archived_at=None).order_by("name"))
    found = drifts([goal.pk for goal in goals], now)
    return [
        {
            "goal": str(goal.pk),
            "name": goal.name,
            "needs_rebalancing": found[goal.pk].needs_rebalancing,
            "worst_percent": _points(found[goal.pk].worst),
            "problem": found[goal.pk].problem,
            "assets": [
                {"symbol": row.symbol, "weight_percent": _points(row.weight), "drift_percent": _points(row.drift)}
                for row in sorted(found[goal.pk].rows, key=lambda row: -abs(row.drift))[: facts.MOST]
            ],
        }
        for goal in goals
    ]


def _points(ratio: Decimal) -> str:
    return plain((ratio * HUNDRED).quantize(HUNDREDTH))


def _limits(worth: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    name = worth["name"]
    if worth["unpriced"]:
        yield _finding("unpriced", f"{name}: no price for {', '.join(worth['unpriced'])}, so its worth is unknown.")
    if _reaches(worth["drawdown_percent"], config["drawdown_percent"]):
        yield _finding(
            "drawdown", f"{name} is {worth['drawdown_percent']} % below its peak of ${worth['peak_equity']}."
        )
    loss = worth["day_pnl_percent"]
    if loss is not None and _reaches(plain(-Decimal(loss)), config["day_loss_percent"]):
        yield _finding("day_loss", f"{name} has lost ${plain(-Decimal(worth['day_pnl']))} today ({loss} %).")
    low, cash = config["cash_below_percent"], worth["cash_percent"]
    if low is not None and cash is not None and Decimal(cash) < Decimal(low):
        yield _finding("cash", f"{name} has {cash} % cash, below {low} %.")


def _reaches(value: str | None, limit: str | None) -> bool:
    return value is not None and limit is not None and Decimal(value) >= Decimal(limit)


def _goal_findings(goals: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    for goal in goals:
        if goal["problem"]:
            yield _finding(f"goal_unknown:{goal['goal']}", f"The goal {goal['name']}: {goal['problem']}")
        elif goal["needs_rebalancing"]:
            worst = goal["assets"][0]
            text = (
                f"The goal {goal['name']} is outside its band: {worst['symbol']} is off by {worst['drift_percent']} %."
            )
            yield _finding(f"drift:{goal['goal']}", text)


def _book_findings(books: list[str]) -> Iterator[dict[str, str]]:
    if books:
        more = f" And {len(books) - 1} more." if len(books) > 1 else ""
        yield {**_finding("books", f"The books disagree: {books[0]}{more}"), "severity": Alert.Severity.CRITICAL.value}


def _finding(code: str, text: str) -> dict[str, str]:
    return {"code": code, "text": text, "severity": Alert.Severity.WARNING.value}


def _alert(context: JobContext, finding: Mapping[str, str]) -> NewAlert:
    return NewAlert(
        user_id=context.user.pk,
        kind=Alert.Kind.DATA if finding["code"] == "unpriced" else Alert.Kind.NOTE,
        severity=finding["severity"],
        title=finding["text"],
        data={"job": str(context.job_id), "run": str(context.run_id), "finding": finding["code"]},
        dedupe_key=f"job:{context.run_id}:{finding['code']}",
        trace_id=context.trace_id,
    )


def _summary(worth: Mapping[str, Any], findings: list[dict[str, str]]) -> str:
    equity = "worth unknown" if worth["equity"] is None else f"${worth['equity']}"
    if not findings:
        return f"{worth['name']}: {equity}, all well."
    more = f" And {len(findings) - 1} more." if len(findings) > 1 else ""
    return f"{worth['name']}: {equity}. {findings[0]['text']}{more}"


PORTFOLIO_CHECK = PortfolioCheck()
