"""The SQL engine against the pure machine: random histories, both must fire at the same observations."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.watches.twins import MOST_RULES, SYMBOLS, World, make_people_and_symbols

D = Decimal

# A coarse grid, so that prices often land exactly on levels, peaks on peaks and changes on thresholds.
prices = st.integers(190, 210).map(lambda n: D(n) / 2)
levels = st.integers(195, 206).map(lambda n: str(D(n) / 2))
percents = st.sampled_from(["1", "2", "2.5", "3.5"])
directions = st.sampled_from(["up", "down", "either"])
sides = st.sampled_from(["long", "short"])
holds = st.sampled_from([None, None, None, 5, 5, 45])
symbols = st.sampled_from([SYMBOLS[0], SYMBOLS[0], SYMBOLS[1]])


def trigger(kind: str, **params: Any) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    params["for_seconds"] = holds
    return st.fixed_dictionaries(params).map(lambda chosen: (kind, {k: v for k, v in chosen.items() if v is not None}))


edges = {
    "threshold": levels,
    "edge": st.sampled_from(["level", "cross"]),
    "hysteresis": st.sampled_from(["0", "0.5", "2"]),
}
windows = st.sampled_from(["1d", "session", "since_armed", "15m", "5d"])
changes = trigger("change_pct", change=percents, direction=directions, window=windows)
trails = trigger("trailing_stop", percent=percents, side=sides, activation_price=st.none() | levels)
amounts = trigger("trailing_stop", amount=st.sampled_from(["1", "2.5", "4"]), side=sides)
volumes = trigger("volume_above", threshold=st.sampled_from(["1000", "2500"]))
averages = {"direction": directions, "short": st.just(5), "long": st.just(20)}
closes, lives = trigger("ma_cross", **averages), trigger("ma_cross", **averages, on=st.just("live"))
strengths = {"threshold": st.sampled_from(["30", "50", "70"])}
strong, weak = trigger("rsi_above", **strengths), trigger("rsi_below", **strengths)
sunk = trigger("drawdown_above", percent=st.sampled_from(["5", "10"]))
above, below = trigger("price_above", **edges), trigger("price_below", **edges)
kinds = {
    "above": above, "below": below, "change": changes, "trail": trails, "amount": amounts, "volume": volumes,
    "close": closes, "live": lives, "strong": strong, "weak": weak, "sunk": sunk,
}  # fmt: skip
triggers = st.sampled_from(["above", "below", "change", "trail", "close", *kinds]).flatmap(kinds.__getitem__)
rules = st.tuples(symbols, triggers, st.sampled_from([None, None, 1, 2]), st.sampled_from([0, 0, 1, 7, 40]))

# What happens next: mostly prices, shown to the engine at once or only after more of them.
which = st.integers(0, MOST_RULES - 1)
paths = st.lists(prices, min_size=1, max_size=3)
what = {
    "tick": (symbols, paths, st.booleans()),
    "evaluate": (),
    "wait": (st.sampled_from([1, 5, 45, 125]),),
    "create": (rules,),
    "arrive": (rules, paths),
    "silence": (symbols, paths, st.sampled_from([60, 120, 200]), paths),
    "pause": (which,),
    "resume": (),
    "edit": (which, triggers),
    "retouch": (which,),
    "by_hand": (which,),
    "base": (symbols, st.sampled_from(["15m", "5d"]), st.none() | prices),
    "push": (symbols, st.sampled_from([-1, 0, 1])),
    "strength": (symbols, st.integers(2, 8)),
    "sink": (st.integers(0, 3),),
    "spread": (symbols, st.integers(-3, 3)),
    "merge": (),
    "sweep": (st.sampled_from([0, 5, 5, 45]),),
}
often = [
    *["tick"] * 12, *["sweep"] * 4, *["push"] * 2, "evaluate", "evaluate", "create", "arrive", "arrive", "edit",
    "strength", "sink", "spread", *what,
]  # fmt: skip
operations = st.sampled_from(often).flatmap(lambda name: st.tuples(st.just(name), *what[name]))


@pytest.fixture
def world_of_twins(db: None) -> None:
    make_people_and_symbols()


@settings(
    max_examples=500,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    database=None,
    print_blob=True,
)
@given(first=st.lists(rules, min_size=6, max_size=10), history=st.lists(operations, min_size=8, max_size=20))
def test_both_engines_fire_at_the_same_observations(world_of_twins: None, first: list[Any], history: list[Any]) -> None:
    with transaction.atomic():
        world = World()
        world.start(first)
        for operation in history:
            world.run(operation)
        world.run(("evaluate",))
        transaction.set_rollback(True)
