"""The import's door: CSV or JSON, a dry run, mistakes as a problem, and nobody else's portfolio."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from portfolios.models import LedgerEntry, Portfolio
from tests.portfolios.importing.test_booking import HEADER, HISTORY

CSV = "text/csv"


def post(user: User, portfolio: Portfolio, body: Any, *, query: str = "", **options: Any) -> Any:
    client = APIClient()
    client.force_authenticate(user)
    kind = {"content_type": CSV} if isinstance(body, str) else {"format": "json"}
    return client.post(f"/api/portfolios/{portfolio.pk}/transactions/import/{query}", body, **kind, **options)


def test_a_file_as_the_body(ann: User, portfolio: Portfolio) -> None:
    shown = post(ann, portfolio, HISTORY, query="?dry_run=true")
    assert shown.status_code == 200, shown.json()
    assert shown.json()["dry_run"] is True and len(shown.json()["booked"]) == 10
    assert LedgerEntry.objects.count() == 1  # the opening deposit
    done = post(ann, portfolio, HISTORY)
    assert done.status_code == 201
    answer = done.json()
    assert (answer["format"], answer["cash"], answer["already_booked"]) == ("puffling", "109549.95", 0)
    assert answer["holdings"] == [{"symbol": "AAPL", "quantity": "5", "cost": "600.00"}]
    assert answer["booked"] == shown.json()["booked"]
    assert post(ann, portfolio, HISTORY).json()["already_booked"] == 8


def test_a_text_in_json_and_the_same_request_again(ann: User, portfolio: Portfolio) -> None:
    body = {"text": HISTORY, "format_": "puffling"}
    first = post(ann, portfolio, body, headers={"Idempotency-Key": "one"})
    again = post(ann, portfolio, body, headers={"Idempotency-Key": "one"})
    assert first.status_code == again.status_code == 201 and first.json() == again.json()


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        (HEADER + "2024-01-02,buy,AAPL,x,1,,,,,\n", "row 2 quantity", "'x' is not a number"),
        (HEADER + "2024-01-02,sell,AAPL,1,1,,,,,\n", "row 2 quantity", "more than the 0 AAPL held"),
        (HEADER + "2024-01-02,buy,NOPE,1,1,,,,,\n", "row 2 symbol", "is not a known instrument"),
        ("nothing,we,know\n", "text", "No line names the columns"),
        ({"text": HISTORY, "format_": "etrade"}, "format_", "not a valid choice"),
        ({}, "text", "required"),
    ],
)
def test_mistakes(ann: User, portfolio: Portfolio, body: Any, field: str, says: str) -> None:
    answer = post(ann, portfolio, body)
    assert answer.status_code == 400
    assert says in " ".join(answer.json()["errors"][field])
    assert LedgerEntry.objects.count() == 1


def test_another_users_portfolio_does_not_exist(bob: User, portfolio: Portfolio) -> None:
    assert post(bob, portfolio, HISTORY).status_code == 404


def test_bytes_that_are_no_text(ann: User, portfolio: Portfolio) -> None:
    client = APIClient()
    client.force_authenticate(ann)
    answer = client.generic(
        "POST", f"/api/portfolios/{portfolio.pk}/transactions/import/", b"\xff\xfe", content_type=CSV
    )
    assert answer.status_code == 400 and answer.json()["code"] == "malformed_csv"
