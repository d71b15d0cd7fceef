"""The click: what is refused, what is kept, and that it counts once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.db import connection

from common.errors import Conflict
from orders.approvals import Via, approve, decline, questions
from orders.models import Order
from orders.placing import place
from orders.submitting import submit_many
from portfolios.models import Portfolio
from safety.models import AuditEntry, SafetyPolicy
from tests.orders.making import NOW, Desk, messages, open_desk, quote

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def desk(market) -> Desk:
    return open_desk("ada", large_order_pct=D(1))


def waiting(desk: Desk, **changes) -> Order:
    order = place(desk.intent(**{"quantity": D(50), **changes}), now=NOW)
    assert order.state == "awaiting_approval"
    return order


def click(desk: Desk, order: Order, **how) -> Order:
    return approve(user=desk.user, order_id=order.pk, actor="ada", **{"now": LATER, **how})


@pytest.mark.django_db
class TestTheCollar:
    @pytest.mark.parametrize(("price", "state"), [("101", "queued"), ("99", "queued"), ("101.01", "blocked")])
    def test_one_percent_unless_said_otherwise(self, desk, price, state):
        order = waiting(desk)
        quote("AAPL", price, at=LATER)
        assert click(desk, order).state == state

    def test_both_prices_are_said(self, desk):
        order = waiting(desk)
        quote("AAPL", "98.5", at=LATER)
        order = click(desk, order)
        assert (order.state, order.reason_code) == ("blocked", "APPROVAL_STALE")
        assert "The price was $100 when you were asked and is $98.50 now: 1.5 % away" in order.reason
        first = Order.objects.get().verdict[0]
        assert (first["check"], first["code"]) == ("approval", "APPROVAL_STALE")
        assert (first["values"]["price_then"], first["values"]["price_now"]) == ("100", "98.5")

    def test_the_policy_says_how_wide(self, desk):
        order = waiting(desk)
        SafetyPolicy.objects.update(approval_collar_pct=D(2))
        quote("AAPL", "101.9", at=LATER)
        assert click(desk, order).state == "queued"

    def test_it_is_measured_from_when_it_began_to_wait(self, desk):
        order = waiting(desk, decision_price=D(80))
        quote("AAPL", "100", at=LATER)
        assert click(desk, order).state == "queued"


@pytest.mark.django_db
class TestTheTerms:
    @pytest.mark.parametrize("column", ["quantity", "approval_hash", "asked"])
    def test_changed_while_it_waited(self, desk, column):
        order = waiting(desk)
        value = {"quantity": D(51), "approval_hash": "", "asked": {}}[column]
        Order.objects.filter(pk=order.pk).update(**{column: value})
        quote("AAPL", "100", at=LATER)
        order = click(desk, order)
        assert (order.state, order.reason_code) == ("blocked", "APPROVAL_MISMATCH")
        submit_many([order.pk], now=LATER)
        assert Order.objects.get().state == "blocked"

    def test_changed_after_the_click(self, desk):
        order = waiting(desk)
        quote("AAPL", "100", at=LATER)
        assert click(desk, order).state == "queued"
        Order.objects.filter(pk=order.pk).update(quantity=D(500))
        submit_many([order.pk], now=LATER)
        order.refresh_from_db()
        assert (order.state, order.reason_code) == ("blocked", "APPROVAL_MISMATCH")


@pytest.mark.django_db
def test_limits_used_up_meanwhile(desk):
    order = waiting(desk)
    quote("AAPL", "100", at=LATER)
    assert place(desk.intent(quantity=D(1)), now=LATER).state == "queued"
    SafetyPolicy.objects.update(max_daily_trades=1)
    order = click(desk, order)
    assert (order.state, order.reason_code) == ("blocked", "DAILY_TRADE_CAP")


@pytest.mark.django_db
def test_an_order_that_needs_approval_only_at_submission_waits_like_the_others(desk):
    order = place(desk.intent(quantity=D(9)), now=NOW)
    SafetyPolicy.objects.update(large_order_pct=D("0.5"), version=7)
    submit_many([order.pk], now=NOW)
    order.refresh_from_db()
    assert (order.state, order.policy_version, order.asked["policy_version"]) == ("awaiting_approval", 7, 7)
    assert click(desk, order, now=NOW).state == "queued"


@pytest.mark.django_db
class TestWhatIsKept:
    def test_of_an_approval(self, desk):
        order = waiting(desk)
        quote("AAPL", "100.5", at=LATER)
        order = click(desk, order, note="agreed by phone", via=Via.JWT)
        assert (order.approved_by, order.approval_note, order.policy_version) == ("ada", "agreed by phone", 1)
        steps = AuditEntry.objects.filter(subject=str(order.pk)).order_by("seq")
        assert [(entry.kind, entry.actor, entry.source) for entry in steps] == [
            ("order", "engine", f"action_execution:{order.source_id}"),
            ("order", "ada", f"action_execution:{order.source_id}"),
            ("approval", "ada", "jwt"),
        ]
        asked, moved, approval = (entry.data for entry in steps)
        assert (asked["to"], asked["quantity"], asked["approval_hash"]) == (
            "awaiting_approval",
            "50",
            order.approval_hash,
        )
        assert (moved["from"], moved["to"]) == ("awaiting_approval", "queued")
        assert approval == {
            "decision": "approve",
            "outcome": "queued",
            "reason_code": "",
            "note": "agreed by phone",
            "approval_hash": order.approval_hash,
            "price_then": "100",
            "price_now": "100.500000000",
        }

    def test_of_a_refusal(self, desk):
        order = decline(user=desk.user, order_id=waiting(desk).pk, now=LATER, actor="ada", note="too much")
        assert (order.reason, order.approval_note) == ("Declined by ada. too much", "too much")
        assert AuditEntry.objects.get(kind="approval").data["decision"] == "decline"

    def test_expired_is_refused_with_a_code(self, desk):
        with pytest.raises(Conflict) as refused:
            click(desk, waiting(desk), now=NOW + timedelta(minutes=15))
        assert refused.value.code == "approval_expired"


@pytest.mark.django_db
class TestQuestions:
    def test_what_changed_since(self, desk):
        order = waiting(desk)
        quote("AAPL", "100.5", at=LATER)
        place(desk.intent(quantity=D(3)), now=LATER)
        (question,) = questions([order], now=LATER)
        changed = {change.name: (change.before, change.now) for change in question.changes if change.changed}
        assert changed == {
            "price": ("$100", "$100.50 (+0.5 %)"),
            "open_orders": ("0 of at most 1000000", "1 of at most 1000000"),
            "trades": ("0 of at most 1000000", "1 of at most 1000000"),
            "turnover": ("$0.00", "$301.50"),
        }
        assert question.seconds_left == 600

    def test_nothing_changed(self, desk):
        (question,) = questions([waiting(desk)], now=NOW)
        assert [change for change in question.changes if change.changed] == []

    def test_an_order_that_does_not_wait_has_none(self, desk):
        order = decline(user=desk.user, order_id=waiting(desk).pk, now=NOW, actor="ada")
        (question,) = questions([order], now=NOW)
        assert (question.changes, question.seconds_left) == ([], 0)

    def test_many_orders_of_a_portfolio_cost_as_much_as_one(self, desk, django_assert_max_num_queries):
        orders = [waiting(desk, symbol=symbol) for symbol in ("AAPL", "MSFT", "NVDA")]
        with django_assert_max_num_queries(12):
            assert all(question.changes for question in questions(orders, now=NOW))


@pytest.mark.django_db(transaction=True)
def test_four_clicks_at_once_count_once(desk):
    order = waiting(desk)
    quote("AAPL", "100", at=LATER)

    def try_it(number: int) -> str:
        try:
            return click(desk, order, note=str(number)).state
        except Conflict:
            return "conflict"
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(try_it, range(4)))
    assert answers == ["conflict", "conflict", "conflict", "queued"]
    assert AuditEntry.objects.filter(kind="approval").count() == 1
    assert order.transitions.filter(to_state="queued").count() == 1
    assert [name for name, _ in messages()].count("orders.submit") >= 1
    submit_many([order.pk], now=LATER)
    assert Order.objects.get().state == "filled"
    assert Portfolio.objects.get().cash == D("94999.50")
