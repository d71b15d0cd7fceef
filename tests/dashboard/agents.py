"""Runs of the agent with everything a page shows: steps, a report, proposals, drafts, scores, a conversation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from agent import chatting
from agent.configuring import config_of
from agent.models import AgentRun, ChatMessage, ModelPrice, Provider, Suggestion, SuggestionScore
from agent.providers.base import ModelTurn, Reply, Request, Stop, Usage
from agent.running import execute
from agent.starting import start_run
from common.clock import now
from tests.agent.models import reply
from tests.orders.making import D, Desk

Call = tuple[str, Mapping[str, Any]]
REPORT: dict[str, Any] = {
    "summary": "AAPL carries most of the portfolio; nothing needs doing today.",
    "observations": [{"text": "AAPL stands at $100.", "rests_on": ["get_quotes"]}],
    "risks": ["One name carries more than a quarter of the portfolio."],
}
BUY = {
    "symbol": "MSFT", "side": "buy", "notional": "500", "confidence": "0.85", "invalidation_price": "90",
    "rationale": "MSFT at $100 spreads the portfolio over one more name.",
}  # fmt: skip


SAYS = {
    "get_quotes": "First the prices of what is held, and of what could be bought.",
    "check_risk": "AAPL looks heavy. I want to know how much of the risk it carries.",
    "submit_report": "That is enough for a report.",
}


class Talks:
    """Says a sentence and makes one call in each answer, then hands in its report."""

    name = "talks"

    def __init__(self, calls: Sequence[Call], report: Mapping[str, Any] = REPORT) -> None:
        self.answers = [*calls, ("submit_report", report)]

    def complete(self, request: Request, *, on_text: Callable[[str], None]) -> Reply:
        name, arguments = self.answers.pop(0)
        made = reply([(name, arguments)])
        usage = Usage(input=4200, output=180)
        return Reply(turn=ModelTurn(text=SAYS.get(name, ""), calls=made.turn.calls), stop=Stop.TOOLS, usage=usage)


def thinks(desk: Desk, **changes: Any) -> None:
    """The desk's agent thinks with a model that has a price."""
    ModelPrice.objects.get_or_create(
        user=None, provider="compatible", model="scripted-large-1",
        defaults={"input": 3, "output": 15, "cache_read": D("0.3"), "cache_write": D("3.75"), "updated_at": now()},
    )  # fmt: skip
    config = config_of(desk.user, now=now())
    defaults = {"provider": Provider.COMPATIBLE, "model": "scripted-large-1", "mode": "suggest"}
    for name, value in {**defaults, **changes}.items():
        setattr(config, name, value)
    config.save()


def ran(
    desk: Desk, *, calls: Sequence[Call] | None = None, report: Mapping[str, Any] | None = None, **asked: Any
) -> AgentRun:
    """A run of the model, done."""
    run = start_run(user=desk.user, now=now(), trigger="manual", **asked)
    looks: Sequence[Call] = (
        calls if calls is not None else [("get_quotes", {"symbols": ["AAPL", "MSFT"]}), ("check_risk", {})]
    )
    execute(run.pk, clock=now, provider=Talks(looks, report or {**REPORT, "suggestions": [BUY]}))
    run.refresh_from_db()
    return run


def ran_offline(desk: Desk, **asked: Any) -> AgentRun:
    config = config_of(desk.user, now=now())
    config.provider = Provider.OFFLINE
    config.save()
    run = start_run(user=desk.user, now=now(), trigger="manual", **asked)
    execute(run.pk, clock=now)
    run.refresh_from_db()
    return run


def scored(desk: Desk, run: AgentRun, count: int) -> None:
    """Suggestions of some weeks ago, with what they came to."""
    for number in range(count):
        at = now() - timedelta(days=40 - number % 30, minutes=number)
        one = Suggestion.objects.create(
            run=run, user=desk.user, portfolio=desk.portfolio, symbol=("AAPL", "MSFT", "NVDA")[number % 3],
            side="buy" if number % 4 else "sell", notional=D(400 + number), rationale="It fell below its average.",
            confidence=D(("0.55", "0.70", "0.85", "0.95")[number % 4]), expires_at=at + timedelta(days=1),
            state=("dismissed", "placed", "denied", "expired")[number % 4], price=D(100), created_at=at,
            scored_at=now(),
        )  # fmt: skip
        for sessions in (1, 5, 20):
            gained = Decimal(number % 5 - 1) * sessions / 4
            SuggestionScore.objects.create(
                suggestion=one,
                sessions=sessions,
                price=D(101),
                return_percent=gained,
                benchmark_percent=D("0.4"),
                at=now(),
            )


def say(desk: Desk, text: str, after: ChatMessage | None = None) -> ChatMessage:
    conversation = after.conversation_id if after else None
    return chatting.say(user=desk.user, text=text, now=now(), conversation_id=conversation)
