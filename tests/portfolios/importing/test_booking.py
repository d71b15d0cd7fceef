"""Importing a history: once, in its order, all or nothing, and the books agree afterwards."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from brokers.opening import open_paper_account
from common.errors import Conflict
from common.ids import new_id
from markets.corporate_actions import begins, record
from markets.importing import BadFile
from markets.models import CorporateAction, Instrument
from orders.reconciling import reconcile
from portfolios import rebuilding
from portfolios.auditing import audit
from portfolios.corporate import Ratio, book_split
from portfolios.curve import record_equity
from portfolios.drawdown import drawdowns
from portfolios.importing import checking
from portfolios.importing.booking import import_history
from portfolios.importing.types import Report
from portfolios.ledger import deposit
from portfolios.models import EquityPoint, Holding, LedgerEntry, Lot, LotDisposal, Portfolio
from portfolios.opening import open_portfolio
from portfolios.valuing import value
from tests.portfolios.conftest import NOW, D, set_price

HEADER = "date,type,symbol,quantity,price,amount,fee,currency,external_id,note\n"
HISTORY = HEADER + (
    "2024-01-02,deposit,,,,10000,,,,first money\n"
    "2024-01-03T15:00:00Z,buy,AAPL,10,100,,1,USD,a1,\n"
    "2024-02-01,buy,AAPL,10,120,,,,,\n"
    "2024-03-01,dividend,AAPL,,,4.80,,,,\n"
    "2024-06-03,sell,AAPL,15,150,,1.5,,,\n"
    "2024-07-01,interest,,,,-0.35,,,,\n"
    "2024-07-02,fee,,,,2,,,,\n"
    "2024-08-01,withdrawal,,,,500,,,,\n"
)


@pytest.fixture
def empty(ann: User, instruments: None) -> Portfolio:
    set_price("AAPL", "200")
    return open_portfolio(user=ann, name="History", cash=D(0), now=NOW)


def run(portfolio: Portfolio, text: str = HISTORY, *, dry_run: bool = False, negative: bool = False) -> Report:
    return import_history(portfolio=portfolio, text=text, now=NOW, dry_run=dry_run, allow_negative_cash=negative)


def test_a_history_becomes_ledger_lots_holdings_and_cash(empty: Portfolio) -> None:
    report = run(empty)
    assert (len(report.booked), report.already_booked, report.format) == (10, 0, "puffling")
    # 10000 - 1000 - 1 - 1200 + 4.80 + 2250 - 1.50 - 0.35 - 2 - 500
    assert report.cash == D("9549.95") == Portfolio.objects.get(pk=empty.pk).cash
    assert [(one.symbol, one.quantity, one.cost) for one in report.holdings] == [("AAPL", D(5), D(600))]
    gains = list(LotDisposal.objects.order_by("id").values_list("quantity", "cost", "proceeds", "long_term"))
    assert gains == [(D(10), D(1001), D("1499.00"), False), (D(5), D(600), D("749.50"), False)]
    assert Lot.objects.earliest("acquired_at").acquired_at == datetime(2024, 1, 3, 15, tzinfo=UTC)
    assert audit(empty) == []


def test_again_and_overlapping_books_only_what_is_new(empty: Portfolio) -> None:
    run(empty)
    before = list(LedgerEntry.objects.values_list())
    again = run(empty)
    assert (again.booked, again.already_booked) == ((), 8)
    assert list(LedgerEntry.objects.values_list()) == before
    overlapping = HISTORY + "2024-09-01,buy,AAPL,1,160,,,,,\n2024-09-01,buy,AAPL,1,160,,,,,\n"
    assert len(run(empty, overlapping).booked) == 2  # two of the same content are two
    assert len(run(empty, overlapping).booked) == 0
    assert audit(empty) == []


def test_a_dry_run_shows_it_all_and_changes_nothing(empty: Portfolio) -> None:
    shown = run(empty, dry_run=True)
    assert not LedgerEntry.objects.exists() and not Lot.objects.exists() and not Holding.objects.exists()
    assert Portfolio.objects.get(pk=empty.pk).cash == 0
    done = run(empty)
    assert (shown.cash, shown.holdings, len(shown.booked)) == (done.cash, done.holdings, len(done.booked))
    assert [(one.line, one.kind, one.amount) for one in shown.booked] == [
        (one.line, one.kind, one.amount) for one in done.booked
    ]


def test_an_older_purchase_that_comes_later_takes_its_place_in_the_order(empty: Portfolio) -> None:
    run(empty)
    older = HEADER + "2023-12-01,deposit,,,,900,,,,\n2023-12-04,buy,AAPL,10,90,,,,,\n"
    run(empty, older)
    sold = LotDisposal.objects.order_by("lot__acquired_at").values_list("lot__acquired_at__date", "quantity", "cost")
    assert list(sold) == [(date(2023, 12, 4), D(10), D(900)), (date(2024, 1, 3), D(5), D("500.50"))]
    assert Holding.objects.get().quantity == 15
    assert audit(empty) == []


def test_selling_more_than_was_held_at_that_time_names_row_and_fix(empty: Portfolio) -> None:
    early = HEADER + (
        "2024-01-02,deposit,,,,10000,,,,\n2024-01-05,sell,AAPL,5,100,,,,,\n2024-01-06,buy,AAPL,10,100,,,,,\n"
    )
    with pytest.raises(BadFile) as bad:
        run(empty, early)
    (mistake,) = bad.value.mistakes
    assert (mistake.row, mistake.column, mistake.value) == (3, "quantity", "5")
    assert "more than the 0 AAPL held at that time" in mistake.fix
    assert not LedgerEntry.objects.exists()


def test_spending_what_was_not_there_is_refused_unless_allowed(empty: Portfolio) -> None:
    unpaid = HEADER + "2024-01-03,buy,AAPL,10,100,,,,,\n"
    with pytest.raises(BadFile, match=r"leaves \$-1000 in cash at the end of 2024-01-03"):
        run(empty, unpaid)
    assert run(empty, unpaid, negative=True).cash == -1000
    assert audit(empty) == []


def test_an_unknown_symbol_is_a_mistake_or_made_for_the_record(empty: Portfolio) -> None:
    text = HEADER + "2024-01-02,opening,ZZZ,5,10,,,,,\n"
    with pytest.raises(BadFile, match="row 2 symbol: 'ZZZ' is not a known instrument"):
        run(empty, text)
    report = import_history(portfolio=empty, text=text, now=NOW, create_instruments=True)
    assert report.created == ("ZZZ",)
    assert Instrument.objects.get(pk="ZZZ").tradable is False


def test_imported_value_is_neither_gain_nor_drawdown(empty: Portfolio) -> None:
    deposit(portfolio=empty, amount=D(1000), now=NOW - timedelta(days=2))
    record_equity(NOW - timedelta(days=1))
    run(empty)
    empty.refresh_from_db()
    assert EquityPoint.objects.get().equity == D("10549.95") + 5 * 200
    assert value(empty, now=NOW).day_pnl == 0
    assert drawdowns([empty.pk])[empty.pk] == 0


def test_the_paper_broker_takes_an_imported_history_as_brought_in(portfolio: Portfolio) -> None:
    open_paper_account(portfolio=portfolio)
    run(portfolio)
    assert reconcile(now=NOW)[0].mismatches == ()


def test_a_portfolio_kept_by_a_broker_outside_is_left_alone(empty: Portfolio) -> None:
    def refuse(portfolio: Portfolio) -> None:
        raise Conflict("kept by a broker outside")

    checking.guard(refuse)
    try:
        with pytest.raises(Conflict, match="outside"):
            run(empty)
    finally:
        checking._guards.remove(refuse)


def applied_split(ex_date: str, new: int, old: int) -> CorporateAction:
    row = record(
        symbol="AAPL", kind="split", ex_date=date.fromisoformat(ex_date), new_shares=new, old_shares=old, now=NOW
    )
    CorporateAction.objects.filter(pk=row.pk).update(applied_at=NOW)
    return row


SPLIT = HEADER + (
    "2024-01-02,deposit,,,,10000,,,,\n"
    "2024-01-03,buy,AAPL,10,400,,,,,\n"
    "2024-01-04,sell,AAPL,2,410,,,,,\n"
    "2024-06-12,sell,AAPL,12,101,,,,,\n"
)


def test_an_announced_split_is_applied_to_an_imported_history(empty: Portfolio) -> None:
    applied_split("2024-06-10", 4, 1)
    report = run(empty, SPLIT)
    added = next(one for one in report.booked if one.kind == "split")
    assert (added.line, added.quantity) == (None, D(24))
    assert report.holdings[0].quantity == 20
    assert audit(empty) == []
    assert run(empty, SPLIT).booked == ()


def test_a_split_in_the_file_is_the_announced_one_or_its_own(empty: Portfolio) -> None:
    lines = SPLIT.splitlines(keepends=True)
    with_row = "".join(lines[:4]) + "2024-06-11,split,AAPL,24,,,,,,\n" + lines[4]
    assert run(empty, with_row).holdings[0].quantity == 20  # not announced: 24 more on 8 is 4:1
    assert LedgerEntry.objects.get(kind="split").new_shares == 4
    assert audit(empty) == []


def test_the_announced_split_in_a_file_is_not_booked_twice(empty: Portfolio) -> None:
    applied_split("2024-06-10", 4, 1)
    lines = SPLIT.splitlines(keepends=True)
    with_row = "".join(lines[:4]) + "2024-06-11,split,AAPL,24,,,,,,\n" + lines[4]
    assert run(empty, with_row).holdings[0].quantity == 20
    assert LedgerEntry.objects.filter(kind="split").count() == 1
    assert run(empty, with_row).booked == ()


def test_shares_from_before_a_booked_split_correct_it(empty: Portfolio) -> None:
    applied_split("2024-06-10", 4, 1)
    run(empty, SPLIT)
    older = HEADER + "2023-12-01,deposit,,,,900,,,,\n2023-12-04,buy,AAPL,3,300,,,,,\n"
    report = run(empty, older)
    assert report.holdings[0].quantity == 32
    assert [one.quantity for one in report.booked if one.kind == "split"] == [D(9)]
    assert audit(empty) == []
    assert run(empty, older).booked == ()


def test_chosen_lots_are_not_rewritten(empty: Portfolio) -> None:
    run(empty)
    oldest, newer = Lot.objects.order_by("acquired_at")
    LotDisposal.objects.filter(lot=oldest).update(lot=newer)  # as if the newer lot had been chosen
    with pytest.raises(BadFile, match="chosen lots"):
        run(empty, HEADER + "2024-09-01,buy,AAPL,1,160,,,,,\n")


def test_the_ledger_can_derive_everything_again(empty: Portfolio) -> None:
    run(empty)
    kept = list(Lot.objects.values_list()), list(LotDisposal.objects.values_list("lot", "entry", "quantity", "gain"))
    Lot.objects.update(open_quantity=0, open_cost=0)
    Holding.objects.all().delete()
    assert audit(empty)
    assert rebuilding.rebuild(empty, now=NOW) == ["AAPL"]
    assert audit(empty) == []
    assert (
        list(Lot.objects.values_list()),
        list(LotDisposal.objects.values_list("lot", "entry", "quantity", "gain")),
    ) == kept
    assert rebuilding.rebuild(empty, now=NOW) == []


def test_the_command(empty: Portfolio, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "history.csv"
    file.write_text(HISTORY)
    call_command("import_history", str(file), "--portfolio", str(empty.pk), "--dry-run")
    assert "10 entries would be booked" in capsys.readouterr().out
    call_command("import_history", str(file), "--portfolio", str(empty.pk))
    assert "Then: $9549.95 in cash; 5 AAPL." in capsys.readouterr().out
    call_command("rebuild_lots", "--portfolio", str(empty.pk))
    assert "Nothing changed" in capsys.readouterr().out
    file.write_text(HEADER + "2024-13-01,buy,AAPL,1,1,,,,,\n")
    with pytest.raises(CommandError, match="row 2, column date"):
        call_command("import_history", str(file), "--portfolio", str(empty.pk))


DAYS = st.integers(0, 300)
TRADES = st.lists(
    st.tuples(DAYS, st.sampled_from(["buy", "buy", "sell"]), st.integers(1, 40), st.integers(100, 99_999)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trades=TRADES, cut=st.integers(0, 12), ratio=st.sampled_from([(10, 1), (3, 2), (1, 7), (4, 1)]), day=DAYS)
def test_in_whichever_pieces_it_comes_the_books_are_the_same(
    ann: User,
    instruments: None,
    trades: list[tuple[int, str, int, int]],
    cut: int,
    ratio: tuple[int, int],
    day: int,
) -> None:
    """Any history, in two files in either order, before and after a split: ledger = lots = holdings, and the same."""
    first = datetime(2024, 1, 1, 15, tzinfo=UTC)
    rows = [
        f"{(first + timedelta(days=at, minutes=n)).isoformat()},{kind},AAPL,{quantity},{D(price) / 100},,,,x{n},\n"
        for n, (at, kind, quantity, price) in enumerate(trades)
    ]
    start = f"{(first - timedelta(days=9)).isoformat()},opening,AAPL,{40 * 12 * 10},1,,,,start,\n"
    CorporateAction.objects.all().delete()
    split = applied_split((first + timedelta(days=day)).date().isoformat(), *ratio)
    results = []
    for n, pieces in enumerate(([rows], [rows[:cut], rows[cut:]], [rows[cut:], rows[:cut]])):
        portfolio = open_portfolio(user=ann, name=f"piece {n} {new_id()}", cash=D(0), now=NOW)
        for piece in pieces:
            try:
                run(portfolio, HEADER + start + "".join(piece), negative=True)
            except BadFile:
                return  # more was sold than there was, in this order: refused as a whole
        assert audit(portfolio) == []
        lots = Lot.objects.filter(portfolio=portfolio).order_by("acquired_at", "cost")
        results.append(
            (
                Portfolio.objects.get(pk=portfolio.pk).cash,
                list(lots.values_list("acquired_at", "quantity", "open_quantity", "cost", "open_cost")),
            )
        )
    assert results[0] == results[1] == results[2]
    ratio_again = Ratio(key=split.key, symbol="AAPL", new=ratio[0], old=ratio[1], at=begins(split.ex_date))
    assert book_split(portfolio=portfolio, ratio=ratio_again, whole=False, price=None, now=NOW) is None


def test_decimals_survive(empty: Portfolio) -> None:
    run(empty, HEADER + "2024-01-02,opening,AAPL,0.123456789,333.33,,,,,\n")
    assert Holding.objects.get().quantity == Decimal("0.123456789")
