"""Tightening acts at once, loosening needs the password, and every field knows its direction."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from common.errors import Conflict, InvalidInput
from live.models import Event
from portfolios.models import Portfolio
from safety.limits import FIELDS
from safety.models import PolicyVersion, SafetyEvent, SafetyPolicy
from safety.policies import draft_policy, ensure_policy, policy_for, policy_row, update_policy
from safety.types import PolicyView
from tests.safety.conftest import PASSWORD
from tests.safety.making import NOW, D

# Each field: (the value it has, a tighter one, a looser one)
DIRECTIONS: dict[str, tuple[Any, Any, Any]] = {
    "paper_trading": (False, True, None),
    "max_daily_trades": (10, 9, 11),
    "max_position_pct": (D(10), "9.5", "10.1"),
    "max_order_notional_pct": (D(25), 24, 26),
    "max_gross_pct": (D(100), 50, 101),
    "max_open_orders": (20, 0, 21),
    "daily_turnover_pct": (D(100), 99, 101),
    "large_order_pct": (D(5), 4, 6),
    "large_order_amount": (D(1000), "999.99", "1000.01"),
    "daily_loss_reduce_pct": (D(2), 1, 3),
    "daily_loss_halt_pct": (D(4), 3, 5),
    "drawdown_halt_pct": (D(10), 9, 11),
    "price_collar_pct": (D(10), 9, 11),
    "price_jump_pct": (D(20), 19, 21),
    "approval_collar_pct": (D(1), "0.5", 2),
    "max_spread_pct": (D(2), 1, 3),
    "quote_max_age_seconds": (15, 14, 16),
    "buying_power_cushion_pct": (D(2), 3, 1),
    "duplicate_window_seconds": (60, 61, 59),
    "orders_per_minute": (10, 9, 11),
    "orders_per_minute_per_symbol": (3, 2, 4),
    "symbol_whitelist": (["AAPL", "MSFT"], ["aapl"], ["AAPL", "MSFT", "GME"]),
    "symbol_blacklist": (["GME"], ["AMC", "GME"], ["AMC"]),
    "extended_hours": (False, None, True),
    "failures_before_review": (3, 2, 4),
    "loop_round_trips": (3, 2, 4),
    "loop_window_minutes": (60, 61, 59),
    "wash_sale_lock": (False, True, None),
    "agent_daily_orders": (5, 4, 6),
    "agent_order_pct": (D(2), 1, "2.1"),
}


def update(user: User, password: str | None = None, **changes: Any) -> SafetyPolicy:
    return update_policy(user=user, changes=changes, password=password, actor="ann", now=NOW)


def test_every_limit_of_the_gate_can_be_set_and_knows_its_direction() -> None:
    in_gate = set(PolicyView.__dataclass_fields__) - {"version"}
    assert set(FIELDS) == in_gate == set(DIRECTIONS)


@pytest.mark.parametrize("name", list(DIRECTIONS))
def test_tighter_at_once_looser_with_the_password(ann: User, name: str) -> None:
    start, tighter, looser = DIRECTIONS[name]
    ensure_policy(ann)
    SafetyPolicy.objects.filter(user=ann).update(**{name: start})
    if looser is not None:
        with pytest.raises(InvalidInput) as refused:
            update(ann, **{name: looser})
        assert list(refused.value.errors) == ["current_password"]
        assert name in refused.value.errors["current_password"][0]
        assert ensure_policy(ann).version == 1
        assert update(ann, PASSWORD, **{name: looser}).version == 2
        assert SafetyEvent.objects.latest("id").note == f"Loosened: {name}."
    SafetyPolicy.objects.filter(user=ann).update(**{name: start})
    if tighter is not None:
        version = ensure_policy(ann).version
        row = update(ann, **{name: tighter})
        assert row.version == version + 1
        assert getattr(row, name) == FIELDS[name].read(tighter)
        assert SafetyEvent.objects.latest("id").note == "Tightened."


@pytest.mark.parametrize(
    ("name", "old", "new", "loosens"),
    [
        ("symbol_whitelist", [], ["AAPL"], False),
        ("symbol_whitelist", ["AAPL"], [], True),
        ("symbol_whitelist", ["AAPL"], ["MSFT"], True),
        ("symbol_blacklist", ["AAPL"], [], True),
        ("orders_per_minute", None, 10**6, False),
        ("orders_per_minute", 1, None, True),
        ("large_order_amount", D(1000), None, True),
        ("loop_round_trips", 3, 0, True),
        ("loop_round_trips", 0, 3, False),
        ("paper_trading", True, False, True),
    ],
)
def test_emptying_and_filling(ann: User, name: str, old: Any, new: Any, loosens: bool) -> None:
    ensure_policy(ann)
    SafetyPolicy.objects.filter(user=ann).update(**{name: old})
    if loosens:
        with pytest.raises(InvalidInput):
            update(ann, **{name: new})
    else:
        assert update(ann, **{name: new}).version == 2


def test_an_amount_is_compared_with_the_percentage_it_replaces(ann: User, portfolio: Portfolio) -> None:
    """5 % of $100,000 are $5,000."""
    with pytest.raises(InvalidInput):
        update(ann, large_order_threshold="5000.01")
    assert update(ann, large_order_threshold="5000").large_order_amount == 5000


def test_without_a_portfolio_an_amount_cannot_be_compared(ann: User) -> None:
    with pytest.raises(InvalidInput):
        update(ann, large_order_threshold="1")


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"max_position_pct": "ten"}, "max_position_pct", "'ten' is not a number"),
        ({"max_position_pct": "-1"}, "max_position_pct", "-1 is not a percentage"),
        ({"max_position_pct": "1000.1"}, "max_position_pct", "0 to 1000"),
        ({"max_position_pct": "1.00001"}, "max_position_pct", "4 decimal places"),
        ({"max_position_pct": "NaN"}, "max_position_pct", "not a finite number"),
        ({"max_position_pct": None}, "max_position_pct", "None is not a number"),
        ({"max_position_pct": True}, "max_position_pct", "True is not a number"),
        ({"max_daily_trades": "1.5"}, "max_daily_trades", "whole number"),
        ({"max_daily_trades": -1}, "max_daily_trades", "-1 is outside"),
        ({"failures_before_review": 0}, "failures_before_review", "0 is outside"),
        ({"large_order_threshold": "0.001"}, "large_order_threshold", "to the cent"),
        ({"large_order_threshold": 1, "large_order_amount": 1}, "large_order_amount", "same limit"),
        ({"paper_trading": "yes"}, "paper_trading", "neither true nor false"),
        ({"symbol_whitelist": "AAPL"}, "symbol_whitelist", "list of symbols"),
        ({"symbol_blacklist": ["A PL"]}, "symbol_blacklist", "'A PL' is not a symbol"),
        ({"max_positon_pct": 1}, "max_positon_pct", "Did you mean 'max_position_pct'?"),
        ({"daily_loss_reduce_pct": 5}, "daily_loss_reduce_pct", "must not be above"),
    ],
)
def test_what_cannot_be_used_is_said_per_field(ann: User, changes: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        update(ann, PASSWORD, **changes)
    assert says in refused.value.errors[field][0]
    assert ensure_policy(ann).version == 1


def test_nothing_changed_is_no_new_version(ann: User) -> None:
    assert update(ann, max_daily_trades=10, max_position_pct="10.00").version == 1
    assert not SafetyEvent.objects.exists()


def test_a_change_is_logged_and_announced(ann: User) -> None:
    update(ann, max_position_pct="5", symbol_whitelist=["msft", "AAPL"])
    event = SafetyEvent.objects.get()
    assert (event.user, event.kind, event.actor, event.at) == (ann, "policy", "ann", NOW)
    assert event.before == {"max_position_pct": "10", "symbol_whitelist": [], "version": 1}
    assert event.after == {"max_position_pct": "5", "symbol_whitelist": ["AAPL", "MSFT"], "version": 2}
    announced = Event.objects.get(user=ann, topic="safety", kind="policy")
    assert announced.payload["after"] == {"max_position_pct": "5", "symbol_whitelist": ["AAPL", "MSFT"]}


def test_a_portfolio_may_have_limits_of_its_own(ann: User, portfolio: Portfolio) -> None:
    update(ann, max_daily_trades=8)
    assert policy_for(portfolio).max_daily_trades == 8
    own = update_policy(user=ann, changes={"max_daily_trades": 3}, actor="ann", now=NOW, portfolio=portfolio)
    assert (own.portfolio, policy_for(portfolio).max_daily_trades) == (portfolio, 3)
    assert ensure_policy(ann).max_daily_trades == 8
    assert policy_row(ann).max_daily_trades == 8
    with pytest.raises(InvalidInput):
        update_policy(user=ann, changes={"max_daily_trades": 8}, actor="ann", now=NOW, portfolio=portfolio)


def test_reading_a_policy_is_one_query(ann: User, portfolio: Portfolio, django_assert_num_queries: Any) -> None:
    ensure_policy(ann)
    fresh = Portfolio.objects.get(pk=portfolio.pk)
    with django_assert_num_queries(1):
        view = policy_for(fresh)
    assert view.max_position_pct == 10
    assert view.symbol_whitelist == ()


def test_guessing_the_password_is_stopped(ann: User) -> None:
    for _ in range(5):
        with pytest.raises(InvalidInput, match="not your password"):
            update(ann, "wrong", max_daily_trades=99)
    with pytest.raises(Conflict, match="Wait 15 minutes"):
        update(ann, PASSWORD, max_daily_trades=99)
    assert ensure_policy(ann).max_daily_trades == 10
    later = NOW + timedelta(minutes=15)
    changed = update_policy(user=ann, changes={"max_daily_trades": 99}, password=PASSWORD, actor="ann", now=later)
    assert changed.max_daily_trades == Decimal(99)
    # Tightening never asks.
    assert update(ann, max_daily_trades=1).max_daily_trades == 1


def test_a_mixed_change_is_made_whole_or_not_at_all(ann: User) -> None:
    mixed = {"max_daily_trades": 3, "max_position_pct": "20"}
    with pytest.raises(InvalidInput) as refused:
        update(ann, **mixed)
    assert "max_position_pct from 10 to 20" in refused.value.errors["current_password"][0]
    assert "max_daily_trades" not in refused.value.errors["current_password"][0]
    assert ensure_policy(ann).max_daily_trades == 10
    row = update(ann, PASSWORD, **mixed)
    assert (row.max_daily_trades, row.max_position_pct, row.version) == (3, 20, 2)
    assert SafetyEvent.objects.latest("id").note == "Loosened: max_position_pct."


def test_a_portfolios_own_limits_looser_than_the_users_need_the_password(ann: User, portfolio: Portfolio) -> None:
    looser = {"user": ann, "changes": {"max_daily_trades": 11}, "actor": "ann", "now": NOW, "portfolio": portfolio}
    with pytest.raises(InvalidInput, match="max_daily_trades from 10 to 11"):
        update_policy(**looser)  # type: ignore[arg-type]
    assert update_policy(**looser, password=PASSWORD).portfolio == portfolio  # type: ignore[arg-type]
    assert ensure_policy(ann).max_daily_trades == 10


def test_every_version_is_kept_whole(ann: User, portfolio: Portfolio) -> None:
    update(ann, max_daily_trades=8)
    update(ann, max_position_pct="2.5", symbol_blacklist=["GME"])
    update_policy(user=ann, changes={"max_daily_trades": 3}, actor="ann", now=NOW, portfolio=portfolio)
    kept = PolicyVersion.objects.filter(user=ann, portfolio=None).order_by("version")
    assert [row.version for row in kept] == [1, 2, 3]
    assert all(set(row.limits) == set(FIELDS) for row in kept)
    assert [row.limits["max_daily_trades"] for row in kept] == [10, 8, 8]
    assert kept[2].limits["max_position_pct"] == "2.5"
    assert kept[2].limits["symbol_blacklist"] == ["GME"]
    own = PolicyVersion.objects.get(portfolio=portfolio)
    assert (own.version, own.limits["max_daily_trades"], own.limits["max_position_pct"]) == (4, 3, "2.5")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        PolicyVersion.objects.update(note="never happened")


def test_a_draft_says_what_would_be_and_changes_nothing(ann: User) -> None:
    draft = draft_policy(user=ann, changes={"max_daily_trades": 20, "max_gross_pct": 50}, now=NOW)
    assert (draft.present.max_daily_trades, draft.changed.max_daily_trades) == (10, 20)
    assert (draft.changed.max_gross_pct, draft.loosened) == (50, ("max_daily_trades",))
    assert ensure_policy(ann).version == 1
    assert not PolicyVersion.objects.exists()
    with pytest.raises(InvalidInput):
        draft_policy(user=ann, changes={"daily_loss_reduce_pct": 5}, now=NOW)
