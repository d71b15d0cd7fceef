"""What makes a goal, what is refused and in which words, and what each change leaves behind."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from common.errors import Conflict, InvalidInput, NotFound
from live.models import Event
from portfolios.goals import using
from portfolios.goals.changing import archive_goal, create_goal, goal_of, update_goal, warnings_of
from portfolios.models import Portfolio, PortfolioGoal
from tests.portfolios.conftest import NOW, D

GOOD = {"name": "Sixty forty", "target_weights": {"AAPL": "0.6", "MSFT": 0.4}}


def made(user: User, **more: Any) -> PortfolioGoal:
    return create_goal(user=user, data={**GOOD, **more}, now=NOW, actor="ann")


def errors_of(user: User, **more: Any) -> dict[str, list[str]]:
    with pytest.raises(InvalidInput) as caught:
        made(user, **more)
    return caught.value.errors


def test_a_goal_begins_with_defaults_and_its_first_version(ann: User, portfolio: Portfolio) -> None:
    goal = made(ann)
    assert goal.portfolio == portfolio
    assert goal.target_weights == {"AAPL": "0.6", "MSFT": "0.4"}
    assert (goal.drift_threshold, goal.band_kind, goal.rebalance_mode) == (D("0.05"), "absolute", "alert")
    version = goal.versions.get()
    assert (version.version, version.actor, version.terms["drift_threshold"]) == (1, "ann", "0.05")
    assert Event.objects.get(user=ann, kind="goal_created").payload["name"] == "Sixty forty"


@pytest.mark.parametrize(
    ("weights", "field", "words"),
    [
        ({"AAPL": "0.6", "MSFT": "0.3"}, "target_weights", "the weights sum to 0.9: 0.1 is missing"),
        ({"AAPL": "0.6", "MSFT": "0.400002"}, "target_weights", "0.000002 too much"),
        ({"AAPL": 60, "MSFT": 40}, "target_weights", "sum to 100: give ratios, 0.6 for 60 %"),
        ({"AAPL": "1.2", "MSFT": "-0.2"}, "target_weights.MSFT", "'-0.2' is not a weight"),
        ({"AAPL": "NaN", "MSFT": "1"}, "target_weights.AAPL", "'NaN' is not a weight"),
        ({"AAPL": True, "MSFT": "0"}, "target_weights.AAPL", "True is not a weight"),
        ({"AAPL": "0.6", "aapl": "0.4"}, "target_weights.aapl", "AAPL is given twice"),
        ({"AAPL": "0.6", "XXXX": "0.4"}, "target_weights.XXXX", "'XXXX' is not a known instrument"),
        ({}, "target_weights", "are no targets"),
        (["AAPL"], "target_weights", "are no targets"),
    ],
)
def test_bad_targets(ann: User, portfolio: Portfolio, weights: Any, field: str, words: str) -> None:
    assert words in errors_of(ann, target_weights=weights)[field][0]


def test_a_millionth_is_no_mistake_and_cash_is_a_target(ann: User, portfolio: Portfolio) -> None:
    assert made(ann, target_weights={"aapl": "0.333333", "MSFT": "0.333333", "cash": "0.333333"}).target_weights == {
        "AAPL": "0.333333",
        "MSFT": "0.333333",
        "CASH": "0.333333",
    }


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("band_kind", "wide", "'wide' is not known: use absolute or relative or hybrid_5_25"),
        ("drift_threshold", "0", "above 0"),
        ("drift_threshold", "5", "at most 1"),
        ("rebalance_mode", "yes", "use alert or auto"),
        ("rebalance_to", "moon", "use target or band_edge"),
        ("schedule", "30 25 * * *", "has '25' as hour: use * or 0 to 23"),
        ("schedule", "every day", "give five fields"),
        ("timezone", "New York", "is not a time zone: use an IANA name"),
        ("min_trade", "0", "above 0"),
        ("min_trade", "1.001", "decimal places"),
        ("cash_buffer_pct", "101", "at most 100"),
        ("turnover_cap", "0", "0 would never trade"),
        ("do_not_sell", ["XXXX"], "XXXX: no known instrument"),
        ("do_not_sell", "AAPL", "is not a list of symbols"),
        ("cooldown_days", -1, "a whole number from 0"),
        ("cash_flow_only", "yes", "is not true or false"),
        ("name", " ", "is not a name"),
        ("lot_method", "lifo", "use fifo or hifo or tax"),
        ("drift_treshold", "0.05", "drift_threshold"),
    ],
)
def test_bad_fields(ann: User, portfolio: Portfolio, field: str, value: Any, words: str) -> None:
    assert words in errors_of(ann, **{field: value})[field][0]


def test_every_mistake_is_told_at_once(ann: User, portfolio: Portfolio) -> None:
    errors = errors_of(
        ann, name="", target_weights={"AAPL": "2"}, schedule="x", timezone="Mars/Olympus", band_kind="?", min_trade="-1"
    )
    assert set(errors) == {"name", "target_weights", "schedule", "timezone", "band_kind", "min_trade"}


def test_the_portfolio_is_ones_own(ann: User, bob: User, portfolio: Portfolio) -> None:
    assert "none of your portfolios" in errors_of(bob, portfolio=str(portfolio.pk))["portfolio"][0]
    goal = made(ann)
    with pytest.raises(NotFound):
        goal_of(bob, goal.pk)


def test_names_are_taken_once_until_the_goal_is_deleted(ann: User, portfolio: Portfolio) -> None:
    first = made(ann)
    assert "is taken" in errors_of(ann)["name"][0]
    archive_goal(user=ann, goal_id=first.pk, now=NOW, actor="ann")
    assert made(ann).pk != first.pk
    with pytest.raises(NotFound):
        goal_of(ann, first.pk)


def test_two_goals_of_a_portfolio_do_not_both_trade_by_themselves(ann: User, portfolio: Portfolio) -> None:
    made(ann, rebalance_mode="auto")
    with pytest.raises(Conflict, match="would undo each other's trades"):
        made(ann, name="Other", rebalance_mode="auto")
    other = made(ann, name="Other")
    assert "Sixty forty is on for the same portfolio" in warnings_of(other)[0]


def test_a_change_is_a_new_version_and_no_change_is_none(ann: User, portfolio: Portfolio) -> None:
    goal = made(ann, turnover_cap="0.2", schedule="30 9 * * mon")
    changed = update_goal(user=ann, goal_id=goal.pk, changes={"drift_threshold": "0.03"}, now=NOW, actor="ann")
    assert (changed.version, changed.turnover_cap, changed.schedule) == (2, D("0.2"), "30 9 * * MON")
    same = update_goal(user=ann, goal_id=goal.pk, changes={"drift_threshold": 0.03}, now=NOW, actor="ann")
    assert same.version == 2
    cleared = update_goal(
        user=ann, goal_id=goal.pk, changes={"turnover_cap": None, "schedule": "", "version": 2}, now=NOW, actor="ann"
    )
    assert (cleared.version, cleared.turnover_cap, cleared.schedule) == (3, None, "")
    assert [row.terms["turnover_cap"] for row in goal.versions.order_by("version")] == ["0.2", "0.2", None]
    with pytest.raises(Conflict, match="at version 3, you saw 2"):
        update_goal(user=ann, goal_id=goal.pk, changes={"name": "x", "version": 2}, now=NOW, actor="ann")
    with pytest.raises(InvalidInput, match="stays with its portfolio"):
        update_goal(user=ann, goal_id=goal.pk, changes={"portfolio": str(portfolio.pk)}, now=NOW, actor="ann")


def test_a_goal_that_something_names_stays(ann: User, portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(using, "_users", {})
    goal = made(ann)
    using.register("rules", lambda goal_id: ['rule "Fridays"'] if goal_id == goal.pk else [])
    with pytest.raises(Conflict, match='still used by rule "Fridays"'):
        archive_goal(user=ann, goal_id=goal.pk, now=NOW, actor="ann")
    assert goal_of(ann, goal.pk).enabled
