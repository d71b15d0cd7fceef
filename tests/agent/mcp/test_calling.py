from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import Field

from agent.mcp import calling
from agent.mcp.calling import Caller, call, reach_of, tools_for
from agent.models import AgentRun, AgentStep
from agent.tools import registry
from agent.tools.base import Answer, Arguments, Context, Reach
from common.errors import Conflict
from safety import switch
from tests.orders.making import NOW, Desk, open_desk, open_market

pytestmark = pytest.mark.django_db


class Words(Arguments):
    text: str = Field(max_length=20)


class Echo:
    """A tool of any reach that says back what it was given, and by whom."""

    description = "Says it back."
    arguments = Words

    def __init__(self, name: str, reach: Reach) -> None:
        self.name = name
        self.reach = reach

    def run(self, arguments: Words, context: Context) -> Answer:
        if arguments.text == "no":
            raise Conflict("It does not want to.", code="unwilling")
        said = {"text": arguments.text, "user": context.user.username, "tainted": context.tainted}
        return Answer(content={**said, "run": str(context.run_id)}, done=({"kind": "echo"},))


@pytest.fixture(autouse=True)
def echoes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    made = {f"echo_{reach.name.lower()}": Echo(f"echo_{reach.name.lower()}", reach) for reach in Reach}
    monkeypatch.setattr(registry, "TOOLS", {**registry.TOOLS, **made})
    monkeypatch.setattr(calling, "TOOLS", registry.TOOLS)
    yield


@pytest.fixture
def desk() -> Desk:
    open_market()
    return open_desk("ada", now=NOW)


def caller(desk: Desk, reach: Reach = Reach.PROPOSE) -> Caller:
    return Caller(user=desk.user, reach=reach)


def said(result: calling.Result) -> dict[str, Any]:
    return dict(json.loads(result.text))


def test_scopes_become_reach_and_never_to_act() -> None:
    assert reach_of(["read"]) == Reach.READ
    assert reach_of(["trade"]) == reach_of(["admin", "approve", "read", "trade"]) == Reach.PROPOSE
    assert reach_of(["approve", "admin"]) is None


@pytest.mark.parametrize(
    ("reach", "shown"),
    [(Reach.READ, ["echo_read"]), (Reach.PROPOSE, ["echo_read", "echo_propose"]), (Reach.ACT, None)],
)
def test_what_is_out_of_reach_is_neither_shown_nor_run(desk: Desk, reach: Reach, shown: list[str] | None) -> None:
    if shown is not None:
        names = [spec.name for spec in tools_for(caller(desk, reach))]
        assert [name for name in names if name.startswith("echo")] == shown
    for name, tool in registry.TOOLS.items():
        if name.startswith("echo"):
            out_of_reach = tool.reach > min(reach, Reach.PROPOSE)
            assert call(caller(desk, reach), name, {"text": "hi"}, now=NOW).failed is out_of_reach


def test_looking_leaves_nothing_and_proposing_a_tainted_run_an_hour(desk: Desk) -> None:
    assert said(call(caller(desk), "echo_read", {"text": "hi"}, now=NOW))["run"] == "None"
    assert not AgentRun.objects.exists()
    first = said(call(caller(desk), "echo_propose", {"text": "a"}, now=NOW))
    second = said(call(caller(desk), "echo_propose", {"text": "b"}, now=NOW + calling.ONE_RUN / 2))
    third = said(call(caller(desk), "echo_propose", {"text": "c"}, now=NOW + calling.ONE_RUN))
    assert first["run"] == second["run"] != third["run"] and first["tainted"]
    run = AgentRun.objects.get(pk=first["run"])
    assert (run.trigger, run.state, run.tainted, run.mode) == ("mcp", "succeeded", True, "suggest")
    assert run.actions_taken == [{"kind": "echo"}] * 2
    assert list(AgentStep.objects.filter(run=run).values_list("number", "name")) == [
        (1, "echo_propose"),
        (2, "echo_propose"),
    ]


def test_what_goes_wrong_is_told_and_leaves_nothing(desk: Desk) -> None:
    wrong = said(call(caller(desk), "echo_read", {"text": "x" * 21, "user": "bob"}, now=NOW))
    assert len(wrong["problems"]) == 2
    assert said(call(caller(desk), "echo_propose", {"text": "no"}, now=NOW))["code"] == "unwilling"
    assert call(caller(desk), "rm -rf", None, now=NOW).failed
    assert call(caller(desk), "echo_read", None, now=NOW).failed
    assert not AgentStep.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_agents_kill_switch_stops_proposals(desk: Desk) -> None:
    switch.kill(scope="agent", user=desk.user, reason="stop", actor="ada", now=NOW)
    assert said(call(caller(desk), "echo_propose", {"text": "a"}, now=NOW))["code"] == "agent_killed"
    assert not call(caller(desk), "echo_read", {"text": "a"}, now=NOW).failed


def test_it_is_always_the_callers_own_portfolio(desk: Desk) -> None:
    bob = open_desk("bob", now=NOW)
    assert said(call(caller(bob), "echo_read", {"text": "a"}, now=NOW))["user"] == "bob"
    for name in ("user", "portfolio", "user_id"):
        assert call(caller(bob), "echo_read", {"text": "a", name: str(desk.portfolio.pk)}, now=NOW).failed
