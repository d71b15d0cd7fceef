"""Last month's orders under other limits."""

from datetime import timedelta
from decimal import Decimal as D

import pytest

from common.errors import InvalidInput
from orders import what_if as module
from orders.models import Order
from orders.placing import place
from orders.submitting import submit_many
from orders.what_if import what_if
from portfolios.opening import open_portfolio
from safety.models import SafetyPolicy
from safety.policies import update_policy
from tests.orders.making import NOW, Desk, open_desk, quote

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(market) -> Desk:
    return open_desk("ada", large_order_pct=D(5))


def ask(desk: Desk, portfolio=None, **changes):
    return what_if(user=desk.user, changes=changes, now=NOW + timedelta(days=1), portfolio=portfolio)


def said(answer) -> list[tuple[str, str, str]]:
    return [
        (str(each.order.quantity.normalize()), each.present.outcome, each.changed.outcome) for each in answer.otherwise
    ]


def test_what_the_changed_limits_would_have_blocked_and_asked_about(desk):
    small, large = place(desk.intent(quantity=D(3)), now=NOW), place(desk.intent(quantity=D(20)), now=NOW)
    submit_many([small.pk, large.pk], now=NOW)
    answer = ask(desk, large_order_pct=1, max_order_notional_pct="0.2")
    assert said(answer) == [("2E+1", "pass", "deny"), ("3", "pass", "deny")]
    assert answer.counts == {"blocked": 2, "needs_approval": 0, "passes": 0}
    assert answer.otherwise[0].changed.code == "MAX_ORDER_NOTIONAL"
    asked = ask(desk, large_order_pct=1)
    assert (said(asked), asked.counts["needs_approval"]) == ([("2E+1", "pass", "needs_approval")], 1)
    assert asked.judged == 2


def test_the_other_way_round(desk):
    SafetyPolicy.objects.update(max_order_notional_pct=D(1))
    place(desk.intent(quantity=D(20)), now=NOW)
    waiting = place(desk.intent(quantity=D(60)), now=NOW)
    assert waiting.state == "blocked"
    answer = ask(desk, max_order_notional_pct=25, large_order_pct=5)
    assert said(answer) == [("6E+1", "deny", "needs_approval"), ("2E+1", "deny", "pass")]
    assert answer.counts == {"blocked": 0, "needs_approval": 1, "passes": 1}
    assert answer.loosened == ("max_order_notional_pct",)


def test_an_order_a_person_approved_is_asked_about_again(desk):
    order = place(desk.intent(quantity=D(60)), now=NOW)
    Order.objects.filter(pk=order.pk).update(approved_by="ada")
    assert said(ask(desk, large_order_pct=10)) == [("6E+1", "needs_approval", "pass")]


def test_each_is_judged_by_what_was_true_then(desk):
    """The third order of the day saw two before it, and the price was another one."""
    for _ in range(3):
        place(desk.intent(quantity=D(1)), now=NOW)
    quote("AAPL", "500", at=NOW + timedelta(hours=1))
    answer = ask(desk, max_daily_trades=2)
    assert said(answer) == [("1", "pass", "deny")]
    assert ask(desk, max_order_notional_pct="0.2").counts["blocked"] == 0


def test_nothing_changes(desk):
    place(desk.intent(), now=NOW)
    answer = ask(desk, max_daily_trades=1_000_000)
    assert (answer.judged, answer.otherwise, answer.loosened) == (1, [], ())
    assert SafetyPolicy.objects.get().version == 1


def test_what_cannot_be_judged_says_why(desk):
    place(desk.intent(quantity=D(1)), now=NOW)
    old = place(desk.intent(quantity=D(2)), now=NOW)
    Order.objects.filter(pk=old.pk).update(facts={})
    answer = ask(desk, max_daily_trades=0)
    assert (answer.judged, answer.unjudged_count) == (1, 1)
    assert [(each.order.pk, each.why) for each in answer.unjudged] == [(old.pk, module.NO_FACTS)]
    assert {each.why for each in ask(desk, duplicate_window_seconds=600).unjudged} == {
        module.NO_FACTS,
        module.SHORT_MEMORY,
    }


def test_only_last_month_and_only_ones_own(desk, other):
    place(other.intent(), now=NOW)
    place(desk.intent(), now=NOW)
    assert ask(desk, max_daily_trades=0).counts["blocked"] == 1
    Order.objects.update(created_at=NOW - timedelta(days=40))
    assert ask(desk, max_daily_trades=0).judged == 0


def test_a_portfolio_with_limits_of_its_own_is_asked_for_by_itself(desk):
    place(desk.intent(), now=NOW)
    update_policy(user=desk.user, changes={"max_gross_pct": 50}, actor="ada", now=NOW, portfolio=desk.portfolio)
    assert ask(desk, max_daily_trades=0).judged == 0
    assert ask(desk, desk.portfolio, max_daily_trades=0).counts["blocked"] == 1
    another = open_portfolio(user=desk.user, name="Second", cash=D(5), now=NOW)
    assert ask(desk, another, max_daily_trades=0).judged == 0


def test_bounded_and_in_a_fixed_number_of_queries(desk, monkeypatch, django_assert_num_queries):
    for _ in range(6):
        place(desk.intent(quantity=D(1)), now=NOW)
    monkeypatch.setattr(module, "MOST_ORDERS", 4)
    monkeypatch.setattr(module, "MOST_LISTED", 3)
    with django_assert_num_queries(3):
        answer = ask(desk, max_daily_trades=0)
    assert (answer.judged, answer.truncated, len(answer.otherwise), answer.counts["blocked"]) == (4, True, 3, 4)


def test_what_cannot_be_used_is_named(desk):
    with pytest.raises(InvalidInput, match="Did you mean 'max_daily_trades'"):
        ask(desk, max_daily_trade=1)
