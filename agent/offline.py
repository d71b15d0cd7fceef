"""The analyst that needs no model: the same facts, put into words by rules. Also says what an ended run had done."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from agent import facts as gathering
from agent.models import AgentStep
from agent.providers.base import ToolCall
from agent.report import Observation, Report
from agent.tools.analyze_sentiment import ANALYZE_SENTIMENT
from agent.tools.base import Context
from agent.using import Toolbox
from markets.news.opening import has_source
from portfolios.models import Holding

CONCENTRATED = Decimal(25)  # percent of the portfolio in one symbol
DEEP = Decimal(10)  # percent below the best
IDLE = Decimal(40)  # percent in cash
MOST_IN_NEWS = 10  # holdings whose news is read


def analyse(context: Context, toolbox: Toolbox) -> Report:
    """The report of the facts. Suggests no trades: rules of thumb are no reason to trade."""
    tone = _tone(context, toolbox)
    facts = gathering.gather(user=context.user, portfolio=context.portfolio, now=context.now)
    toolbox.seen.append(f"{facts} by the rules of thumb of {CONCENTRATED}, {DEEP} and {IDLE} %, over 24 hours")
    toolbox.recorder.add(AgentStep.Kind.TOOL, name="facts", result=facts)
    lines = gathering.as_lines(facts)
    risks = _risks(facts)
    first = lines[0] if lines else "There is nothing in the portfolio and no rule at work yet."
    found = "1 thing needs a look." if len(risks) == 1 else f"{len(risks)} things need a look."
    return Report(
        summary=f"{first} {found if risks else 'Nothing stands out.'}",
        observations=[
            *(Observation(text=line[:400], rests_on=["facts"]) for line in lines[:15]),
            *(Observation(text=line[:400], rests_on=[ANALYZE_SENTIMENT.name]) for line in tone[:5]),
        ],
        risks=risks,
    )


def _tone(context: Context, toolbox: Toolbox) -> list[str]:
    """How the news about the holdings reads, strongest first; nothing without a source, or without news."""
    held = Holding.objects.filter(portfolio=context.portfolio, quantity__gt=0).order_by("-quantity")
    symbols = list(held.values_list("instrument_id", flat=True)[:MOST_IN_NEWS])
    if not symbols or not has_source(user_id=context.user.pk):
        return []
    answer = toolbox.use(ToolCall(id="news", name=ANALYZE_SENTIMENT.name, arguments={"symbols": symbols}))
    if answer.failed:
        return []
    found = json.loads(answer.content).get("symbols", {})
    told = {symbol: Decimal(one["sentiment"]) for symbol, one in found.items() if one["sentiment"] is not None}
    return [
        f"The news about {symbol} reads {_reads(told[symbol])} ({found[symbol]['articles']} read, by a word list: "
        "take it as a hint)."
        for symbol in sorted(told, key=lambda one: (-abs(told[one]), one))
    ]


def _reads(mean: Decimal) -> str:
    size = "neutral" if abs(mean) < Decimal("0.25") else "slightly" if abs(mean) < 1 else "clearly"
    return size if size == "neutral" else f"{size} {'good' if mean > 0 else 'bad'}"


def _risks(facts: dict[str, Any]) -> list[str]:
    book, lately, rules = facts["portfolio"], facts["last_24_hours"], facts["rules"]
    found = []
    for one in book["holdings"]:
        if one["weight_percent"] is not None and Decimal(one["weight_percent"]) > CONCENTRATED:
            found.append(
                f"{one['symbol']} is {one['weight_percent']} % of the portfolio: more than a quarter in one name."
            )
    if book["drawdown_percent"] and Decimal(book["drawdown_percent"]) > DEEP:
        found.append(f"The portfolio is {book['drawdown_percent']} % below its best.")
    if book["without_a_price"]:
        found.append(f"No price for {', '.join(book['without_a_price'])}: the portfolio cannot be valued.")
    if book["equity"] and Decimal(book["cash"]) * 100 > IDLE * Decimal(book["equity"]) and book["holdings"]:
        found.append("More than 40 % of the portfolio is cash.")
    for code, count in sorted(lately["denied_for"].items()):
        found.append(f"{count} order{'s were' if count != 1 else ' was'} denied by the safety checks: {code}.")
    if lately["unacknowledged_critical"]:
        found.append(f"{lately['unacknowledged_critical']} critical alerts are not acknowledged.")
    if rules["counts"].get("failed"):
        found.append(f"{rules['counts']['failed']} rules gave up after failures and need a look.")
    return [line[:400] for line in found[:20]]


def what_was_done(toolbox: Toolbox, reason: str) -> Report:
    """The report of a run that was ended before it reported itself."""
    steps = list(AgentStep.objects.filter(run=toolbox.run, kind=AgentStep.Kind.TOOL).order_by("number"))
    used = ", ".join(dict.fromkeys(step.name for step in steps if not step.failed))
    return Report(
        summary=f"The run was ended before its report: {reason or 'no reason was given'}"[:2000],
        observations=[Observation(text=f"It had looked at: {used}"[:400], rests_on=[])] if used else [],
    )
