"""What a person writes becomes a rule, or an error that names each field, its value and the fix."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from automation import lifecycle
from automation.models import Action, ActionVersion
from automation.triggers.registry import TRIGGERS
from common.errors import InvalidInput
from markets.models import Instrument
from portfolios.models import Portfolio
from portfolios.opening import open_portfolio
from tests.automation.making import D, hold, rule, telling, written
from tests.orders.making import NOW
from watches.models import Timer, Watch

pytestmark = pytest.mark.django_db


def refused(desk, **changes: Any) -> dict[str, str]:
    """The errors of a rule that must not be made; nothing of it may be left."""
    with pytest.raises(InvalidInput) as caught:
        lifecycle.create_action(user=desk.user, data=written(**changes), now=NOW, actor="ada")
    assert not Action.objects.exists()
    assert not ActionVersion.objects.exists() and not Watch.objects.exists() and not Timer.objects.exists()
    return {field: " ".join(messages) for field, messages in caught.value.errors.items()}


# --- how much
@pytest.mark.parametrize(
    ("side", "size", "value"),
    [("BUY", "quantity", "0.000000001"), ("BUY", "amount_usd", "1500.25"), ("BUY", "percent_of_equity", "5"),
     ("SELL", "quantity", "100"), ("SELL", "amount_usd", "50"), ("SELL", "percent_of_position", "33.3333")],
)  # fmt: skip
def test_each_size_is_kept_as_it_was_written(desk, side, size, value):
    hold(desk)
    action = rule(desk, action_type=side, **{size: value})
    action.refresh_from_db()
    assert getattr(action, size) == D(value)


def test_two_sizes_are_one_too_many(desk):
    found = refused(desk, quantity="10", amount_usd="500")
    assert found == {"amount_usd": "'500' is a second size beside quantity: give exactly one size"}


def test_a_trade_needs_a_size(desk):
    assert "exactly one of quantity, amount_usd" in refused(desk, quantity=None)["quantity"]


@pytest.mark.parametrize("size", ["quantity", "amount_usd", "percent_of_equity"])
@pytest.mark.parametrize("value", ["-1", "0", 0, -5, "NaN", "Infinity", "ten", True, [10], {"n": 1}, "1e15", "1e-10"])
def test_a_size_that_is_no_positive_number_is_refused_with_its_value(desk, size, value):
    found = refused(desk, **{"quantity": None, size: value})
    assert list(found) == [size]
    assert str(value) in found[size]


def test_sizes_that_do_not_fit_what_is_done(desk):
    assert "use percent_of_equity" in refused(desk, percent_of_position="50")["percent_of_position"]
    hold(desk)
    assert "use percent_of_position" in refused(desk, action_type="SELL", percent_of_equity="5")["percent_of_equity"]
    assert "at most 100" in refused(desk, percent_of_equity="100.1")["percent_of_equity"]
    assert "4 decimal places" in refused(desk, percent_of_equity="0.00001")["percent_of_equity"]
    assert "parts of a cent" in refused(desk, amount_usd="10.005")["amount_usd"]


def test_an_instrument_in_whole_shares_takes_whole_shares(desk):
    Instrument.objects.filter(symbol="AAPL").update(fractionable=False)
    assert "'1.5' is not whole" in refused(desk, quantity="1.5")["quantity"]


def test_selling_more_than_is_held_is_refused_with_what_is_held(desk):
    assert "holds no AAPL" in refused(desk, action_type="SELL", quantity="1")["quantity"]
    hold(desk, quantity="10")
    assert "holds 10 AAPL" in refused(desk, action_type="SELL", quantity="10.5")["quantity"]
    assert rule(desk, action_type="SELL", quantity="10")


def test_a_rule_that_tells_has_neither_size_nor_order(desk):
    assert "does not go with NOTIFY" in refused(desk, action_type="NOTIFY", quantity="10")["quantity"]
    found = refused(desk, action_type="NOTIFY", order_type="limit", limit_price="90")
    assert "does not go with NOTIFY" in found["limit_price"]


def test_a_message_goes_with_a_rule_that_tells(desk):
    assert "use notes" in refused(desk, message="hello")["message"]


# --- who and what
def test_an_unknown_symbol_names_a_near_one(desk):
    assert "did you mean AAPL?" in refused(desk, symbol="AAPPL")["symbol"]
    assert "is not a known symbol" in refused(desk, symbol="ZZZZZZ")["symbol"]
    for value in (5, True, ["AAPL"], {"s": "AAPL"}, "A\x00", "\ud800", "x" * 10_000):
        assert list(refused(desk, symbol=value)) == ["symbol"]


def test_a_symbol_is_required_for_trades_and_prices(desk):
    assert "is required for BUY" in refused(desk, symbol=None)["symbol"]
    assert "is required for price_below" in refused(desk, symbol="  ", action_type="NOTIFY")["symbol"]
    clock = {"trigger_type": "time_of_day", "trigger_params": {"time": "15:55"}}
    assert rule(desk, symbol=None, action_type="NOTIFY", **clock).instrument_id is None


def test_symbols_are_read_in_any_case(desk):
    assert rule(desk, symbol=" aapl ").instrument_id == "AAPL"


def test_a_symbol_that_is_no_longer_traded_is_refused(desk):
    Instrument.objects.filter(symbol="AAPL").update(active=False)
    assert "no longer traded" in refused(desk)["symbol"]


def test_somebody_elses_portfolio_is_unknown(desk, other):
    for value in (str(other.portfolio.id), "not-an-id", 5, True, [str(desk.portfolio.id)], {"id": 1}, "\x00"):
        assert "not one of your portfolios" in refused(desk, portfolio=value)["portfolio"]


def test_the_primary_portfolio_is_the_default_and_another_may_be_named(desk):
    second = open_portfolio(user=desk.user, name="Second", cash=D(1), now=NOW, primary=False)
    assert rule(desk).portfolio_id == desk.portfolio.id
    assert rule(desk, portfolio=str(second.id)).portfolio_id == second.id
    assert rule(desk, portfolio=second.id).portfolio_id == second.id
    Portfolio.objects.filter(id=desk.portfolio.id).update(primary=False)
    with pytest.raises(InvalidInput, match="you have no primary portfolio"):
        rule(desk)


@pytest.mark.parametrize(
    ("field", "value", "hint"),
    [("action_type", "BYU", "did you mean BUY?"), ("action_type", None, "is required"), ("action_type", 5, "required"),
     ("trigger_type", "price_belov", "did you mean price_below?"), ("trigger_type", None, "is required"),
     ("mode", "live", "monitor or notify or auto"), ("mode", ["auto"], "monitor or notify or auto"),
     ("order_type", "moo", "market or"), ("time_in_force", "fok", "day or"),
     ("name", 5, "is not a text"), ("name", "x" * 121, "at most 120"), ("notes", "a\x00b", "NUL"),
     ("notes", "\udfff", "surrogate")],
)  # fmt: skip
def test_words_are_checked(desk, field, value, hint):
    found = refused(desk, **{field: value})
    assert hint in found[field], found


def test_an_unknown_field_names_the_nearest(desk):
    assert "is not a field of an action: did you mean quantity?" in refused(desk, quantitiy="5")["quantitiy"]


def test_mistakes_in_the_trigger_name_the_key_inside_it(desk):
    found = refused(desk, trigger_params={"treshold": "90"})
    assert "did you mean threshold?" in found["trigger_params.treshold"]
    assert "is required" in found["trigger_params.threshold"]
    for value in ("90", 90, ["90"], True):
        assert "must be an object" in refused(desk, trigger_params=value)["trigger_params"]


def test_every_mistake_is_told_at_once(desk):
    found = refused(desk, quantity="-1", symbol="NOPE", trigger_params={"threshold": "x"}, mode="x", max_executions=0)
    assert {"quantity", "symbol", "trigger_params.threshold", "mode", "max_executions"} == set(found)


# --- how and when
def test_orders_have_the_prices_their_type_needs(desk):
    assert "exactly one of limit_price and limit_offset" in refused(desk, order_type="limit")["limit_price"]
    both = {"limit_price": "90", "limit_offset": "1"}
    assert "exactly one" in refused(desk, order_type="limit", **both)["limit_price"]
    assert "does not go with a market order" in refused(desk, limit_price="90")["limit_price"]
    assert "is required for a stop order" in refused(desk, order_type="stop")["stop_price"]
    assert rule(desk, order_type="limit", limit_offset="-0.5").limit_offset == D("-0.5")


def test_times_need_a_zone_and_an_order(desk):
    assert "has no time zone" in refused(desk, valid_from="2026-12-01T10:00:00")["valid_from"]
    assert "has no time zone" in refused(desk, valid_until="2026-12-01")["valid_until"]
    for value in ("tomorrow", 5, True, ["2026-12-01T10:00:00Z"], "2026-13-01T00:00:00Z"):
        assert "ISO 8601" in refused(desk, valid_until=value)["valid_until"]
    window = {"valid_from": "2026-12-02T10:00:00Z", "valid_until": "2026-12-02T10:00:00Z"}
    assert "is not after valid_from" in refused(desk, **window)["valid_until"]
    assert "has already passed" in refused(desk, valid_until=NOW.isoformat())["valid_until"]
    for value in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        assert "out of range" in refused(desk, valid_until=value)["valid_until"]


def test_times_are_kept_in_utc_whatever_their_offset(desk):
    action = rule(desk, valid_until="2027-01-01T00:00:00+23:59")  # PostgreSQL itself refuses such an offset
    assert action.valid_until.isoformat() == "2026-12-31T00:01:00+00:00"


def test_limits_are_whole_numbers(desk):
    for value in (0, -1, 1.5, "x", True, [1], "NaN", 10**7, float("inf")):
        assert list(refused(desk, max_executions=value)) == ["max_executions"]
    for value in (-1, 1.5, "x", True, 10**9):
        assert list(refused(desk, cooldown_seconds=value)) == ["cooldown_seconds"]


def test_null_means_without_limit_and_nothing_means_once(desk):
    assert rule(desk, max_executions=None).max_executions is None
    assert rule(desk).max_executions == 1
    assert rule(desk, cooldown_seconds="60").cooldown_seconds == 60


def test_a_rule_on_a_live_account_tells_unless_it_is_told_to_trade(desk):
    assert rule(desk).mode == "auto"
    type(desk.account).objects.filter(pk=desk.account.pk).update(kind="alpaca", live=True)
    assert rule(desk).mode == "notify"
    assert rule(desk, mode="auto").mode == "auto"
    assert rule(desk, action_type="NOTIFY").mode == "auto"


@pytest.mark.parametrize("data", [None, [], "rule", 5, True])
def test_what_is_no_object_is_refused(desk, data):
    with pytest.raises(InvalidInput, match="must be an object"):
        lifecycle.create_action(user=desk.user, data=data, now=NOW, actor="ada")


# --- whatever comes
FIELDS = [
    *written(), "amount_usd", "percent_of_position", "percent_of_equity", "order_type", "limit_price", "limit_offset",
    "stop_price", "time_in_force", "mode", "name", "message", "notes", "portfolio", "valid_from", "valid_until",
    "max_executions", "cooldown_seconds", "status", "epoch", "goal", "targets",
]  # fmt: skip
PARAMS = sorted({key for trigger in TRIGGERS.values() for key in trigger.example} | {"percent", "amount", "multiple"})
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.decimals(),
    st.sampled_from(["BUY", "SELL", "NOTIFY", "AAPL", "1d", "15m", "open+5m", "mon", "limit", "stop", "auto"]),
    st.sampled_from(["REBALANCE", "Example"]),
    st.sampled_from(["1", "5", "99.5", "1e3", "-1", "2027-01-01T00:00:00Z", "0001-01-01T00:00:00Z"]),
)  # fmt: skip
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
params = st.dictionaries(st.sampled_from(PARAMS) | st.text(max_size=6), json_values, max_size=5)
wild = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), json_values, max_size=6)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=wild, kind=st.none() | st.sampled_from(sorted(TRIGGERS)), raw=params, keep=st.booleans())
@example(changes={"max_executions": 10**5000}, kind="price_above", raw={}, keep=True)
@example(changes={"quantity": Decimal("sNaN")}, kind="price_above", raw={"threshold": "5"}, keep=True)
def test_whatever_is_written_becomes_a_rule_or_invalid_input(desk, changes, kind, raw, keep):
    """Nothing else may be raised, and what became a rule can be stored, read, explained and edited."""
    data = {**(written() if keep else {}), **changes}
    if kind:
        data.update(trigger_type=kind, trigger_params={**TRIGGERS[kind].example, **raw})
    before = Action.objects.count()
    try:
        action = lifecycle.create_action(user=desk.user, data=data, now=NOW, actor="ada")
    except InvalidInput as bad:
        assert bad.errors and all(text for texts in bad.errors.values() for text in texts)
        assert Action.objects.count() == before
        return
    stored = Action.objects.get(id=action.id)
    assert stored.trigger_params == action.trigger_params
    edited = lifecycle.update_action(
        user=desk.user, action_id=action.id, changes={"notes": "n"}, now=NOW + timedelta(seconds=1), actor="ada"
    )
    assert edited.epoch == action.epoch, "an edit of the notes armed the rule afresh"


# --- triggers that need no symbol
@pytest.mark.parametrize(
    ("kind", "params"), [("drawdown_above", {"percent": "10"}), ("cron", {"expression": "0 10 * * *"})]
)
def test_telling_needs_no_symbol_and_trading_does(desk, kind, params):
    trigger = {"trigger_type": kind, "trigger_params": params, "symbol": None}
    assert telling(desk, **trigger).instrument_id is None
    with pytest.raises(InvalidInput) as caught:
        rule(desk, **trigger)
    assert "is required for BUY" in caught.value.errors["symbol"][0]
