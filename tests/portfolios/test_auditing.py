"""The audit finds each way in which the books can disagree."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from portfolios.auditing import audit
from portfolios.ledger import book_fills
from portfolios.models import Holding, LedgerEntry, Lot, LotDisposal, Portfolio
from tests.portfolios.conftest import NOW, D
from tests.portfolios.test_ledger import fill


@pytest.fixture
def books(portfolio: Portfolio) -> Portfolio:
    """Bought 10, sold 4: every book has something in it."""
    book_fills(portfolio=portfolio, fills=[fill("1", fee=D(1)), fill("2", "sell", "4", "110", fee=D(2))], now=NOW)
    return portfolio


def codes(portfolio: Portfolio) -> set[str]:
    return {found.code for found in audit(portfolio)}


def test_agreeing_books(books: Portfolio, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(13):
        assert audit(books) == []


@pytest.mark.parametrize(
    ("rows", "change", "expected"),
    [
        (Portfolio, {"cash": 1}, {"cash"}),
        (Holding, {"quantity": 7}, {"holding"}),
        (Holding, {"cost": 7}, {"cost"}),
        (Lot, {"open_quantity": 7}, {"lots", "lot_shares"}),
        (Lot, {"open_cost": 7}, {"cost", "lot_cost"}),
        (Lot, {"quantity": 11}, {"lot_shares", "purchase"}),
        (Lot, {"cost": 7}, {"lot_cost", "purchase_cost"}),
        (LotDisposal, {"quantity": 5}, {"lot_shares", "sale"}),
        (LotDisposal, {"proceeds": 5}, {"sale_proceeds", "sale_gain"}),
        (LotDisposal, {"gain": 5}, {"sale_gain"}),
    ],
)
def test_each_disagreement_is_found(books: Portfolio, rows: Any, change: dict[str, int], expected: set[str]) -> None:
    rows.objects.update(**change)
    assert codes(books) == expected


def test_a_stray_entry_is_found_in_cash_and_shares(books: Portfolio) -> None:
    LedgerEntry.objects.create(
        portfolio=books,
        kind=LedgerEntry.Kind.BUY,
        at=NOW,
        instrument_id="MSFT",
        quantity=1,
        price=1,
        amount=-1,
        source_kind="fill",
        source_id="stray",
    )
    found = audit(books)
    assert {one.code for one in found} == {"cash", "lots", "holding", "purchase", "purchase_cost"}
    assert "MSFT: the ledger has 1 shares, the holding 0." in [one.message for one in found]


def test_the_command_says_so_and_fails(books: Portfolio) -> None:
    out = StringIO()
    call_command("audit", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"portfolios": 1, "discrepancies": []}
    Portfolio.objects.update(cash=1)
    out = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("audit", "--json", stdout=out)
    assert failed.value.returncode == 1
    (found,) = json.loads(out.getvalue())["discrepancies"]
    assert (found["code"], found["portfolio"], found["found"]) == ("cash", str(books.pk), "1")
    with pytest.raises(CommandError, match="1 discrepancies in 1 portfolios"):
        call_command("audit", stdout=out)


def test_the_command_refuses_an_unknown_portfolio(books: Portfolio) -> None:
    with pytest.raises(CommandError, match="no portfolio"):
        call_command("audit", "--portfolio", "0192f0c0-0000-7000-8000-000000000000")
    with pytest.raises(CommandError, match="not an id"):
        call_command("audit", "--portfolio", "main")
