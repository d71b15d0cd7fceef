"""Import, deposits and withdrawals, names, and opening another portfolio."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from common.clock import now
from common.errors import Conflict
from common.ids import new_id
from orders.opening import MOST_PORTFOLIOS
from portfolios.importing import checking
from portfolios.models import LedgerEntry, Portfolio
from portfolios.opening import open_portfolio
from tests.orders.making import Desk

HISTORY = "date,type,symbol,quantity,price,amount\n2026-01-05,deposit,,,,5000\n2026-01-06,buy,AAPL,10,100,\n"


def upload(text: str) -> dict[str, object]:
    return {"file": SimpleUploadedFile("history.csv", text.encode())}


def test_a_history_is_shown_first_and_booked_when_confirmed(site: Client, desk: Desk) -> None:
    before = LedgerEntry.objects.count()
    shown = site.post("/portfolio/import/", upload(HISTORY))
    page = shown.content.decode()
    assert "2 entries would be booked" in page
    assert "read as Puffling" in page
    assert LedgerEntry.objects.count() == before
    answer = site.post(
        "/portfolio/import/", {"text": shown.context["text"], "format": "puffling", "confirm": "1"}, follow=True
    )
    assert "2 entries were booked. Cash is $104000 now." in answer.content.decode()
    assert desk.portfolio.holdings.get().quantity == 10
    again = site.post("/portfolio/import/", upload(HISTORY)).content.decode()
    assert "Everything in this file was imported before" in again


def test_every_mistake_of_a_file_is_named(site: Client) -> None:
    text = "date,type,symbol,quantity,price,amount\n2026-01-05,gift,,,,5\nsoon,buy,AAPL,1,1,\n"
    answer = site.post("/portfolio/import/", upload(text))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing was booked" in page
    assert "gift" in page
    assert "soon" in page


def test_no_file_a_strange_file_and_a_large_one(site: Client) -> None:
    for given, words in (
        ({}, "Nothing was given"),
        ({"text": "a,b\n1,2\n"}, "header"),
        ({"file": SimpleUploadedFile("x.csv", b"\xff\xfe")}, "not UTF-8"),
        ({"file": SimpleUploadedFile("x.csv", b"x" * 900_001)}, "split it by date"),
    ):
        answer = site.post("/portfolio/import/", given)
        assert answer.status_code == 422, given
        assert words in answer.content.decode()


def test_a_portfolio_kept_outside_takes_no_history_and_no_transfers(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(portfolio: Portfolio) -> None:
        raise Conflict(f"{portfolio.name} is kept by a broker outside.")

    monkeypatch.setattr(checking, "_guards", [refuse])
    assert "kept by a broker outside" in site.post("/portfolio/import/", upload(HISTORY)).content.decode()
    given = {"kind": "deposit", "amount": "5", "once": str(new_id())}
    assert "kept by a broker outside" in site.post("/portfolio/transfers/", given).content.decode()


def test_money_is_paid_in_once_and_taken_out(site: Client, desk: Desk) -> None:
    given = {"kind": "deposit", "amount": "250.50", "note": "birthday", "once": str(new_id())}
    for _ in range(2):
        answer = site.post("/portfolio/transfers/", given, follow=True)
    assert "birthday" in answer.content.decode()
    desk.portfolio.refresh_from_db()
    assert desk.portfolio.cash == Decimal("100250.50")
    site.post("/portfolio/transfers/", {"kind": "withdrawal", "amount": "250.50", "once": str(new_id())})
    desk.portfolio.refresh_from_db()
    assert desk.portfolio.cash == Decimal(100_000)


def test_what_cannot_be_paid_says_so_beside_the_field(site: Client, desk: Desk) -> None:
    for given, words in (
        ({"kind": "withdrawal", "amount": "100001"}, "cannot be withdrawn"),
        ({"kind": "deposit", "amount": "0.001"}, "is not an amount"),
        ({"kind": "deposit", "amount": "-4"}, "is not an amount"),
        ({"kind": "deposit", "amount": "four"}, "Enter a number"),
    ):
        answer = site.post("/portfolio/transfers/", {**given, "once": str(new_id())})
        assert answer.status_code == 422
        assert words in " ".join(answer.context["form"].errors["amount"])
    desk.portfolio.refresh_from_db()
    assert desk.portfolio.cash == Decimal(100_000)


def test_another_portfolio_is_opened_renamed_and_put_first(site: Client, desk: Desk) -> None:
    site.post("/portfolios/", {"name": "Play", "cash": "2500"})
    play = Portfolio.objects.get(user=desk.user, name="Play")
    assert (play.cash, play.broker_account.kind, play.primary) == (Decimal(2500), "paper", False)
    site.post(f"/portfolios/{play.pk}/rename/", {"name": " Fun "})
    site.post(f"/portfolios/{play.pk}/primary/")
    play.refresh_from_db()
    desk.portfolio.refresh_from_db()
    assert (play.name, play.primary, desk.portfolio.primary) == ("Fun", True, False)
    assert site.get("/portfolio/").context["portfolio"] == play
    assert "Comes first" in site.get("/portfolios/").content.decode()


def test_names_that_are_taken_or_empty(site: Client, desk: Desk) -> None:
    assert "already have" in site.post("/portfolios/", {"name": "Main", "cash": "1"}).content.decode()
    assert site.post("/portfolios/", {"name": "", "cash": "-1"}).status_code == 422
    site.post("/portfolios/", {"name": "Play", "cash": "0"})
    answer = site.post(f"/portfolios/{desk.portfolio.pk}/rename/", {"name": "Play"}, follow=True)
    assert "choose another name" in answer.content.decode()
    answer = site.post(f"/portfolios/{desk.portfolio.pk}/rename/", {"name": " "}, follow=True)
    assert "is not a name" in answer.content.decode()


def test_only_so_many_portfolios(site: Client, desk: Desk) -> None:
    for number in range(MOST_PORTFOLIOS - 1):
        open_portfolio(user=desk.user, name=f"p{number}", cash=Decimal(0), now=now())
    answer = site.post("/portfolios/", {"name": "one more", "cash": "1"})
    assert f"You have {MOST_PORTFOLIOS} portfolios" in answer.content.decode()


def test_another_users_portfolio_is_not_renamed(site: Client, other: Desk) -> None:
    for verb in ("rename", "primary"):
        assert site.post(f"/portfolios/{other.portfolio.pk}/{verb}/", {"name": "mine"}).status_code == 404
    other.portfolio.refresh_from_db()
    assert other.portfolio.name == "Main"


def test_without_any_portfolio_the_pages_say_what_to_do(site: Client, desk: Desk, other: Desk) -> None:
    Portfolio.objects.filter(pk=desk.portfolio.pk).update(user=other.user, name="moved", primary=False)
    for path in ("/", "/portfolio/", "/portfolio/performance/", "/portfolio/import/", "/portfolio/ledger.csv"):
        assert site.get(path).status_code == 200
    assert "Open a portfolio" in site.get("/portfolio/").content.decode()
    assert "Open another" in site.get("/portfolios/").content.decode()
