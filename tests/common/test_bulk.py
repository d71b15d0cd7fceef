"""Bulk inserts by column: every value arrives as it was, odd texts included."""

from datetime import UTC, datetime
from decimal import Decimal as D

import pytest

from common import bulk
from common.models import Heartbeat
from markets.models import Exchange, Instrument, Quote

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 15, 0, 0, 123456, tzinfo=UTC)
ODD = ['a "quoted" one', "back\\slash", "{braces}", "comma,", "NULL", "", "é\nnew line"]


def test_texts_and_json_survive():
    rows = [Heartbeat(process=f"p{n}", at=NOW, details={"text": text, "none": None}) for n, text in enumerate(ODD)]
    bulk.insert(Heartbeat, rows)
    found = Heartbeat.objects.order_by("process")
    assert [row.details for row in found] == [row.details for row in rows]
    assert {row.at for row in found} == {NOW}


def test_numbers_flags_keys_and_nothing_survive():
    Exchange.objects.create(code="X", name="X")
    instrument = Instrument(symbol='A"B', name="x", exchange_id="X", fractionable=False)
    bulk.insert(Instrument, [instrument])
    values = {"last": D("189.500000001"), "low": D(1), "high": D(200), "range_since": NOW, "at": NOW}
    bulk.insert(Quote, [Quote(instrument=instrument, received_at=NOW, source="t", **values)])
    quote = Quote.objects.select_related("instrument").get()
    assert (quote.last, quote.bid, quote.dirty) == (D("189.500000001"), None, True)
    assert (quote.instrument.symbol, quote.instrument.fractionable) == ('A"B', False)


def test_nothing_is_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        bulk.insert(Heartbeat, [])


def test_a_text_too_long_for_its_column_is_refused_not_cut():
    with pytest.raises(Exception, match="too long"):
        bulk.insert(Heartbeat, [Heartbeat(process="x" * 81, at=NOW)])
