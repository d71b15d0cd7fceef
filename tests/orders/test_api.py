"""The doors: orders, approvals, kill and resume; other users see nothing."""

from decimal import Decimal as D

import pytest
from rest_framework.test import APIClient

from accounts.jwt import new_pair
from accounts.tokens import create_token
from orders.models import Order
from orders.placing import place
from orders.submitting import submit_many
from safety.models import AuditEntry, SafetyEvent
from tests.orders import making
from tests.orders.making import NOW, Desk, open_desk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def stand_still(monkeypatch):
    monkeypatch.setattr("orders.api.now", lambda: NOW)


def client_of(desk: Desk) -> APIClient:
    client = APIClient()
    client.force_authenticate(desk.user)
    return client


@pytest.fixture
def api(desk) -> APIClient:
    return client_of(desk)


@pytest.fixture
def theirs(other) -> APIClient:
    return client_of(other)


BUY = {"symbol": "aapl", "side": "buy", "quantity": "10"}


def test_a_manual_order(api, desk):
    answer = api.post("/api/orders/", BUY)
    assert answer.status_code == 201, answer.data
    assert (answer.data["state"], answer.data["symbol"], answer.data["quantity"]) == ("queued", "AAPL", "10")
    assert answer.data["source_kind"] == "manual"
    assert {check["outcome"] for check in answer.data["verdict"]} <= {"pass", "skipped"}
    assert [t["to_state"] for t in answer.data["transitions"]] == ["queued"]
    assert Order.objects.get().portfolio == desk.portfolio


def test_the_same_key_is_the_same_order(api):
    first = api.post("/api/orders/", BUY, headers={"Idempotency-Key": "k1"})
    second = api.post("/api/orders/", BUY, headers={"Idempotency-Key": "k1"})
    assert first.data["id"] == second.data["id"]
    assert second.headers["Idempotent-Replayed"] == "true"
    assert api.post("/api/orders/", {**BUY, "quantity": "11"}, headers={"Idempotency-Key": "k1"}).status_code == 422
    assert Order.objects.count() == 1


def test_the_same_key_of_two_users_is_two_orders(api, theirs):
    for client in (api, theirs):
        assert client.post("/api/orders/", BUY, headers={"Idempotency-Key": "k1"}).status_code == 201
    assert Order.objects.count() == 2


def test_a_blocked_order_is_created_and_says_why(api):
    answer = api.post("/api/orders/", {**BUY, "quantity": "100000"})
    assert (answer.status_code, answer.data["state"]) == (201, "blocked")
    assert answer.data["reason"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"quantity": "-1"}, "quantity"),
        ({"notional": "5.00"}, "quantity"),
        ({"symbol": "NOSUCH"}, "symbol"),
        ({"side": "short"}, "side"),
        ({"limit_price": "5"}, "limit_price"),
        ({"quantitiy": "5"}, "quantitiy"),
    ],
)
def test_what_cannot_be_used_is_named(api, changes, field):
    answer = api.post("/api/orders/", {**BUY, **changes})
    assert answer.status_code == 400
    assert field in answer.data["errors"]
    assert not Order.objects.exists()


def test_listing_and_filtering(api, desk):
    for symbol in ("AAPL", "MSFT"):
        place(desk.intent(symbol=symbol), now=NOW)
    submit_many([Order.objects.get(instrument="AAPL").pk], now=NOW)
    assert api.get("/api/orders/").data["count"] == 2
    assert [o["symbol"] for o in api.get("/api/orders/?state=filled").data["results"]] == ["AAPL"]
    assert [o["symbol"] for o in api.get("/api/orders/?symbol=msft").data["results"]] == ["MSFT"]
    assert api.get(f"/api/orders/?portfolio={desk.portfolio.pk}&state=filled&state=queued").data["count"] == 2
    assert api.get("/api/orders/?colour=red").status_code == 400


def test_the_list_costs_the_same_however_long(api, desk, django_assert_max_num_queries):
    for symbol in making.SYMBOLS:
        place(desk.intent(symbol=symbol), now=NOW)
    with django_assert_max_num_queries(3):
        api.get("/api/orders/")


def test_one_order_with_its_fills(api, desk):
    order = place(desk.intent(), now=NOW)
    submit_many([order.pk], now=NOW)
    data = api.get(f"/api/orders/{order.pk}/").data
    assert (data["state"], data["average_price"]) == ("filled", "100.01")
    assert [(f["quantity"], f["price"]) for f in data["fills"]] == [("10", "100.01")]
    assert [t["to_state"] for t in data["transitions"]] == ["queued", "submitting", "filled"]


def test_cancel(api, desk):
    order = place(desk.intent(), now=NOW)
    assert api.post(f"/api/orders/{order.pk}/cancel/").data["state"] == "cancelled"
    submitted = place(desk.intent(), now=NOW)
    submit_many([submitted.pk], now=NOW)
    answer = api.post(f"/api/orders/{submitted.pk}/cancel/")
    assert (answer.status_code, answer.data["code"]) == (409, "conflict")


def test_other_users_see_and_touch_nothing(theirs, desk, other):
    order = place(desk.intent(), now=NOW)
    assert theirs.get("/api/orders/").data["count"] == 0
    assert theirs.get("/api/approvals/").data["count"] == 0
    for path in (f"orders/{order.pk}/cancel/", f"approvals/{order.pk}/approve/", f"approvals/{order.pk}/decline/"):
        assert theirs.post(f"/api/{path}").status_code == 404
    assert theirs.get(f"/api/orders/{order.pk}/").status_code == 404
    assert theirs.post("/api/orders/", {**BUY, "portfolio": str(desk.portfolio.pk)}).status_code == 404
    kill = {"scope": "portfolio", "scope_id": str(desk.portfolio.pk)}
    assert theirs.post("/api/safety/kill/", kill).status_code == 404
    assert theirs.post("/api/safety/kill/", {"scope": "user", "scope_id": str(desk.user.pk)}).status_code == 404
    assert Order.objects.get().state == "queued"


def test_strangers_are_turned_away(db):
    for path in ("orders/", "approvals/"):
        assert APIClient().get(f"/api/{path}").status_code == 401
    for path in ("orders/", "safety/kill/", "safety/resume/"):
        assert APIClient().post(f"/api/{path}").status_code == 401


class TestApprovals:
    @pytest.fixture
    def desk(self, market) -> Desk:
        return open_desk("ada", large_order_pct=D(1))

    @pytest.fixture
    def order(self, desk) -> Order:
        return place(desk.intent(quantity=D(50)), now=NOW)

    def test_listed_and_approved(self, api, order):
        assert [o["id"] for o in api.get("/api/approvals/").data["results"]] == [str(order.pk)]
        answer = api.post(f"/api/approvals/{order.pk}/approve/")
        assert (answer.data["state"], answer.data["approved_by"]) == ("queued", "ada")
        assert api.post(f"/api/approvals/{order.pk}/approve/").status_code == 409
        assert api.get("/api/approvals/").data["count"] == 0

    def test_declined(self, api, order):
        assert api.post(f"/api/approvals/{order.pk}/decline/").data["state"] == "declined"

    def test_one_with_what_changed_since(self, api, theirs, order):
        making.quote("AAPL", "100.5")
        data = api.get(f"/api/approvals/{order.pk}/").data
        assert (data["id"], data["state"], data["seconds_left"]) == (str(order.pk), "awaiting_approval", 900)
        price = data["changes"][0]
        assert (price["title"], price["before"], price["now"]) == ("Price", "$100", "$100.50 (+0.5 %)")
        assert [change["name"] for change in data["changes"] if change["changed"]] == ["price"]
        assert theirs.get(f"/api/approvals/{order.pk}/").status_code == 404
        api.post(f"/api/approvals/{order.pk}/decline/", {"note": "too much"})
        ended = api.get(f"/api/approvals/{order.pk}/").data
        assert (ended["changes"], ended["seconds_left"], ended["approval_note"]) == ([], 0, "too much")

    def test_a_price_that_moved_is_refused_with_both(self, api, order):
        making.quote("AAPL", "102")
        data = api.post(f"/api/approvals/{order.pk}/approve/").data
        assert (data["state"], data["reason_code"]) == ("blocked", "APPROVAL_STALE")
        assert "$100 when you were asked and is $102 now" in data["reason"]

    def test_who_decided_by_which_way(self, desk, order):
        _, secret = create_token(user=desk.user, name="phone", scopes=["approve"], now=NOW)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
        assert client.post(f"/api/approvals/{order.pk}/approve/").data["approved_by"] == "ada (token phone)"
        entry = AuditEntry.objects.get(kind="approval")
        assert (entry.actor, entry.source) == ("ada (token phone)", "token")

    def test_a_jwt_is_a_person(self, desk, order):
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {new_pair(desk.user).access}")
        assert client.post(f"/api/approvals/{order.pk}/decline/").status_code == 200
        assert AuditEntry.objects.get(kind="approval").source == "jwt"

    @pytest.mark.parametrize(("scopes", "status"), [(["read", "trade"], 403), (["approve"], 200)])
    def test_a_token_needs_the_scope(self, desk, order, scopes, status):
        _, secret = create_token(user=desk.user, name="script", scopes=scopes, now=NOW)
        answer = APIClient().post(f"/api/approvals/{order.pk}/approve/", headers={"Authorization": f"Token {secret}"})
        assert answer.status_code == status


class TestKill:
    def test_and_resume(self, api, desk):
        order = place(desk.intent(), now=NOW)
        answer = api.post("/api/safety/kill/", {"reason": "smoke"})
        assert answer.status_code == 200, answer.data
        assert (answer.data["scope"], answer.data["cancelled"], answer.data["still_open"]) == ("user", 1, [])
        assert answer.data["sentence"].startswith("Verified in")
        order.refresh_from_db()
        assert order.state == "cancelled"
        assert api.post("/api/orders/", BUY).data["reason_code"] == "KILL_SWITCH_ACTIVE"
        assert api.post("/api/safety/resume/", {"word": "ok"}).status_code == 400
        assert api.post("/api/safety/resume/", {"word": "RESUME"}).status_code == 200
        assert api.post("/api/orders/", BUY).data["state"] == "queued"

    def test_everything_needs_an_administrator(self, api, desk):
        assert api.post("/api/safety/kill/", {"scope": "global"}).status_code == 403
        desk.user.is_superuser = True
        desk.user.save()
        assert api.post("/api/safety/kill/", {"scope": "global"}).status_code == 200

    def test_the_report_is_kept(self, api, desk):
        place(desk.intent(), now=NOW)
        api.post("/api/safety/kill/", {"reason": "smoke"})
        report = SafetyEvent.objects.get(kind="kill_report")
        assert (report.user, report.actor) == (desk.user, "ada")
        assert report.note.endswith("1 cancelled, 0 filled meanwhile.")
        assert (report.after["cancelled"], report.after["still_open"]) == (1, [])
        assert AuditEntry.objects.get(kind="kill_report").data["note"] == report.note


class TestWhatIf:
    def test_the_answer(self, api, desk, theirs):
        place(desk.intent(), now=NOW)
        answer = api.post("/api/safety/what-if/", {"changes": {"max_order_notional_pct": "0.5"}})
        assert answer.status_code == 200, answer.data
        assert answer.data["counts"] == {"blocked": 1, "needs_approval": 0, "passes": 0}
        (row,) = answer.data["otherwise"]
        assert (row["order"]["symbol"], row["order"]["quantity"], row["present"]["outcome"]) == ("AAPL", "10", "pass")
        assert (row["changed"]["outcome"], row["changed"]["code"]) == ("deny", "MAX_ORDER_NOTIONAL")
        other = theirs.post("/api/safety/what-if/", {"changes": {"max_order_notional_pct": "0.5"}})
        assert other.data["judged"] == 0
        theirs_of_ours = {"changes": {}, "portfolio": str(desk.portfolio.pk)}
        assert theirs.post("/api/safety/what-if/", theirs_of_ours).status_code == 404
        assert api.post("/api/safety/what-if/", theirs_of_ours).data["otherwise"] == []

    @pytest.mark.parametrize("body", [{}, {"changes": []}, {"changes": {"max_daily_trade": 1}}, {"change": {}}])
    def test_what_cannot_be_used(self, api, body):
        assert api.post("/api/safety/what-if/", body).status_code == 400
