"""Without an analyst the facts are the report, labelled offline; with one it writes the report."""

from __future__ import annotations

from datetime import timedelta

import pytest

from automation.jobs import analyst
from automation.jobs.ai_analysis import OFFLINE
from automation.jobs.analyst import Analysis, use_analyst
from common.errors import Conflict
from tests.automation.jobs.making import run
from tests.automation.making import carry_out, hold, rule, see
from tests.automation.scheduling.making import job
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db
S = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def nobody(monkeypatch):
    monkeypatch.setattr(analyst, "_analysts", [])


def test_the_facts_are_the_report(desk):
    hold(desk, "MSFT", "10")
    rule(desk, quantity="5000")  # more than the cash buys: the gate denies it
    rule(desk, symbol="NVDA", trigger_params={"threshold": "95"})
    job(desk, name="Morning")
    see("89", at=NOW + S)
    carry_out(now=NOW + S)
    found = run(desk, "ai_analysis", now=NOW + 2 * S)
    assert found.result["offline"] is True
    assert found.result["label"] == OFFLINE
    text = found.result["text"]
    assert text.startswith(OFFLINE)
    for said in (
        "10 MSFT: $1000", "Buy 5000 AAPL when AAPL is at or below", "buy AAPL denied: ",
        "% away: Buy 10 NVDA", "2026-11-20 15:05 job: Morning",
    ):  # fmt: skip
        assert said in text
    assert "1 firings, 1 orders denied or rejected" in found.summary


def test_an_empty_desk_has_a_report_too(desk, other):
    rule(other)
    found = run(desk, "ai_analysis")
    assert found.result["facts"]["nearest"] == []
    assert found.result["text"].count("- nothing") == 6


class Writer:
    """An analyst that says what it was told, or cannot."""

    def __init__(self, trouble: str = "") -> None:
        self.trouble = trouble

    def analyse(self, context, facts) -> Analysis:
        if self.trouble:
            raise Conflict(self.trouble)
        return Analysis(
            summary=f"All calm at {facts['portfolio']['name']}.", text="A report.", data={"run": str(context.run_id)}
        )


def test_an_analyst_writes_the_report(desk):
    use_analyst(Writer())
    found = run(desk, "ai_analysis")
    assert found.summary == "All calm at Main."
    assert (found.result["offline"], found.result["text"]) == (False, "A report.")
    assert "run" in found.result
    with pytest.raises(ValueError, match="filled twice"):
        use_analyst(Writer())


def test_an_analyst_that_cannot_answer_leaves_the_facts(desk):
    use_analyst(Writer("no budget left"))
    found = run(desk, "ai_analysis")
    assert found.result["offline"] is True
    assert found.result["label"].endswith("The analyst could not answer: no budget left")
