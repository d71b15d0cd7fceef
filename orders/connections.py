"""Ask a broker whether it knows us: one question, answered in words, which moves nothing."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from accounts.models import User
from brokers.models import BrokerAccount
from brokers.port import BrokerError
from brokers.registry import broker_for, kinds
from common.errors import NotFound


class Answer(enum.StrEnum):
    """What came of asking."""

    WORKS = "works"  # the broker answered with the account
    BLOCKED = "blocked"  # it answered, and does not let the account trade
    REFUSED = "refused"  # it does not take the key
    SILENT = "silent"  # it could not be reached


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The broker's answer. `cash` in dollars, None when it gave none."""

    answer: Answer
    words: str
    cash: Decimal | None = None


def check_account(*, user: User, account_id: UUID) -> Checked:
    """Ask the account's broker for the account. Raises NotFound for anybody else's."""
    account = BrokerAccount.objects.filter(portfolio__user=user, pk=account_id).first()
    if account is None:
        raise NotFound(f"There is no account {account_id}.")
    try:
        state = broker_for(account).account()
    except BrokerError as error:
        if error.permanent:
            return Checked(answer=Answer.REFUSED, words=f"The broker refused: {error.message}")
        return Checked(answer=Answer.SILENT, words=f"The broker could not be reached: {error.message}")
    if state.blocked_reason:
        return Checked(
            answer=Answer.BLOCKED,
            words=f"The broker answers, but does not let this account trade: {state.blocked_reason}",
            cash=state.cash,
        )
    return Checked(answer=Answer.WORKS, words="Works: the broker answered.", cash=state.cash)


def served_kinds() -> frozenset[str]:
    """The kinds of brokers this installation has an adapter for."""
    return kinds()
