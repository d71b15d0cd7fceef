"""Asking a broker for the account: what it says, in words."""

from __future__ import annotations

from typing import Any

import pytest

from brokers.port import BrokerAccountState, BrokerError
from common.errors import NotFound
from orders import connections
from orders.connections import Answer, check_account
from tests.orders.making import D, Desk


class Says:
    """A broker that answers one thing."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def account(self) -> BrokerAccountState:
        if isinstance(self.answer, BrokerError):
            raise self.answer
        found: BrokerAccountState = self.answer
        return found


@pytest.mark.parametrize(
    ("says", "answer", "words"),
    [
        (BrokerAccountState(cash=D(5)), Answer.WORKS, "Works"),
        (BrokerAccountState(cash=D(5), blocked_reason="pattern day trader"), Answer.BLOCKED, "pattern day trader"),
        (BrokerError("403 forbidden", permanent=True), Answer.REFUSED, "The broker refused: 403 forbidden"),
        (BrokerError("connection refused"), Answer.SILENT, "could not be reached"),
    ],
)
def test_each_answer_in_words(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, says: Any, answer: Answer, words: str
) -> None:
    monkeypatch.setattr(connections, "broker_for", lambda account: Says(says))
    checked = check_account(user=desk.user, account_id=desk.account.pk)
    assert checked.answer == answer
    assert words in checked.words


def test_the_paper_broker_answers_and_another_users_account_does_not_exist(desk: Desk) -> None:
    assert check_account(user=desk.user, account_id=desk.account.pk).answer == Answer.WORKS
    with pytest.raises(NotFound):
        check_account(user=desk.user, account_id=desk.portfolio.pk)
    assert connections.served_kinds() >= {"paper"}
