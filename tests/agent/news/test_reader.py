"""The reader over the wires of the three providers: a closed form comes out, or an error, never a text."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from agent.models import AgentRun, NewsReading, Reservation, RunState
from agent.running import execute
from agent.starting import start_run
from common.clock import now
from tests.agent.conftest import PROVIDERS
from tests.fakes.alpaca import FakeNews
from tests.fakes.llm import Call, Hang, Refuse, Say, ScriptedModel, Status, Use
from tests.fakes.llm.script import Act
from tests.orders.making import Desk

pytestmark = pytest.mark.django_db
REPORT = Use("submit_report", {"summary": "Done."})
LOOK = Call((Use("analyze_sentiment", {"symbols": ["AAPL", "MSFT"]}),))
SAID = "BUY BUY BUY, says a stranger"


def reading(article: int, symbol: str = "AAPL", **changes: Any) -> dict[str, Any]:
    return {"article": article, "symbol": symbol, "sentiment": 1, "event": "earnings", "confidence": 0.8, **changes}


# The newest first: article 1 is the meeting, 2 the lawsuit (AAPL and MSFT), 3 the earnings.
GOOD = [reading(1, sentiment=0), reading(2, sentiment=-2, event="legal"), reading(2, "MSFT"), reading(3, sentiment=2)]


def form(readings: Any, **more: Any) -> Call:
    return Call((Use("record_readings", {"readings": readings, **more}),))


def run_with(thinks: Callable[..., Any], desk: Desk, provider: str, reader: list[Act], **config: Any) -> Any:
    """The run, the tool's step and every request; the reader's requests are told by their form."""
    answers = list(reader)
    looks = [LOOK]

    def script(body: dict[str, Any]) -> Act:
        if "record_readings" in json.dumps(body.get("tools")):
            return answers.pop(0) if len(answers) > 1 else answers[0]
        return looks.pop() if looks else Call((REPORT,))

    with ScriptedModel(script) as model:
        thinks(model, provider, **config)
        run = start_run(user=desk.user, now=now(), trigger="manual")
        assert execute(run.pk, clock=now, sleep=lambda _: None)
    run.refresh_from_db()
    assert not Reservation.objects.filter(run=run, settled=None).exists()
    return run, run.steps.filter(kind="tool").get(), model.asked


def asked_reader(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [body for body in asked if "record_readings" in json.dumps(body.get("tools"))]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_conforms_is_used_and_paid_for(
    thinks: Callable[..., Any], desk: Desk, informed: FakeNews, provider: str
) -> None:
    run, step, asked = run_with(thinks, desk, provider, [form(GOOD)])
    assert (run.state, run.calls, step.failed) == (RunState.SUCCEEDED, 3, False)
    assert step.output["method"] == "model"
    assert step.output["symbols"] == {
        "AAPL": {"articles": 3, "sentiment": "0"},
        "MSFT": {"articles": 1, "sentiment": "1"},
    }
    assert [(one["symbol"], one["sentiment"], one["event"], one["confidence"]) for one in step.output["readings"]] == [
        ("AAPL", 0, "earnings", "0.8"), ("AAPL", -2, "legal", "0.8"), ("MSFT", 1, "earnings", "0.8"),
        ("AAPL", 2, "earnings", "0.8"),
    ]  # fmt: skip
    assert run.cost == Decimal("0.0018") == sum(one.settled for one in Reservation.objects.filter(run=run))
    assert run.tainted, "a stranger's text can push a number"
    # The reader was shown the articles and nothing of the user's; the run was shown numbers and no article.
    (reader,) = asked_reader(asked)
    assert "plunge" in json.dumps(reader)
    assert not {"equity", "get_portfolio", "propose_order", "100000"} & set(
        json.dumps(reader).replace('"', " ").split()
    )
    others = json.dumps([body for body in asked if body is not reader])
    assert "plunge" not in others
    assert "estimates" not in others


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("act", "code"),
    [
        (form([*GOOD[:3], reading(3, sentiment=3)]), "news_unread"),
        (form(GOOD, note=SAID), "news_unread"),
        (Call((Use("record_readings", raw='{"readings": [{"article": 1, "sym'),), stop="length"), "news_unread"),
        (Call((Use("propose_order", {"symbol": "AAPL", "side": "buy"}),)), "news_unread"),
        (Say(SAID), "news_unread"),
        (Refuse(SAID), "REFUSED"),
        (Status(401), "KEY_REFUSED"),
    ],
)
def test_what_does_not_conform_is_an_error_and_no_text(
    thinks: Callable[..., Any], desk: Desk, informed: FakeNews, provider: str, act: Act, code: str
) -> None:
    run, step, asked = run_with(thinks, desk, provider, [act])
    assert (run.state, step.failed, step.output["code"]) == (RunState.SUCCEEDED, True, code)
    assert not NewsReading.objects.exists()
    others = [body for body in asked if body not in asked_reader(asked)]
    assert "stranger" not in json.dumps(others)
    assert not run.suggestions.exists()


def test_no_article_is_paid_for_twice_unless_its_text_changes(
    thinks: Callable[..., Any], desk: Desk, informed: FakeNews
) -> None:
    run_with(thinks, desk, "anthropic", [form(GOOD)])
    run, step, asked = run_with(thinks, desk, "anthropic", [Say("nobody asks me")])
    assert asked_reader(asked) == []
    assert (step.failed, len(step.output["readings"]), run.calls) == (False, 4, 2)
    informed.articles[0]["headline"] = "Apple misses estimates"
    _, step, asked = run_with(thinks, desk, "anthropic", [form([reading(1, sentiment=-1)])])
    (reader,) = asked_reader(asked)
    assert "misses" in json.dumps(reader)
    assert "plunge" not in json.dumps(reader)
    assert step.output["readings"][-1]["sentiment"] == -1
    assert NewsReading.objects.count() == 4


def test_a_reader_over_the_budget_is_not_asked_and_what_was_paid_stays_counted(
    thinks: Callable[..., Any], desk: Desk, informed: FakeNews
) -> None:
    run, step, asked = run_with(thinks, desk, "anthropic", [form(GOOD)], max_calls=1)
    assert (step.failed, step.output["code"], asked_reader(asked)) == (True, "MAX_CALLS", [])
    assert (run.state, run.reason_code) == (RunState.STOPPED, "MAX_CALLS")
    run, step, asked = run_with(thinks, desk, "anthropic", [form(GOOD[:2])], max_calls=10)
    assert step.failed
    assert run.cost == Decimal("0.0018"), "an answer that was no use has its price"


def test_a_slow_reader_is_given_up_and_counted_in_full(
    thinks: Callable[..., Any], desk: Desk, informed: FakeNews, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.news.reader.ANSWER_SECONDS", 0.5)
    run, step, _ = run_with(thinks, desk, "anthropic", [Hang()], max_calls=2)
    assert (step.failed, step.output["code"]) == (True, "MAX_CALLS"), "tried again, then out of calls"
    reserved = Reservation.objects.filter(run=run).order_by("-reserved")
    assert any(one.settled == one.reserved for one in reserved)
    assert run.cost == sum(one.settled for one in reserved)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_model_that_cannot_be_forced_is_asked_without(
    thinks: Callable[..., Any], desk: Desk, informed: FakeNews, provider: str
) -> None:
    def script(body: dict[str, Any]) -> Act:
        if "record_readings" in json.dumps(body.get("tools")):
            return Status(400, kind="invalid_request_error") if body.get("tool_choice") else form(GOOD)
        return Call((REPORT,)) if seen.append(body) or len(seen) > 1 else LOOK

    seen: list[dict[str, Any]] = []
    with ScriptedModel(script) as model:
        thinks(model, provider)
        run = start_run(user=desk.user, now=now(), trigger="manual")
        assert execute(run.pk, clock=now)
    run = AgentRun.objects.get(pk=run.pk)
    assert (run.state, run.calls) == (RunState.SUCCEEDED, 4)
    assert NewsReading.objects.count() == 4
