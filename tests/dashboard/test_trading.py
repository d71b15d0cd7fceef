"""Orders and the portfolio."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.test import Client

from common.clock import now
from orders.models import Order
from orders.placing import place
from portfolios.ledger import open_position
from portfolios.models import EquityPoint
from safety.models import SafetyPolicy
from tests.orders.making import Desk, quote


def test_orders_say_why(site: Client, desk: Desk) -> None:
    SafetyPolicy.objects.filter(user=desk.user).update(max_order_notional_pct=Decimal(1))
    blocked = place(desk.intent(quantity=Decimal(100)), now=now())
    page = site.get("/orders/").content.decode()
    assert "Blocked by the safety gate" in page
    assert blocked.reason
    detail = site.get(f"/orders/{blocked.pk}/").content.decode()
    assert "MAX_ORDER_NOTIONAL" in detail
    assert "No kill switch is on" in detail, "what passed is listed, too"


def test_filters(site: Client, desk: Desk) -> None:
    waiting = place(desk.intent(), now=now())
    other = place(desk.intent(symbol="MSFT"), now=now())
    site.post(f"/orders/{other.pk}/cancel/")

    def found(**query: str) -> set[object]:
        return {order.pk for order in site.get("/orders/", query).context["rows"]}

    assert found() == {waiting.pk, other.pk}
    assert found(state="open") == {waiting.pk}
    assert found(state="cancelled") == {other.pk}
    assert found(symbol="aapl") == {waiting.pk}


def test_cancel_an_order(site: Client, desk: Desk) -> None:
    order = place(desk.intent(), now=now())
    answer = site.post(f"/orders/{order.pk}/cancel/", follow=True)
    assert "The order was cancelled" in answer.content.decode()
    order.refresh_from_db()
    assert order.state == "cancelled"
    again = site.post(f"/orders/{order.pk}/cancel/", follow=True)
    assert again.status_code == 200


def test_approve_and_decline(site: Client, desk: Desk) -> None:
    SafetyPolicy.objects.filter(user=desk.user).update(large_order_pct=Decimal("0.5"))
    first, second = place(desk.intent(), now=now()), place(desk.intent(symbol="MSFT"), now=now())
    assert first.state == "awaiting_approval"
    site.post(f"/orders/{first.pk}/approve/")
    site.post(f"/orders/{second.pk}/decline/")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("queued", "declined")
    answer = site.post(f"/orders/{second.pk}/approve/", follow=True)
    assert answer.status_code == 200
    second.refresh_from_db()
    assert second.state == "declined"


def test_what_waits_is_shown_with_what_changed_since(site: Client, desk: Desk) -> None:
    SafetyPolicy.objects.filter(user=desk.user).update(large_order_pct=Decimal("0.5"))
    order = place(desk.intent(), now=now())
    quote("AAPL", "100.5", at=now())
    for path in ("/orders/", f"/orders/{order.pk}/"):
        page = site.get(path).content.decode()
        assert "Approve? Buy 10" in page
        assert "$100.50 (+0.5 %)" in page
        assert 'data-left="8' in page  # 15 minutes at first
        assert "above $500.00" in page
    site.post(f"/orders/{order.pk}/decline/", {"note": "too much"})
    assert "Approve?" not in site.get("/orders/").content.decode()
    detail = site.get(f"/orders/{order.pk}/").content.decode()
    assert "Declined by ada. too much" in detail


def test_an_approval_that_came_too_late_says_so(site: Client, desk: Desk) -> None:
    SafetyPolicy.objects.filter(user=desk.user).update(large_order_pct=Decimal("0.5"))
    order = place(desk.intent(), now=now())
    Order.objects.filter(pk=order.pk).update(expires_at=now() - timedelta(seconds=1))
    page = site.get("/orders/").content.decode()
    assert "Its time is over" in page
    answer = site.post(f"/orders/{order.pk}/approve/", follow=True)
    assert "The approval was possible until" in answer.content.decode()


def test_an_approval_the_price_ran_away_from_says_both_prices(site: Client, desk: Desk) -> None:
    SafetyPolicy.objects.filter(user=desk.user).update(large_order_pct=Decimal("0.5"))
    order = place(desk.intent(), now=now())
    quote("AAPL", "103", at=now())
    answer = site.post(f"/orders/{order.pk}/approve/", {"note": "yes"}, follow=True)
    assert "Not sent. The price was $100 when you were asked and is $103 now" in answer.content.decode()


def test_at_most_ten_waiting_orders_are_shown_in_full(site: Client, desk: Desk) -> None:
    SafetyPolicy.objects.filter(user=desk.user).update(large_order_pct=Decimal(0))
    for number in range(12):
        place(desk.intent(quantity=Decimal(number + 1)), now=now())
    page = site.get("/orders/").content.decode()
    assert page.count("Approve? Buy") == 10
    assert "2 more wait" in page


def test_the_portfolio_adds_up(site: Client, desk: Desk) -> None:
    moment = now()
    for symbol, price in (("AAPL", "80"), ("MSFT", "125")):
        open_position(
            portfolio=desk.portfolio, symbol=symbol, quantity=Decimal(10), price=Decimal(price), at=moment, now=moment
        )
    answer = site.get("/portfolio/")
    assert answer.context["valuation"].equity == Decimal("102000.00")
    rows = {row.symbol: row for row in answer.context["holdings"]}
    assert (rows["AAPL"].gain, rows["AAPL"].gain_percent) == (Decimal("200.00"), Decimal(25))
    assert rows["MSFT"].gain == Decimal("-250.00")
    assert answer.context["open_gain"] == Decimal("-50.00")
    page = answer.content.decode()
    assert "−$250.00" in page


def test_a_holding_without_a_price_makes_equity_unknown(site: Client, desk: Desk) -> None:
    moment = now()
    open_position(portfolio=desk.portfolio, symbol="AAPL", quantity=Decimal(1), price=Decimal(9), at=moment, now=moment)
    desk.portfolio.holdings.get().instrument.quote.delete()
    page = site.get("/").content.decode()
    assert "no price for AAPL" in page


def test_the_curve_is_thinned_and_ends_with_the_newest(site: Client, desk: Desk) -> None:
    moment = now()
    EquityPoint.objects.bulk_create(
        EquityPoint(portfolio=desk.portfolio, at=moment - timedelta(minutes=n), equity=Decimal(n), cash=Decimal(0))
        for n in range(1, 1201)
    )
    points = site.get("/").context["curve"]["points"]
    assert len(points) == 400
    assert points[-1]["value"] == 1.0
    assert [point["time"] for point in points] == sorted(point["time"] for point in points)


def test_the_portfolio_can_be_chosen(site: Client, desk: Desk) -> None:
    assert site.get("/", {"portfolio": str(desk.portfolio.pk)}).status_code == 200
    assert site.get("/", {"portfolio": "none of these"}).status_code == 404
