"""Suggestions against what the price did, by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.configuring import change_config
from agent.models import AgentRun, Suggestion, SuggestionScore
from agent.scorecard import EvidenceNeeded, scorecard
from agent.scoring import score_due
from alerts.models import Alert
from common.errors import InvalidInput
from markets.models import Bar
from safety.models import SafetyEvent
from tests.agent.world import Place, settle
from tests.orders.making import D

pytestmark = pytest.mark.django_db
MADE = datetime(2026, 11, 2, 16, tzinfo=UTC)  # a Monday, during the session
MANY = 20


@pytest.fixture
def place(at: datetime) -> Place:
    found = settle("ada", at)
    for symbol, first in (("AAPL", 100), ("SPY", 500)):
        Bar.objects.bulk_create(
            Bar(
                instrument_id=symbol,
                timeframe="1d",
                at=datetime(2026, 11, 2, tzinfo=UTC) + timedelta(days=day),
                open=first,
                high=first + day,
                low=first,
                close=first + day,
                volume=1,
                source="test",
            )
            for day in range(30)
        )
    return found


def suggest(place: Place, **changes: Any) -> Suggestion:
    run = AgentRun.objects.create(
        user=place.desk.user, portfolio=place.desk.portfolio, trigger="manual", mode="suggest", provider="offline",
        created_at=MADE,
    )  # fmt: skip
    values = {
        "symbol": "AAPL", "side": "buy", "notional": D(100), "rationale": "x", "confidence": D("0.9"),
        "price": D(100), "benchmark_price": D(500), "expires_at": MADE, "created_at": MADE,
    }  # fmt: skip
    return Suggestion.objects.create(run=run, user=run.user, portfolio=run.portfolio, **{**values, **changes})


def scores(suggestion: Suggestion) -> list[tuple[int, str, str]]:
    rows = SuggestionScore.objects.filter(suggestion=suggestion).order_by("sessions")
    return [(row.sessions, str(row.return_percent), str(row.benchmark_percent)) for row in rows]


def test_a_purchase_is_scored_as_its_closes_come(place: Place) -> None:
    bought = suggest(place)
    assert score_due(MADE + timedelta(hours=13)) == 0, "the day after has not closed"
    assert score_due(MADE + timedelta(days=2)) == 1
    assert score_due(MADE + timedelta(days=2)) == 0, "once"
    assert scores(bought) == [(1, "1.0000", "0.2000")]
    assert score_due(MADE + timedelta(days=25)) == 2
    assert scores(bought) == [(1, "1.0000", "0.2000"), (5, "5.0000", "1.0000"), (20, "20.0000", "4.0000")]
    bought.refresh_from_db()
    assert (bought.return_percent, bought.scored_at) == (D(20), MADE + timedelta(days=25))


def test_a_sale_that_was_followed_by_a_rise_has_lost(place: Place) -> None:
    sold = suggest(place, side="sell")
    score_due(MADE + timedelta(days=7))
    assert scores(sold) == [(1, "-1.0000", "-0.2000"), (5, "-5.0000", "-1.0000")]


def test_what_has_no_price_or_no_bars_is_not_waited_for_for_ever(place: Place) -> None:
    unpriced, barless = suggest(place, price=None), suggest(place, symbol="NVDA")
    score_due(MADE + timedelta(days=61))
    for one in (unpriced, barless):
        one.refresh_from_db()
        assert one.scored_at is not None
    assert not SuggestionScore.objects.exists()


def test_the_scorecard_by_horizon_and_confidence(place: Place) -> None:
    for side, confidence in (("buy", "0.95"), ("buy", "0.95"), ("sell", "0.5")):
        suggest(place, side=side, confidence=D(confidence))
    score_due(MADE + timedelta(days=7))
    card = scorecard(place.desk.user)
    after_five = next(one for one in card["horizons"] if one["sessions"] == 5)
    assert (after_five["count"], after_five["hit_rate"], after_five["mean_return"]) == (3, "66.67", "1.67")
    assert (after_five["mean_benchmark"], after_five["excess"]) == ("0.33", "1.33")
    counts = [(one["from"], one["count"], one["hit_rate"]) for one in after_five["by_confidence"]]
    assert counts == [("0", 1, "0.00"), ("0.6", 0, None), ("0.8", 0, None), ("0.9", 2, "100.00")]
    assert card["lacks"] == ["3 suggestions have been scored after 5 sessions, 20 are needed."]


def test_the_mode_is_raised_on_evidence(place: Place, at: datetime) -> None:
    for _ in range(MANY):
        suggest(place)
    score_due(MADE + timedelta(days=7))
    assert change_config(user=place.desk.user, changes={"mode": "execute"}, now=at).mode == "execute"
    assert not SafetyEvent.objects.exists()


def test_against_the_evidence_it_takes_a_reason_that_is_kept(place: Place, at: datetime) -> None:
    user = place.desk.user
    with pytest.raises(EvidenceNeeded) as thin:
        change_config(user=user, changes={"mode": "execute"}, now=at)
    assert thin.value.extra["evidence"]["enough"] is False
    for bad in ("short", 5, "x" * 400):
        with pytest.raises(InvalidInput, match="override"):
            change_config(user=user, changes={"mode": "execute", "override": bad}, now=at)
    raised = change_config(user=user, changes={"mode": "execute", "override": "a paper account, to see"}, now=at)
    assert raised.mode == "execute"
    event = SafetyEvent.objects.get(kind="agent_execute_override")
    assert (event.note, event.before) == ("a paper account, to see", {"mode": "report"})
    assert Alert.objects.filter(title__contains="against the evidence").count() == 1
    assert change_config(user=user, changes={"mode": "execute", "min_confidence": "0.9"}, now=at).min_confidence == D(
        "0.9"
    )
    with pytest.raises(InvalidInput, match="leave it out"):
        change_config(user=user, changes={"mode": "suggest", "override": "a paper account"}, now=at)


def test_losing_suggestions_are_no_evidence(place: Place, at: datetime) -> None:
    for _ in range(MANY):
        suggest(place, side="sell")
    score_due(MADE + timedelta(days=7))
    with pytest.raises(EvidenceNeeded, match="more than half should have"):
        change_config(user=place.desk.user, changes={"mode": "execute"}, now=at)
