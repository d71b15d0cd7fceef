"""The kill switch: nothing new is sent, what is open is cancelled, and it is verified."""

import json
import threading
import time
from datetime import timedelta
from decimal import Decimal as D
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from agent.models import AgentRun
from alerts.models import Alert
from brokers.models import PaperOrder
from common import clock
from common.errors import Conflict, InvalidInput, NotFound
from common.ids import new_id
from orders import killing
from orders.claiming import claim_next
from orders.killing import kill, resume
from orders.models import Order
from orders.placing import place, place_many
from orders.submitting import send, submit_many, submit_waiting
from safety import switch
from safety.models import Switch
from safety.switch import NotAllowed
from tests.orders.making import NOW, SYMBOLS, Desk, open_desk, open_market, quote
from tests.orders.remote import go_remote

pytestmark = pytest.mark.django_db


def killed(desk: Desk, **changes):
    scope = {"scope": "user", "scope_id": str(desk.user.pk), "user": desk.user}
    return kill(**{**scope, "reason": "test", "actor": "ada", "now": NOW, **changes})


def order_of(desk: Desk, **changes) -> Order:
    order = place(desk.intent(**changes), now=NOW)
    assert order.state == "queued"
    return order


def test_everything_open_is_cancelled(desk):
    queued = order_of(desk)
    resting = order_of(desk, symbol="MSFT", order_type="limit", limit_price=D(95))
    done = order_of(desk, symbol="NVDA")
    submit_many([resting.pk, done.pk], now=NOW)
    report = killed(desk)
    assert (report.cancelled, report.filled_meanwhile, report.still_open) == (2, 0, ())
    assert report.sentence == f"Verified in {report.verified_in_seconds:.1f} s: 2 cancelled, 0 filled meanwhile."
    states = {order.pk: order.state for order in Order.objects.all()}
    assert states == {queued.pk: "cancelled", resting.pk: "cancelled", done.pk: "filled"}
    assert not PaperOrder.objects.filter(closed_at=None).exists()
    alert = Alert.objects.get(kind="safety")
    assert (alert.severity, alert.body) == ("critical", report.sentence)


def test_nothing_new_is_placed_or_sent(desk):
    killed(desk)
    assert place(desk.intent(), now=NOW).reason_code == "KILL_SWITCH_ACTIVE"


def test_others_go_on(desk, other):
    theirs = order_of(other)
    killed(desk)
    submit_many([theirs.pk], now=NOW)
    theirs.refresh_from_db()
    assert theirs.state == "filled"


def a_run(desk):
    """A run of the agent that the gate trusts."""
    return AgentRun.objects.create(
        user=desk.user, portfolio=desk.portfolio, trigger="manual", mode="execute", provider="offline", created_at=NOW
    )


@pytest.mark.parametrize("scope", ["portfolio", "action", "agent"])
def test_a_narrow_scope_cancels_only_its_own(desk, scope):
    rule = new_id()
    source = {"source_kind": "agent_run", "source_id": str(a_run(desk).pk)} if scope == "agent" else {}
    inside = order_of(desk, action_id=rule, **source)
    scope_id = {"portfolio": str(desk.portfolio.pk), "action": str(rule), "agent": ""}[scope]
    outside = order_of(desk, symbol="MSFT", action_id=new_id())
    report = killed(desk, scope=scope, scope_id=scope_id)
    inside.refresh_from_db()
    outside.refresh_from_db()
    assert inside.state == "cancelled"
    assert outside.state == ("cancelled" if scope == "portfolio" else "queued")
    assert report.cancelled == (2 if scope == "portfolio" else 1)


def test_everything_is_for_administrators(desk):
    with pytest.raises(NotAllowed):
        killed(desk, scope="global", scope_id="")
    report = killed(desk, scope="global", scope_id="", user=None)
    assert report.still_open == ()


def test_what_is_not_yours_is_not_there(desk, other):
    with pytest.raises(NotFound):
        killed(desk, scope="portfolio", scope_id=str(other.portfolio.pk))
    with pytest.raises(NotFound):
        killed(desk, scope="user", scope_id=str(other.user.pk))


def test_what_a_dead_worker_claimed_is_resolved(desk):
    """The embedded broker takes nothing without a lease, so nobody waits for the dead worker's to end."""
    order = order_of(desk)
    claim = claim_next(now=NOW)
    report = killed(desk)
    order.refresh_from_db()
    assert (order.state, report.still_open) == ("not_accepted", ())
    assert report.verified_in_seconds < 10
    send(claim)  # it was only slow: too late
    order.refresh_from_db()
    assert order.state == "not_accepted"
    assert not PaperOrder.objects.exists()


def test_a_remote_submitter_is_waited_for(desk, monkeypatch):
    monkeypatch.setattr(killing, "WAIT", timedelta(seconds=0.1))
    exchange = go_remote(desk)
    order = order_of(desk)
    claim = claim_next(now=NOW)
    assert killed(desk).still_open == (order.pk,)
    send(claim)
    order.refresh_from_db()
    assert (order.state, exchange.posts) == ("blocked", [])


def test_an_unknown_order_is_looked_up_and_cancelled(desk):
    exchange = go_remote(desk)
    exchange.faults = ["timeout_after"]
    order = order_of(desk)
    submit_many([order.pk], now=NOW)
    report = killed(desk)
    order.refresh_from_db()
    assert (order.state, report.cancelled) == ("cancelled", 1)
    assert exchange.orders[order.client_order_id].status == "cancelled"


def test_filled_meanwhile_is_said(desk):
    exchange = go_remote(desk)
    order = order_of(desk)
    submit_many([order.pk], now=NOW)
    exchange.tell([exchange.fill(order.client_order_id, D(10), D(100), NOW)])
    report = killed(desk)
    assert (report.cancelled, report.filled_meanwhile) == (0, 1)


def test_a_broker_that_does_not_answer_is_said_and_not_hidden(desk, monkeypatch):
    monkeypatch.setattr(killing, "WAIT", timedelta(seconds=0.1))
    exchange = go_remote(desk)
    order = order_of(desk)
    submit_many([order.pk], now=NOW)
    exchange.down = True
    report = killed(desk)
    assert report.verified_in_seconds is None
    assert report.still_open == (order.pk,)
    assert report.sentence.startswith("NOT verified: 1 still open")


class TestResuming:
    def test_needs_the_word(self, desk):
        killed(desk)
        with pytest.raises(InvalidInput, match="type RESUME"):
            resume(scope="user", scope_id="", user=desk.user, word="resume", actor="ada", now=NOW)
        assert place(desk.intent(), now=NOW).state == "blocked"

    def test_trades_again(self, desk):
        killed(desk)
        resume(scope="user", scope_id="", user=desk.user, word="RESUME", actor="ada", now=NOW)
        assert place(desk.intent(), now=NOW).state == "queued"

    def test_needs_books_that_agree(self, desk):
        exchange = go_remote(desk)
        killed(desk)
        exchange.cash += 1
        with pytest.raises(Conflict, match="The cash balance is another"):
            resume(scope="user", scope_id="", user=desk.user, word="RESUME", actor="ada", now=NOW)
        exchange.down = True
        with pytest.raises(Conflict, match="could not be compared"):
            resume(scope="user", scope_id="", user=desk.user, word="RESUME", actor="ada", now=NOW)
        assert Switch.objects.get(scope="user", user=desk.user).killed


class TestCommands:
    def test_kill_everything_and_resume(self, desk):
        out = StringIO()
        call_command("kill", "--json", "--reason", "drill", stdout=out)
        report = json.loads(out.getvalue())
        assert (report["scope"], report["still_open"]) == ("global", [])
        assert place(desk.intent(), now=NOW).reason_code == "KILL_SWITCH_ACTIVE"
        with pytest.raises(CommandError, match="type RESUME"):
            call_command("resume", "please")
        call_command("resume", "RESUME", stdout=StringIO())
        assert place(desk.intent(), now=NOW).state == "queued"

    def test_kill_one_user(self, desk, other):
        out = StringIO()
        call_command("kill", "--scope", "user", "--user", "ada", stdout=out)
        assert out.getvalue().startswith("Verified in")
        assert place(other.intent(), now=NOW).state == "queued"

    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            (["--scope", "user"], "needs --user"),
            (["--scope", "user", "--user", "nobody"], "no user 'nobody'"),
            (["--scope", "portfolio", "--user", "ada"], "needs --id"),
            (["--scope", "portfolio", "--user", "ada", "--id", str(new_id())], "no portfolio"),
        ],
    )
    def test_what_is_missing_is_said(self, desk, arguments, text):
        with pytest.raises(CommandError, match=text):
            call_command("kill", *arguments)


@pytest.mark.django_db(transaction=True)
def test_no_order_is_accepted_after_the_kill_has_returned():
    """Three submitters and a placer at full speed; the switch is pulled at ten different moments."""
    open_market(day=clock.now().date())
    desk = open_desk("ada", cash="100000000", now=clock.now())
    for attempt in range(10):
        _storm(desk, pause=0.05 + 0.03 * attempt)
        resume(scope="user", scope_id="", user=desk.user, word="RESUME", actor="ada", now=clock.now())


def _storm(desk: Desk, *, pause: float) -> None:
    for symbol in SYMBOLS:
        quote(symbol, "100", at=clock.now())
    stop, errors = threading.Event(), []

    def run(work) -> None:
        try:
            while not stop.is_set():
                work()
        except Exception as error:  # noqa: BLE001 - a thread's failure must fail the test
            errors.append(error)
        finally:
            connection.close()

    def place_some() -> None:
        intents = [desk.intent(symbol=symbol, quantity=D(1)) for symbol in SYMBOLS * 3]
        resting = [desk.intent(symbol=s, order_type="limit", limit_price=D(95), quantity=D(1)) for s in SYMBOLS]
        place_many(portfolio_id=desk.portfolio.pk, intents=intents + resting, now=clock.now())

    def submit_some() -> None:
        claim = claim_next(now=clock.now())
        if claim:
            time.sleep(0.002)  # the window between claim and wire
            send(claim)

    threads = [
        threading.Thread(target=run, args=(work,)) for work in (place_some, submit_some, submit_some, submit_some)
    ]
    for thread in threads:
        thread.start()
    time.sleep(pause)
    report = killed(desk, now=clock.now())
    returned = clock.now()
    time.sleep(0.1)
    stop.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert report.still_open == ()
    assert not PaperOrder.objects.filter(accepted_at__gt=returned).exists()
    assert not PaperOrder.objects.filter(closed_at=None).exists()
    submit_waiting(now=clock.now(), limit=1000)
    assert not PaperOrder.objects.filter(accepted_at__gt=returned).exists()
    assert switch.view(user_id=desk.user.pk).killed == ("user",)
