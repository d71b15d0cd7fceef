"""Whole runs over the wire of each provider. Each ends with a stored report, none with an unintended order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from agent.models import AgentRun, AgentStep, Reservation, RunState, Suggestion
from agent.running import execute
from agent.starting import start_run
from common.clock import now
from orders.models import Order
from tests.agent.conftest import PROVIDERS
from tests.fakes.llm import Call, Cut, Drip, Hang, Refuse, Say, ScriptedModel, Status, Use
from tests.fakes.llm.script import Act
from tests.orders.making import Desk

pytestmark = pytest.mark.django_db
REPORT = Use("submit_report", {"summary": "All is calm."})
SUGGESTION = {"symbol": "AAPL", "side": "buy", "notional": "500", "rationale": "It fell.", "confidence": "0.9"}


def run_with(
    thinks: Callable[..., Any], desk: Desk, script: list[Act], provider: str, **config: Any
) -> tuple[AgentRun, ScriptedModel, list[float]]:
    waits: list[float] = []
    with ScriptedModel(script) as model:
        thinks(model, provider, **config)
        run = start_run(user=desk.user, now=now(), trigger="manual")
        assert execute(run.pk, clock=now, sleep=waits.append)
        run.refresh_from_db()
    assert run.report is not None
    assert run.finished_at is not None
    assert not Reservation.objects.filter(run=run, settled=None).exists()
    assert not Order.objects.exists()
    return run, model, waits


def steps(run: AgentRun) -> list[tuple[str, str]]:
    return list(run.steps.values_list("kind", "name"))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_several_tool_turns_and_a_report(thinks: Callable[..., Any], desk: Desk, provider: str) -> None:
    quotes = Use("get_quotes", {"symbols": ["AAPL", "NOPE"]})
    script = [Call((quotes,), text="Let me look."), Call((quotes, quotes)), Call((REPORT,))]
    run, model, _ = run_with(thinks, desk, script, provider)
    assert (run.state, run.calls) == (RunState.SUCCEEDED, 3)
    assert run.report["report"]["summary"] == "All is calm."
    assert not run.report["offline"]
    assert [kind for kind, _ in steps(run)] == ["prompt", "model", "tool", "model", "tool", "tool", "model", "report"]
    tool = run.steps.filter(kind="tool").first()
    assert tool.output["quotes"]["AAPL"]["last"] == "100"
    assert tool.output["unknown"] == ["NOPE"]
    assert len(model.asked) == 3
    assert run.usage == {"input": 300, "output": 60, "cache_read": 0, "cache_write": 0}
    assert run.cost == Decimal("0.0018")  # 300 x $3 + 60 x $15 a million
    assert "sk-canary" not in str(list(run.steps.values()))


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("status", [429, 529, 503])
def test_a_busy_provider_is_asked_again_when_it_says(
    thinks: Callable[..., Any], desk: Desk, provider: str, status: int
) -> None:
    script = [Status(status, retry_after="3"), Status(status), Call((REPORT,))]
    run, _, waits = run_with(thinks, desk, script, provider)
    assert run.state == RunState.SUCCEEDED
    assert waits == [3.0, 2.0]
    assert run.calls == 3
    assert run.cost == Decimal("0.0006"), "what was refused costs nothing"


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("act", "code"),
    [
        (Status(401), "KEY_REFUSED"),
        (Status(400), "BAD_REQUEST"),
        (Status(402), "QUOTA"),
        (Status(429, retry_after="900"), "RATE_LIMITED"),
        (Refuse(), "REFUSED"),
    ],
)
def test_what_cannot_be_mended_ends_the_run(
    thinks: Callable[..., Any], desk: Desk, provider: str, act: Act, code: str
) -> None:
    run, model, waits = run_with(thinks, desk, [act], provider)
    assert (run.state, run.reason_code) == (RunState.FAILED, code)
    assert (len(model.asked), waits) == (1, [])
    assert not run.report["complete"]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("act", [Hang(5), Drip(), Cut()])
def test_an_answer_that_never_ends_is_counted_in_full(
    thinks: Callable[..., Any], desk: Desk, provider: str, act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.running.ANSWER_SECONDS", 1.0)
    run, _, _ = run_with(thinks, desk, [act, Call((REPORT,))], provider)
    assert run.state == RunState.SUCCEEDED
    first, second = Reservation.objects.filter(run=run).order_by("pk")
    assert first.settled == first.reserved, "nobody said what it cost"
    assert second.settled < second.reserved


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("raw", ['{"symbols": ["AAPL"', "[1]", '{"symbols": NaN}', "", "null"])
def test_malformed_arguments_are_told_to_the_model(
    thinks: Callable[..., Any], desk: Desk, provider: str, raw: str
) -> None:
    run, _, _ = run_with(thinks, desk, [Call((Use("get_quotes", raw=raw),)), Call((REPORT,))], provider)
    assert run.state == RunState.SUCCEEDED
    tool = run.steps.get(kind="tool")
    assert tool.failed
    assert "error" in tool.output


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_report_cut_off_by_its_limit_is_asked_for_again(
    thinks: Callable[..., Any], desk: Desk, provider: str
) -> None:
    half = Use("submit_report", raw='{"summary": "All is ca')
    whole_but_cut = Use("submit_report", {"summary": "Buy everything", "suggestions": [SUGGESTION]})
    script = [Call((half,), stop="length"), Call((whole_but_cut,), stop="length"), Call((REPORT,))]
    run, _, _ = run_with(thinks, desk, script, provider, mode="execute")
    assert run.report["report"]["summary"] == "All is calm."
    assert not Suggestion.objects.exists(), "what was cut off is not acted on"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_model_that_only_talks_is_made_to_report(thinks: Callable[..., Any], desk: Desk, provider: str) -> None:
    run, model, _ = run_with(thinks, desk, [Say("Well, well."), Call((REPORT,))], provider)
    assert run.state == RunState.SUCCEEDED
    assert "submit_report" in str(model.asked[1]["tool_choice"])


def test_a_model_that_never_reports_is_stopped(thinks: Callable[..., Any], desk: Desk) -> None:
    run, model, _ = run_with(thinks, desk, [Say("Well, well.")], "anthropic", max_turns=3)
    assert (run.state, run.reason_code, len(model.asked)) == (RunState.STOPPED, "MAX_TURNS", 3)


def test_tools_beyond_the_limit_are_refused(thinks: Callable[..., Any], desk: Desk) -> None:
    uses = tuple(Use("get_quotes", {"symbols": ["AAPL"]}) for _ in range(5))
    run, model, _ = run_with(thinks, desk, [Call(uses), Call((REPORT,))], "anthropic", max_tool_calls=2)
    assert [step.failed for step in run.steps.filter(kind="tool")] == [False, False, True, True, True]
    assert "submit_report" in str(model.asked[1]["tool_choice"])


def test_the_budget_stops_a_run_before_the_request(thinks: Callable[..., Any], desk: Desk) -> None:
    run, model, _ = run_with(thinks, desk, [Say("Well.")], "anthropic", dollars_per_run=Decimal("0.01"))
    assert (run.state, run.reason_code) == (RunState.STOPPED, "BUDGET_RUN")
    assert model.asked == []


def test_a_run_whose_worker_died_is_ended_not_repeated(thinks: Callable[..., Any], desk: Desk, at: datetime) -> None:
    with ScriptedModel([Call((REPORT,))]) as model:
        thinks(model, "anthropic")
        run = start_run(user=desk.user, now=at, trigger="manual")
        AgentRun.objects.filter(pk=run.pk).update(state="running", lease_until=at, attempts=1)
        assert execute(run.pk, clock=now)
        assert not execute(run.pk, clock=now)
        run.refresh_from_db()
        assert (run.state, run.reason_code, model.asked) == (RunState.FAILED, "INTERRUPTED", [])


def test_without_a_key_the_offline_analyst_reports(desk: Desk, at: datetime) -> None:
    run = start_run(user=desk.user, now=at, trigger="schedule")
    assert execute(run.pk, clock=now)
    run.refresh_from_db()
    assert (run.state, run.cost) == (RunState.SUCCEEDED, 0)
    assert run.report["offline"]
    assert "The portfolio is worth $100,000.00" in run.report["report"]["summary"]
    assert run.report["ungrounded"] == []
    assert AgentStep.objects.filter(run=run).count() == 2


def test_thinking_goes_back_signed_with_the_calls_that_came_of_it(thinks: Callable[..., Any], desk: Desk) -> None:
    look = Call((Use("get_quotes", {"symbols": ["AAPL"]}),), thinking="Let me think.")
    run, model, _ = run_with(thinks, desk, [look, Call((REPORT,))], "anthropic")
    assert run.state == RunState.SUCCEEDED
    back = model.asked[1]["messages"][1]["content"]
    assert back[0] == {"type": "thinking", "thinking": "Let me think.", "signature": "signed"}
    assert [block["type"] for block in back] == ["thinking", "tool_use"]


def test_a_fault_of_ours_still_counts_what_was_spent(
    thinks: Callable[..., Any], desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("a fault")

    with ScriptedModel([Call((Use("get_quotes", {"symbols": ["AAPL"]}),))]) as model:
        thinks(model, "anthropic")
        run = start_run(user=desk.user, now=now(), trigger="manual")
        monkeypatch.setattr("agent.using.Toolbox.use", breaks)
        with pytest.raises(RuntimeError):
            execute(run.pk, clock=now)
    run.refresh_from_db()
    assert (run.state, run.reason_code, run.calls, run.cost) == (RunState.FAILED, "INTERNAL", 1, Decimal("0.0006"))
