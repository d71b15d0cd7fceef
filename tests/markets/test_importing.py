from __future__ import annotations

import io
import json
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from common.errors import InvalidInput
from markets import importing
from markets.importing import BadFile, import_bars_csv
from markets.models import Bar
from tests.markets.conftest import NOW

HEADER = "date,symbol,open,high,low,close,volume\n"
GOOD = HEADER + "2026-11-18,AAPL,10,12,9,11,500\n2026-11-19,aapl,11,13,10,12.5,\n"


def load(text, timeframe="1d", **options):
    return import_bars_csv(content=text, timeframe=timeframe, now=NOW, **options)


def mistakes(text, timeframe="1d", **options):
    with pytest.raises(BadFile) as caught:
        load(text, timeframe, **options)
    assert not Bar.objects.exists()
    return [(m.row, m.column, m.value) for m in caught.value.mistakes]


def test_a_good_file_is_imported_and_again_without_change(stocks):
    result = load(GOOD)
    assert (result.rows, result.symbols) == (2, ("AAPL",))
    rows = list(Bar.objects.order_by("at").values_list("open", "high", "low", "close", "volume"))
    assert rows == [(10, 12, 9, 11, 500), (11, 13, 10, Decimal("12.5"), 0)]
    load(GOOD)
    assert list(Bar.objects.order_by("at").values_list("open", "high", "low", "close", "volume")) == rows
    load(HEADER + "2026-11-18,AAPL,10,12,9,10,1\n")  # a corrected row replaces the stored one
    assert Bar.objects.get(at="2026-11-18T00:00:00Z").close == 10


def test_a_dry_run_writes_nothing(stocks):
    assert load(GOOD, dry_run=True).rows == 2
    assert not Bar.objects.exists()


def test_header_spelling_bom_and_further_columns(stocks):
    text = "\ufeffDate,Open,High,Low,Close,Adj Close\n2026-11-18,10,12,9,11,5\n"
    assert load(text, symbol="spy").ignored_columns == ("adj close",)
    assert Bar.objects.get().instrument_id == "SPY"


def test_minute_bars_are_stored_in_utc(stocks):
    load("at,open,high,low,close\n2026-11-18T09:30:00-05:00,10,12,9,11\n", "1m", symbol="AAPL")
    assert Bar.objects.get().at.isoformat() == "2026-11-18T14:30:00+00:00"


NEW_YORK = ZoneInfo("America/New_York")
MINUTES = "at,open,high,low,close\n"


def test_minute_bars_without_an_offset_are_read_in_the_zone_given(stocks):
    text = MINUTES + "2026-11-18T09:30:00,10,12,9,11\n2026-07-01 09:30,10,12,9,11\n2026-11-18T14:31:00Z,10,12,9,11\n"
    load(text, "1m", symbol="AAPL", zone=NEW_YORK)
    assert [f"{bar.at:%m-%d %H:%M}" for bar in Bar.objects.order_by("at")] == [
        "07-01 13:30",
        "11-18 14:30",
        "11-18 14:31",
    ]


def test_times_that_a_change_of_clocks_makes_unclear_are_mistakes(stocks):
    text = (
        MINUTES + "2026-03-08T02:30:00,10,12,9,11\n2026-11-01T01:30:00,10,12,9,11\n2026-11-01T01:30:00-04:00,1,2,1,1\n"
    )
    with pytest.raises(BadFile) as caught:
        load(text, "1m", symbol="AAPL", zone=NEW_YORK)
    assert [(m.row, m.fix.split(" in ")[0]) for m in caught.value.mistakes] == [
        (2, "does not exist"),
        (3, "comes twice"),
    ]
    assert not Bar.objects.exists()


def test_the_same_minute_in_two_spellings_is_there_twice(stocks):
    text = MINUTES + "2026-11-18T09:30:00-05:00,10,12,9,11\n2026-11-18T14:30:00Z,10,12,9,11\n"
    assert mistakes(text, "1m", symbol="AAPL") == [(3, "at", "2026-11-18T14:30:00Z")]


def test_one_bad_row_among_many_minutes_rejects_the_file(stocks):
    rows = [f"2026-11-18T{14 + n // 60}:{n % 60:02}:00Z,10,12,9,11" for n in range(200)]
    rows[123] = rows[123].replace(",12,", ",twelve,")
    assert mistakes(MINUTES + "\n".join(rows), "1m", symbol="AAPL") == [(125, "high", "twelve")]


def test_imported_bars_say_that_they_were(stocks):
    load(MINUTES + "2026-11-18T14:30:00Z,10,12,9,11\n", "1m", symbol="AAPL", source="stooq")
    assert Bar.objects.get().source == "csv:stooq"


def test_every_mistake_is_named_and_nothing_is_written(stocks):
    text = HEADER + "\n".join(
        [
            "2026-11-18,AAPL,10,12,9,11,5",
            "2026-11-17,AAPL,ten,12,9,11,5",
            "2026-11-16,AAPL,10,NaN,9,11,5",
            "2026-11-13,AAPL,-10,12,9,11,5",
            "2026-11-12,AAPL,10,8,9,10,5",
            "2026-11-11,AAPL,10,10.5,9,11,5",
            "2026-11-10,AAPL,10,12,10.5,11,5",
            "2026-11-18,AAPL,10,12,9,11,5",
            "2026-11-09,NOPE,10,12,9,11,5",
            "18/11/2026,AAPL,10,12,9,11,5",
            "2026-11-06T05:00:00Z,AAPL,10,12,9,11,5",
            "2026-11-05,AAPL,10,12,9,11,-5",
            "2026-11-21,AAPL,10,12,9,11,5",
            '2026-11-04,AAPL,"1,000",1200,900,1100,5',
            "2026-11-03,AAPL,10,12",
            "2026-11-02,AAPL,0,12,0,11,5",
            "2026-10-30,AAPL,1e15,1e15,9,11,5",
        ]
    )
    assert mistakes(text) == [
        (3, "open", "ten"),
        (4, "high", "NaN"),
        (5, "open", "-10"),
        (6, "high", "8"),
        (7, "high", "10.5"),
        (8, "low", "10.5"),
        (9, "date", "2026-11-18"),
        (10, "symbol", "NOPE"),
        (11, "date", "18/11/2026"),
        (12, "date", "2026-11-06T05:00:00Z"),
        (13, "volume", "-5"),
        (14, "date", "2026-11-21"),
        (15, "open", "1,000"),
        (16, "row", "2026-11-03,AAPL,10,12"),
        (17, "open", "0"),
        (17, "low", "0"),
        (18, "open", "1e15"),
        (18, "high", "1e15"),
    ]


@pytest.mark.parametrize(
    ("time", "says"),
    [
        ("2026-11-18T14:30:00", "no time zone"),
        ("2026-11-18T14:30:30Z", "start of a minute"),
        ("14:30", "not a time"),
        ("2026-11-20T15:01:00Z", "future"),
    ],
)
def test_minute_times(stocks, time, says):
    with pytest.raises(BadFile, match=says):
        load(f"at,open,high,low,close\n{time},10,12,9,11\n", "1m", symbol="AAPL")


def test_missing_and_doubled_columns(stocks):
    assert mistakes("date,symbol,open,high,low\n") == [(1, "close", "date,symbol,open,high,low")]
    assert [column for _, column, _ in mistakes("open,high,low,close\n")] == ["symbol", "date"]
    assert [column for _, column, _ in mistakes("date,open,open,high,low,close\n", symbol="AAPL")] == ["open"]


@pytest.mark.parametrize(
    ("text", "options", "field"),
    [
        ("", {}, "file"),
        (HEADER, {}, "file"),
        (GOOD, {"timeframe": "5m"}, "timeframe"),
        (GOOD, {"symbol": "NOPE"}, "symbol"),
    ],
)
def test_unusable_files_and_arguments(stocks, text, options, field):
    with pytest.raises(InvalidInput) as caught:
        load(text, **{"timeframe": "1d", **options})
    assert list(caught.value.errors) == [field]


def test_too_large_a_file_is_refused_before_it_is_read_whole(stocks, monkeypatch):
    monkeypatch.setattr(importing, "LARGEST_FILE", 50)
    with pytest.raises(InvalidInput, match="split it"):
        load(io.StringIO(GOOD))


def test_only_so_many_mistakes_are_spelled_out(stocks, monkeypatch):
    monkeypatch.setattr(importing, "MOST_ERRORS", 1)
    with pytest.raises(BadFile) as caught:
        load(HEADER + "x,AAPL,1,1,1,1,1\ny,AAPL,1,1,1,1,1\n")
    assert caught.value.errors["file"] == ["1 more mistakes: fix these first."]


def test_the_command(stocks, tmp_path, capsys):
    file = tmp_path / "bars.csv"
    file.write_text(GOOD)
    call_command("import_bars", str(file), "--timeframe", "1d", "--dry-run")
    assert "would import 2 bars of AAPL" in capsys.readouterr().out
    call_command("import_bars", str(file), "--timeframe", "1d", "--json")
    assert json.loads(capsys.readouterr().out)["rows"] == 2
    file.write_text(HEADER + "2026-11-18,AAPL,x,12,9,11,5\n")
    with pytest.raises(CommandError, match="row 2, column open: 'x' is not a number"):
        call_command("import_bars", str(file), "--timeframe", "1d")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_bars", str(tmp_path / "absent.csv"), "--timeframe", "1d")
