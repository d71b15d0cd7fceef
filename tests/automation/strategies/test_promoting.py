"""The ladder: evidence is shown before a strategy trades; against it only with a reason, which is kept."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from alerts.models import Alert
from automation.strategies.evidence import evidence_of
from automation.strategies.lifecycle import update_strategy
from automation.strategies.models import Strategy, StrategyVersion
from automation.strategies.promoting import EvidenceNeeded
from safety.models import SafetyEvent
from tests.automation.strategies.making import DAY, SOON, UP, carry_out, daily, judge, strategy, trading
from tests.orders.making import Desk

# After six rising bars: down, up, down, up: a change of the target at each.
TURNS = [60, 200, 50, 210, 40, 220]


def watched(desk: Desk, *, prices: tuple[str, ...] = ("100", "110", "100", "110", "100", "110")) -> Strategy:
    """Six days in monitor with a change of the target, and a shadow trade, at each."""
    daily("AAPL", UP)
    made = strategy(desk)
    for n, price in enumerate(prices):
        if n:
            daily("AAPL", [TURNS[n - 1]], last=date(2026, 11, 19) + n * DAY)
        judge(made, at=SOON + n * DAY)
        carry_out(at=SOON + n * DAY, AAPL=price)
    return made


END = SOON + 6 * DAY


def test_the_evidence_counts_what_was_seen_and_what_it_came_to(desk: Desk) -> None:
    found = evidence_of(watched(desk), now=END)
    assert (found.days_watched, found.runs, found.signals, found.trades, found.data_gaps) == (8, 6, 6, 6, 0)
    assert found.result == found.symbols[0].result
    # Bought 4 % at 100.01, sold at 109.99, three times; the spread and rounding taken off.
    assert Decimal(1190) < (found.result or 0) < Decimal(1200)
    assert found.enough and found.real is None


def test_a_strategy_that_has_shown_enough_is_promoted(desk: Desk) -> None:
    made = watched(desk)
    update_strategy(user=desk.user, strategy_id=made.pk, changes={"mode": "alert"}, now=END, actor="ada")
    edited = update_strategy(user=desk.user, strategy_id=made.pk, changes={"mode": "auto_trade"}, now=END, actor="ada")
    assert edited.mode == "auto_trade"
    assert set(edited.symbols.values_list("applied", flat=True)) == {None}  # its shadow's position is not its own


@pytest.mark.parametrize(
    ("prices", "code"),
    [(("100",), "FEW_TRADES"), (("110", "100", "110", "100", "110", "100"), "NEGATIVE_RESULT")],
)
def test_thin_evidence_is_shown_and_refused(desk: Desk, prices: tuple[str, ...], code: str) -> None:
    made = watched(desk, prices=prices)
    client = APIClient()
    client.force_authenticate(desk.user)
    with pytest.raises(EvidenceNeeded) as refused:
        update_strategy(user=desk.user, strategy_id=made.pk, changes={"mode": "auto_trade"}, now=END, actor="ada")
    assert code in {lack.code for lack in refused.value.evidence.lacks}
    answer = client.post(f"/api/strategies/{made.id}/promote/", {"mode": "auto_trade"}, format="json")
    assert answer.status_code == 409
    assert (answer.data["code"], answer.data["evidence"]["trades"]) == ("evidence_needed", len(prices))


def test_an_override_is_logged_told_and_kept(desk: Desk) -> None:
    made = strategy(desk)
    changes = {"mode": "auto_trade", "override": "I have traded this for years"}
    update_strategy(user=desk.user, strategy_id=made.pk, changes=changes, now=END, actor="ada")
    event = SafetyEvent.objects.get(user=desk.user, kind="promotion_override")
    assert (event.note, event.after["strategy"]) == ("I have traded this for years", str(made.id))
    assert Alert.objects.get(user=desk.user, kind="safety").title.startswith("Trades on its own now, against the ev")
    assert StrategyVersion.objects.get(strategy=made, version=2).changes["override"][1] == event.note


def test_one_that_is_to_trade_at_once_needs_a_reason(desk: Desk) -> None:
    with pytest.raises(EvidenceNeeded):
        strategy(desk, mode="auto_trade")
    assert not Strategy.objects.exists()
    assert trading(desk).mode == "auto_trade"
    assert SafetyEvent.objects.filter(kind="promotion_override").count() == 1


def test_an_automatic_one_that_becomes_another_is_judged_anew(desk: Desk) -> None:
    made = trading(desk)
    changes = {"params": {"lookback": 7}}
    with pytest.raises(EvidenceNeeded):
        update_strategy(user=desk.user, strategy_id=made.pk, changes=changes, now=END, actor="ada")
    reason = {"mode": "auto_trade", "override": "only a little slower than before"}
    edited = update_strategy(user=desk.user, strategy_id=made.pk, changes={**changes, **reason}, now=END, actor="ada")
    assert (edited.epoch, edited.params["lookback"]) == (2, 7)


def test_unknown_symbols_missed_bars_and_trades_without_a_price_are_gaps(desk: Desk) -> None:
    daily("AAPL", UP)
    made = strategy(desk)
    judge(made)
    carry_out(at=SOON + timedelta(minutes=20))  # no price came in time
    judge(made, at=SOON + 3 * DAY + timedelta(minutes=20))  # two bars nobody judged, and none of the third
    found = evidence_of(made, now=END)
    assert (found.untraded, found.unknown, found.trades) == (1, 1, 0)
    assert found.data_gaps >= 2
    assert "DATA_GAPS" in {lack.code for lack in found.lacks}
