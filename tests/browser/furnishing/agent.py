"""The agent's pages with a life: runs of a model and of the offline analyst, proposals, scores, a conversation."""

from __future__ import annotations

from agent.starting import start_run
from common.clock import now
from tests.browser.looking import Look
from tests.dashboard.agents import ran, ran_offline, say, scored, thinks
from tests.orders.making import Desk

TALK = (
    "Sell 10 AAPL if the price drops below 80",
    "buy MSFT if it drops below 80",
    "List my active rules",
    "How is the weather?",
)


def furnish(desk: Desk) -> list[Look]:
    ran_offline(desk)
    thinks(desk)
    scored(desk, ran(desk), 28)
    run = ran(desk, question="Is the portfolio too concentrated?")
    answer = None
    for text in TALK:
        answer = say(desk, text, answer)
    assert answer is not None
    waits = start_run(user=desk.user, now=now(), trigger="manual", question="What should I watch this week?")
    return [
        Look(path="/agent/"),
        Look(path=f"/agent/runs/{run.pk}/", name="agent-run", ready=".replay"),
        Look(path=f"/agent/runs/{waits.pk}/", name="agent-run-waiting"),
        Look(path="/agent/chat/"),
        Look(path=f"/agent/chat/{answer.conversation_id}/", name="agent-conversation"),
        Look(path="/agent/scorecard/"),
        Look(path="/agent/settings/"),
    ]
