"""One at a time: the second to come is told so, and may begin when the first has ended."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from common.alone import is_alone


@pytest.mark.django_db(transaction=True)
def test_only_one_is_alone() -> None:
    answers: list[bool] = []

    def another() -> None:
        with transaction.atomic():
            answers.append(is_alone("the work"))
            answers.append(is_alone("other work"))
        connection.close()

    with transaction.atomic():
        assert is_alone("the work")
        thread = threading.Thread(target=another)
        thread.start()
        thread.join()
    assert answers == [False, True]
    with transaction.atomic():
        assert is_alone("the work")
