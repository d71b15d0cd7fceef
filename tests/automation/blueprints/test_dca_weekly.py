from __future__ import annotations

from automation.blueprints.dca_weekly import DCA_WEEKLY
from automation.triggers.registry import TRIGGERS
from tests.automation.blueprints.facts import drafts, refused


def test_every_week_without_end() -> None:
    (rule,) = drafts(DCA_WEEKLY, symbol="MSFT", amount_usd="100", day="fri", time="9:45")
    assert (rule["amount_usd"], rule["max_executions"]) == ("100", None)
    trigger = TRIGGERS[rule["trigger_type"]]
    sentence = trigger.sentence(trigger.parse(rule["trigger_params"]), "MSFT")
    assert "09:45" in sentence
    assert "Fri" in sentence
    assert DCA_WEEKLY.sentence(DCA_WEEKLY.parse({"symbol": "MSFT", "amount_usd": "100"})) == (
        "Buy $100 of MSFT every Monday at 10:00 in New York."
    )


def test_what_cannot_be() -> None:
    wrong = refused(DCA_WEEKLY, symbol="MSFT", amount_usd="x", day="noday", time="25:00")
    assert set(wrong) == {"amount_usd", "day", "time"}
    assert "time" in refused(DCA_WEEKLY, symbol="MSFT", amount_usd="5", time=955)
