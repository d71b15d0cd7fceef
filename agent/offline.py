"""The analyst that needs no model: the same facts, put into words by rules. Also says what an ended run had done."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from agent import facts as gathering
from agent.models import AgentStep
from agent.report import Observation, Report
from agent.tools.base import Context
from agent.using import Toolbox

CONCENTRATED = Decimal(25)  # percent of the portfolio in one symbol
DEEP = Decimal(10)  # percent below the best
IDLE = Decimal(40)  # percent in cash


def analyse(context: Context, toolbox: Toolbox) -> Report:
    """The report of the facts. Suggests no trades: rules of thumb are no reason to trade."""
    facts = gathering.gather(user=context.user, portfolio=context.portfolio, now=context.now)
    toolbox.seen.append(str(facts))
    toolbox.recorder.add(AgentStep.Kind.TOOL, name="facts", result=facts)
    lines = gathering.as_lines(facts)
    risks = _risks(facts)
    first = lines[0] if lines else "There is nothing in the portfolio and no rule at work yet."
    found = "1 thing needs a look." if len(risks) == 1 else f"{len(risks)} things need a look."
    return Report(
        summary=f"{first} {found if risks else 'Nothing stands out.'}",
        observations=[Observation(text=line[:400], rests_on=["facts"]) for line in lines[:20]],
        risks=risks,
    )


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
