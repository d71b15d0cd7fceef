"""The gate: every order passes here, at placement and again at submission. Plain Python, and it fails closed.

All checks run and are recorded; the first denial decides. A check that cannot be made denies with GATE_ERROR.
There is no way around it: brokers take an `ApprovedOrder`, and only `decide` makes one.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from datetime import datetime
from typing import NoReturn
from weakref import WeakKeyDictionary

from safety.case import CODE_OF_FAILURE, Case, Check, MissingInput, denied, skipped
from safety.checks import CHECKS
from safety.types import CheckResult, Outcome, ProposedOrder, Snapshot, Verdict

_SEAL = object()
_WAIVED = {check.name: skipped(check.name, "The order reduces the position.") for check in CHECKS}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False, weakref_slot=True)
class ApprovedOrder:
    """An order the gate admitted. Only `decide` makes one; it cannot be copied, changed, pickled or subclassed."""

    order: ProposedOrder
    verdict: Verdict
    decided_at: datetime
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("Only safety.gate.decide makes an ApprovedOrder.")
        _ISSUED[self] = self.order

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("An ApprovedOrder cannot be subclassed.")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("An ApprovedOrder cannot be copied or pickled: ask the gate again.")


_ISSUED: WeakKeyDictionary[ApprovedOrder, ProposedOrder] = WeakKeyDictionary()


def is_genuine(approved: ApprovedOrder) -> bool:
    """Whether the gate made this very object, for this very order. Brokers ask before they send."""
    return isinstance(approved, ApprovedOrder) and _ISSUED.get(approved) is approved.order


def decide(order: ProposedOrder, snapshot: Snapshot) -> tuple[Verdict, ApprovedOrder | None]:
    """Judge `order`. The second value is there only when every check passed or did not apply.

    Exceptions raised by checks are in `Verdict.errors`: log them with their tracebacks.
    """
    verdict = judge(order, snapshot)
    if verdict.outcome is not Outcome.PASS:
        return verdict, None
    return verdict, ApprovedOrder(order=order, verdict=verdict, decided_at=snapshot.now, seal=_SEAL)


def judge(order: ProposedOrder, snapshot: Snapshot) -> Verdict:
    """The verdict alone, with which nothing can be sent: for looking at what would be, or would have been."""
    results: list[CheckResult] = []
    errors: list[Exception] = []
    try:
        case = Case(order, snapshot)
        version = case.policy.version
    except Exception as error:  # noqa: BLE001 - fails closed: whatever went wrong, the order is denied and it is recorded
        return Verdict(results=(_failure("snapshot", error),), policy_version=0, errors=(error,))
    for check in CHECKS:
        if check.waived_when_reducing and case.reduces:
            results.append(_WAIVED[check.name])
            continue
        try:
            results.append(check.judge(case))
        except Exception as error:  # noqa: BLE001 - as above
            results.append(_failure(check.name, error))
            if not isinstance(error, MissingInput):
                errors.append(error)
    return Verdict(results=tuple(results), policy_version=version, errors=tuple(errors))


def _failure(check: str, error: Exception) -> CheckResult:
    if isinstance(error, MissingInput):
        return denied(check, CODE_OF_FAILURE, str(error))
    return denied(
        check,
        CODE_OF_FAILURE,
        f"The check {check!r} could not be made, so the order is denied. See the log for the error.",
        error=f"{type(error).__name__}: {error}",
    )


__all__ = ["ApprovedOrder", "Check", "decide", "is_genuine", "judge"]
