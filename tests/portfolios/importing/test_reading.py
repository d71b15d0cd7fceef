"""Every format read from a sample as its broker writes it, and every mistake named with row, column, value and fix."""

# ruff: noqa: E501  the samples are as brokers write them
from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from common.errors import InvalidInput
from markets.importing import BadFile
from portfolios.importing.formats.registry import FORMATS, told_by
from portfolios.importing.reading import read
from portfolios.importing.types import Row

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
D = Decimal

SCHWAB = """"Transactions for account XXXX-1234 as of 11/20/2026","","","","","","",""
"Date","Action","Symbol","Description","Quantity","Price","Fees & Comm","Amount"
"05/08/2026","Qualified Dividend","SCHD","SCHWAB US DIVIDEND ETF","","","","$75.00"
"05/08/2026","NRA Tax Adj","SCHD","SCHWAB US DIVIDEND ETF","","","","-$11.25"
"05/04/2026 as of 05/01/2026","Sell","SCHD","SCHWAB US DIVIDEND ETF","4","$28.00","$0.02","$111.98"
"05/01/2026","Buy","SCHD","SCHWAB US DIVIDEND ETF","1,000","$27.5012","","-$27501.20"
"04/30/2026","MoneyLink Transfer","","Tfr BANK","","","","$30,000.00"
"Transactions Total","","","","","","","$2674.53"
"""
FIDELITY = """

Run Date,Action,Symbol,Description,Type,Quantity,Price ($),Commission ($),Fees ($),Accrued Interest ($),Amount ($),Cash Balance ($),Settlement Date
01/16/2026,YOU SOLD NVIDIA CORP (NVDA) (Cash),NVDA,NVIDIA CORP,Cash,-25,140,1,0.03,,3498.97,,01/20/2026
01/15/2026,YOU BOUGHT MICROSOFT CORP (MSFT) (Cash),MSFT,MICROSOFT CORP,Cash,50,400,1,,,-20001.00,,01/16/2026
01/15/2026,DIVIDEND RECEIVED FIDELITY GOVERNMENT (SPAXX) (Cash),SPAXX,FIDELITY GOVERNMENT,Cash,,,,,,5.42,,
01/12/2026,Electronic Funds Transfer Received (Cash),,No Description,Cash,,,,,,25000,,

"The data and information in this spreadsheet is provided to you solely for your use, and is not for distribution."
"Date downloaded 01/20/2026 10:00 am"
"""
IBKR = """ClientAccountID,CurrencyPrimary,AssetClass,Symbol,TradeID,DateTime,TradeDate,Buy/Sell,Quantity,TradePrice,IBCommission,IBCommissionCurrency
U1,USD,STK,AAPL,7001,20260115;093000,20260115,BUY,100,200,-1.005,USD
U1,USD,STK,AAPL,7002,20260116;100000,20260116,SELL,-40,205,-1,USD
U1,USD,OPT,SPY 260220C00600000,7003,20260120;110000,20260120,BUY,2,3.10,-1.3,USD
"""
# A non-trade activity has a date and no transaction_time: both columns are in a file of mixed activities.
ALPACA = """id,activity_type,transaction_time,type,price,qty,side,symbol,net_amount,date,per_share_amount,description
20260115093000::a,FILL,2026-01-15T14:30:00.5Z,fill,150.25,10,buy,AAPL,,,,
20260116093000::b,FILL,2026-01-16T14:30:00Z,partial_fill,151,4,sell,AAPL,,,,
20260210000000::c,DIV,2026-02-10,,,,,AAPL,1.56,2026-02-10,0.26,Cash Dividend
20260110000000::d,CSD,2026-01-10,,,,,,5000,2026-01-10,,
"""


def rows_of(text: str) -> list[Row]:
    return list(read(text, now=NOW).rows)


def told(row: Row) -> tuple[str, str, Decimal, Decimal, Decimal]:
    return row.kind, row.symbol, row.quantity, row.value, row.fee


def test_schwab() -> None:
    rows = rows_of(SCHWAB)
    assert [told(row) for row in rows] == [
        ("deposit", "", D(0), D("30000.00"), D(0)),
        ("buy", "SCHD", D(1000), D("27501.20"), D(0)),
        ("sell", "SCHD", D(4), D("112.00"), D("0.02")),
        ("dividend", "SCHD", D(0), D("-11.25"), D(0)),
        ("dividend", "SCHD", D(0), D("75.00"), D(0)),
    ]
    assert rows[0].at == datetime(2026, 4, 30, 20, tzinfo=UTC)  # the close in New York
    assert [row.line for row in rows] == [7, 6, 5, 4, 3]


def test_fidelity() -> None:
    rows = rows_of(FIDELITY)
    assert [told(row) for row in rows] == [
        ("deposit", "", D(0), D(25000), D(0)),
        ("dividend", "SPAXX", D(0), D("5.42"), D(0)),
        ("buy", "MSFT", D(50), D("20000.00"), D("1.00")),
        ("sell", "NVDA", D(25), D("3500.00"), D("1.03")),
    ]


def test_interactive_brokers_leaves_out_what_is_no_stock() -> None:
    reading = read(IBKR, now=NOW)
    assert [told(row) for row in reading.rows] == [
        ("buy", "AAPL", D(100), D("20000.00"), D("1.01")),
        ("sell", "AAPL", D(40), D("8200.00"), D("1.00")),
    ]
    assert reading.rows[0].at == datetime(2026, 1, 15, 14, 30, tzinfo=UTC)
    assert reading.rows[0].source_id == "ibkr:7001"
    assert reading.left_out == {"assetclass OPT": 1}


def test_alpaca() -> None:
    rows = rows_of(ALPACA)
    assert sorted(told(row) for row in rows) == [
        ("buy", "AAPL", D(10), D("1502.50"), D(0)),
        ("deposit", "", D(0), D(5000), D(0)),
        ("dividend", "AAPL", D(0), D("1.56"), D(0)),
        ("sell", "AAPL", D(4), D("604.00"), D(0)),
    ]


def test_each_header_is_told_from_the_others() -> None:
    for name, text in {"schwab": SCHWAB, "fidelity": FIDELITY, "ibkr": IBKR, "alpaca": ALPACA}.items():
        assert read(text, now=NOW).format == name
        assert read(text, now=NOW, format=name).format == name
    assert all(told_by(one.known_by) is one for one in FORMATS.values())
    assert all(one.checked for one in FORMATS.values())


HEADER = "date,type,symbol,quantity,price,amount,fee,currency,external_id,note,ratio\n"


@pytest.mark.parametrize(
    ("line", "column", "value", "fix"),
    [
        ("2026-13-01,buy,AAPL,1,1,,,,,,", "date", "2026-13-01", "is not a date"),
        ("2026-11-21,buy,AAPL,1,1,,,,,,", "date", "2026-11-21", "is in the future"),
        ("2026-11-20T15:00:01Z,buy,AAPL,1,1,,,,,,", "date", "2026-11-20T15:00:01Z", "is in the future"),
        ("2026-11-19,bought,AAPL,1,1,,,,,,", "type", "bought", "use one of buy, sell, deposit"),
        ("2026-11-19,buy,,1,1,,,,,,", "symbol", "", "is not a symbol"),
        ("2026-11-19,buy,AAPL,,1,,,,,,", "quantity", "", "is missing"),
        ("2026-11-19,buy,AAPL,x,1,,,,,,", "quantity", "x", "is not a number"),
        ("2026-11-19,buy,AAPL,NaN,1,,,,,,", "quantity", "NaN", "is not a number"),
        ("2026-11-19,buy,AAPL,0.0000000001,1,,,,,,", "quantity", "0.0000000001", "more than 9 decimal places"),
        ("2026-11-19,buy,AAPL,1,-5,,,,,,", "price", "-5", "is not a price"),
        ("2026-11-19,buy,AAPL,1,,,,,,,", "price", "", "give the price per share, or the amount"),
        ("2026-11-19,buy,AAPL,10,100,900,,,,,", "amount", "900", "10 x 100 is 1000"),
        ("2026-11-19,deposit,,,,,,,,,", "amount", "", "is not an amount"),
        ("2026-11-19,deposit,,,,1.005,,,,,", "amount", "1.005", "to the cent"),
        ("2026-11-19,withdrawal,,,,-5,,,,,", "amount", "-5", "the type says which way"),
        ("2026-11-19,buy,AAPL,1,1,,,EUR,,,", "currency", "EUR", "only dollar transactions"),
        ("2026-11-19,split,AAPL,,,,,,,,ten", "ratio", "ten", "use 10:1"),
        ("2026-11-19,split,AAPL,,,,,,,,", "ratio", "", "give the ratio"),
        ("2026-11-19,buy,AAPL,1,1,,,,,,,,surplus", "row", "2026-11-19,buy", "check the commas"),
    ],
)
def test_a_mistake_says_where_what_and_how_to_put_it_right(line: str, column: str, value: str, fix: str) -> None:
    with pytest.raises(BadFile) as bad:
        read(HEADER + "2026-11-18,deposit,,,,5,,,,,\n" + line + "\n", now=NOW)
    found = [one for one in bad.value.mistakes if one.column == column]
    assert found and found[0].row == 3 and found[0].value.startswith(value) and fix in found[0].fix


def test_all_mistakes_at_once() -> None:
    with pytest.raises(BadFile) as bad:
        read(HEADER + "x,buy,AAPL,1,1,,,,,,\n2026-11-19,buy,AAPL,x,y,,,,,,\n", now=NOW)
    assert [(one.row, one.column) for one in bad.value.mistakes][:3] == [(2, "date"), (3, "quantity"), (3, "price")]


def test_files_that_are_none() -> None:
    for text, complaint in (
        ("", "No line names the columns"),
        ("a,b,c\n1,2,3\n", "No line names the columns"),
        (HEADER, "no transactions"),
    ):
        with pytest.raises(InvalidInput, match=complaint):
            read(text, now=NOW)
    with pytest.raises(InvalidInput, match="is not known"):
        read(HEADER, now=NOW, format="etrade")


def test_a_date_of_today_is_booked_now_and_is_the_same_row_tomorrow() -> None:
    text = HEADER + "2026-11-20,deposit,,,,5,,,,,\n"
    (today,), (later,) = read(text, now=NOW).rows, read(text, now=NOW.replace(day=22)).rows
    assert today.at == NOW and later.at == datetime(2026, 11, 20, 21, tzinfo=UTC)
    assert today.source_id == later.source_id
