"""The gate fails closed, records everything, and cannot be gone around."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from safety.gate import _ISSUED, ApprovedOrder, decide, is_genuine, judge
from safety.sizing import worst_price_of
from safety.types import Outcome, SwitchView
from tests.safety.making import NOW, QUOTE, D, order, quoted, snapshot


class Broken(Mapping[str, Any]):
    """A mapping that cannot be read, as when a row is damaged."""

    def __getitem__(self, key: str) -> Any:
        raise RuntimeError("the disk is on fire")

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("the disk is on fire")

    def __len__(self) -> int:
        return 1


def test_an_exception_in_a_check_denies_and_is_handed_on() -> None:
    verdict, approved = decide(order(), snapshot(instruments=Broken()))
    assert approved is None
    assert verdict.denial is not None
    assert (verdict.denial.code, verdict.denial.check) == ("GATE_ERROR", "asset_tradable")
    assert verdict.denial.values["error"] == "RuntimeError: the disk is on fire"
    assert [str(error) for error in verdict.errors] == ["the disk is on fire"] * 3
    assert verdict.errors[0].__traceback__ is not None


@pytest.mark.parametrize(
    "changes", [{"positions": Broken()}, {"quotes": Broken()}, {"in_flight": (None,)}, {"policy": None}]
)
def test_a_snapshot_that_cannot_be_read_denies(changes: dict[str, Any]) -> None:
    verdict, approved = decide(order(), snapshot(**changes))
    assert approved is None
    assert verdict.denial is not None
    assert verdict.denial.code == "GATE_ERROR"
    assert verdict.errors


@pytest.mark.parametrize("quantity", [10, 10.0, "10", None])
def test_a_quantity_that_is_no_decimal_never_passes(quantity: Any) -> None:
    assert decide(order(quantity=quantity), snapshot())[1] is None


def test_the_first_denial_decides_and_the_others_are_recorded() -> None:
    verdict, _ = decide(
        order(quantity=D(5000)), snapshot(switches=SwitchView(killed=("user",)), symbol_blacklist=("AAPL",))
    )
    assert verdict.denial is not None
    assert verdict.denial.code == "KILL_SWITCH_ACTIVE"
    codes = [result.code for result in verdict.results if result.outcome is Outcome.DENY]
    assert codes == [
        "KILL_SWITCH_ACTIVE",
        "SYMBOL_NOT_ALLOWED",
        "MAX_ORDER_NOTIONAL",
        "MAX_POSITION",
        "MAX_GROSS",
        "BUYING_POWER",
        "DAILY_TURNOVER",
    ]
    assert verdict.as_json()[0]["message"].startswith("The kill switch is on (user)")
    assert verdict.policy_version == 3


def test_approval_passes_what_needs_approval_and_nothing_else() -> None:
    big = {"quantity": D(60)}
    assert decide(order(**big), snapshot())[0].outcome is Outcome.NEEDS_APPROVAL
    assert decide(order(**big, approved_by="ann"), snapshot())[1] is not None
    huge = decide(order(quantity=D(101), approved_by="ann"), snapshot())[0]
    assert huge.denial is not None
    assert huge.denial.code == "MAX_POSITION"
    killed = decide(order(approved_by="ann"), snapshot(switches=SwitchView(killed=("global",))))[0]
    assert killed.outcome is Outcome.DENY


def test_judging_says_the_same_and_makes_nothing_that_could_be_sent() -> None:
    one, whole = order(), snapshot()
    before = len(_ISSUED)
    verdict = judge(one, whole)
    assert len(_ISSUED) == before
    assert verdict == decide(one, whole)[0]


def test_the_next_order_of_a_batch_sees_the_one_before() -> None:
    before = snapshot()
    first = order(quantity=D(60), approved_by="ann")
    assert decide(first, before)[1] is not None
    price = worst_price_of(first, before)
    assert price is not None
    after = before.with_order(first, price, "queued")
    second, _ = decide(order(quantity=D(41)), after)
    assert second.denial is not None
    assert second.denial.code == "MAX_POSITION"
    assert (after.trades_today, after.turnover_today, len(after.in_flight)) == (1, 6000, 1)
    # The earlier snapshot is unchanged, although its sums moved on.
    assert decide(order(quantity=D(41)), before)[1] is not None


def test_sizes_count_at_the_worse_of_quote_and_limit() -> None:
    wide = quoted(bid=D(99), ask=D("100.50"))
    assert worst_price_of(order(), wide) == D("100.50")
    assert worst_price_of(order(order_type="limit", limit_price=D(90)), wide) == D("100.50")
    assert worst_price_of(order(order_type="limit", limit_price=D(105)), wide) == 105
    assert worst_price_of(order(side="sell"), wide) == 99
    assert worst_price_of(order(side="sell", order_type="stop", stop_price=D(120)), wide) == 120
    assert worst_price_of(order(), quoted(ask=None)) == QUOTE.last
    assert worst_price_of(order(), snapshot(quotes={})) is None


@pytest.fixture
def approved() -> ApprovedOrder:
    made = decide(order(), snapshot())[1]
    assert made is not None
    return made


def test_only_the_gate_makes_approved_orders(approved: ApprovedOrder) -> None:
    assert is_genuine(approved)
    parts = {"order": order(quantity=D(10**6)), "verdict": approved.verdict, "decided_at": NOW}
    with pytest.raises(TypeError):
        ApprovedOrder(**parts)
    with pytest.raises(TypeError, match=r"Only safety\.gate\.decide"):
        ApprovedOrder(**parts, seal=object())
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(approved, order=parts["order"])
    with pytest.raises(TypeError, match=r"Only safety\.gate\.decide"):
        dataclasses.replace(approved, order=parts["order"], seal=None)
    with pytest.raises(TypeError, match="subclassed"):
        type("Mine", (ApprovedOrder,), {})
    for duplicate in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="copied or pickled"):
            duplicate(approved)
    with pytest.raises(dataclasses.FrozenInstanceError):
        approved.order = parts["order"]


def test_a_forged_approved_order_is_recognised(approved: ApprovedOrder) -> None:
    other = order(quantity=D(10**6))
    hollow = object.__new__(ApprovedOrder)
    for name, part in (("order", other), ("verdict", approved.verdict), ("decided_at", NOW)):
        object.__setattr__(hollow, name, part)
    assert not is_genuine(hollow)
    object.__setattr__(approved, "order", other)
    assert not is_genuine(approved)
    assert not is_genuine(other)  # type: ignore[arg-type]
