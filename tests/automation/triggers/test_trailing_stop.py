from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from automation.triggers.registry import TRIGGERS
from tests.automation.triggers.showing import (
    EVERY_TIME,
    START,
    D,
    errors,
    fires_at,
    is_normal,
    market,
    parse,
    plan_of,
    refuses_bad_numbers,
)
from watches import machine
from watches.specs import Follow, Repeat

KIND = "trailing_stop"


# --- parameters
def test_side_long_is_the_default_and_what_is_not_given_stays_away():
    assert parse(KIND, percent=5) == {"percent": "5", "side": "long"}
    assert is_normal(KIND, amount="2.50", side="short", activation_price="90") == {
        "amount": "2.5", "activation_price": "90", "side": "short",
    }  # fmt: skip


def test_exactly_one_size():
    assert "one size too many" in errors(KIND, percent="5", amount="2")["amount"]
    assert "give percent such as 5, or amount" in errors(KIND)["percent"]
    assert list(errors(KIND, percent="x")) == ["percent"]  # one complaint, not also "required"


def test_bad_numbers_are_refused_with_their_value():
    refuses_bad_numbers(KIND, "percent")
    refuses_bad_numbers(KIND, "amount")
    refuses_bad_numbers(KIND, "activation_price", percent="5")
    assert "below 100" in errors(KIND, percent="100")["percent"]
    assert parse(KIND, percent="99.999999999")


def test_side_and_keys_are_checked():
    assert "long or short" in errors(KIND, percent="5", side="both")["side"]
    assert "did you mean activation_price?" in errors(KIND, percent="5", activation="90")["activation"]


def test_sentences():
    def say(**params):
        return TRIGGERS[KIND].sentence(parse(KIND, **params), "AAPL")

    assert say(percent="5") == "AAPL falls 5 % from its high since the rule was armed"
    assert say(amount="2.5", side="short") == "AAPL rises $2.50 from its low since the rule was armed"
    assert say(percent="5", activation_price="120") == "AAPL falls 5 % from its high after reaching $120"


# --- meaning
def test_it_fires_a_trail_below_the_high_and_not_a_cent_above():
    assert fires_at(KIND, {"percent": "5"}, [100, 200, "190.01", "190"]) == [3]
    assert fires_at(KIND, {"amount": "2.5"}, [100, 110, "107.51", "107.5"]) == [3]


def test_the_short_side_mirrors_it():
    assert fires_at(KIND, {"percent": "5", "side": "short"}, [100, 80, "83.99", "84"]) == [3]
    assert fires_at(KIND, {"amount": "2.5", "side": "short"}, [100, 90, "92.49", "92.5"]) == [3]


def test_the_high_before_arming_does_not_count():
    plan = plan_of(KIND, {"percent": "5"})
    state = machine.start(plan.spec, START)
    earlier = machine.MarketSlice(
        at=START + timedelta(seconds=1), since=START - timedelta(seconds=9), low=D(90), high=D(200), last=D(100)
    )
    state, fired = machine.step(plan.spec, Repeat(), state, earlier)
    assert not fired
    assert state.series.reference == D(100)


def test_a_new_high_and_a_stop_in_one_range_judge_the_old_high_first():
    # high 110 then last 104.6: 4.9 % below the new high; low 94.9 is 5.1 % below the old one
    assert fires_at(KIND, {"percent": "5"}, [100, ("94.9", 110, "104.6")]) == [1]
    assert fires_at(KIND, {"percent": "5"}, [100, ("95.1", 110, "104.6")]) == []
    assert fires_at(KIND, {"percent": "5"}, [100, (100, 110, "104.5")]) == [1]  # the last is below the new high's trail


def test_with_an_activation_price_nothing_counts_before_it():
    trail = {"percent": "5", "activation_price": "120"}
    assert fires_at(KIND, trail, [100, 50, 119.99, 100, 120, 114.01, 114]) == [6]
    short = {"percent": "5", "activation_price": "80", "side": "short"}
    assert fires_at(KIND, short, [100, 200, 80.01, 100, 80, 83.99, 84]) == [6]


def test_activation_and_stop_in_one_range():
    trail = {"percent": "5", "activation_price": "120"}
    assert fires_at(KIND, trail, [100, (100, 130, 123)]) == [1]  # from 130, the high that activated it
    assert fires_at(KIND, trail, [100, (100, 130, 124)]) == []


def test_a_repeating_stop_starts_a_new_high_after_firing():
    assert fires_at(KIND, {"percent": "10"}, [100, 90, 80, 72], EVERY_TIME) == [1, 3]
    cooled = Repeat(repeats=True, cooldown_seconds=3)
    assert fires_at(KIND, {"percent": "10"}, [100, 90, 70, 60, 50, 45], cooled) == [1, 5]


prices = st.lists(st.integers(100, 400).map(lambda n: D(n) / 4), min_size=2, max_size=50)


@given(path=prices, percent=st.sampled_from(["1", "5", "12.5"]), short=st.booleans())
def test_the_peak_only_ever_moves_away_and_the_stop_fires_by_its_definition(path, percent, short):
    plan = plan_of(KIND, {"percent": percent, "side": "short" if short else "long"})
    state, best = machine.start(plan.spec, START), path[0]
    for n, price in enumerate(path):
        old = state.series.reference if n else None
        state, fired = machine.step(plan.spec, Repeat(), state, market(price, START + timedelta(seconds=n + 1)))
        best = min(best, price) if short else max(best, price)
        peak = state.series.reference
        assert peak == best
        assert old is None or (peak <= old if short else peak >= old)
        drawdown = (price - best if short else best - price) * 100 / best
        assert fired == (round(drawdown, 9) >= D(percent))
        if fired:
            break


@given(
    kind=st.sampled_from(["trail", "since", "either_way"]),
    unit=st.sampled_from(["pct", "amt"]),
    short=st.booleans(),
    activation=st.none() | st.decimals("0.000000001", "999999", places=9),
    absolute=st.booleans(),
)
def test_what_is_stored_of_a_following_watch_survives_json(kind, unit, short, activation, absolute):
    import json

    follow = Follow(kind=kind, unit=unit, short=short, activation=activation, absolute=absolute)
    assert Follow.from_json(json.loads(json.dumps(follow.as_json()))) == follow
