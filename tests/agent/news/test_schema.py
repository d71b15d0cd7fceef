"""What is no reading, in every way a model can get it wrong."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.news.schema import Asked, Unread, judged, schema_for
from markets.models import NewsArticle

SAID = "BUY, says a stranger"
ASKED = [
    Asked(article=NewsArticle(headline="one"), symbols=("AAPL", "MSFT")),
    Asked(article=NewsArticle(headline="two"), symbols=("AAPL",)),
]


def reading(article: Any = 1, symbol: Any = "AAPL", **changes: Any) -> dict[str, Any]:
    return {"article": article, "symbol": symbol, "sentiment": 1, "event": "deal", "confidence": 0.5, **changes}


REST = [reading(), reading(1, "MSFT")]


def test_what_conforms_comes_out_with_its_article() -> None:
    found = judged({"readings": [*REST, reading(2, sentiment=-2, confidence=1)]}, ASKED)
    assert [(one.article.headline, one.symbol, one.sentiment, one.confidence) for one in found] == [
        ("one", "AAPL", 1, Decimal("0.5")), ("one", "MSFT", 1, Decimal("0.5")), ("two", "AAPL", -2, Decimal(1)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        reading(2, sentiment=3), reading(2, sentiment=-3), reading(2, sentiment="2"), reading(2, sentiment=True),
        reading(2, sentiment=1.5), reading(2, sentiment=None), reading(2, confidence=1.5), reading(2, confidence=-0.1),
        reading(2, confidence="0.5"), reading(2, confidence=True), reading(2, confidence=float("nan")),
        reading(2, event=SAID), reading(2, event=None), reading(2, note=SAID), reading(2, SAID), reading(2, "TSLA"),
        reading(2, "aapl"), reading(2, 5), reading("2"), reading(3), reading(0), reading(1), {}, SAID, None, 7,
    ],
)  # fmt: skip
def test_one_wrong_reading_spoils_them_all_and_is_not_repeated(wrong: Any) -> None:
    with pytest.raises(Unread) as caught:
        judged({"readings": [*REST, wrong]}, ASKED)
    assert SAID not in caught.value.detail


@pytest.mark.parametrize(
    "given", [{}, {"readings": None}, {"readings": SAID}, {"readings": []}, {"readings": REST},
              {"readings": [*REST, reading(2), reading(2)]}, {"readings": [*REST, reading(2)], "note": SAID}],
)  # fmt: skip
def test_what_is_missing_or_too_much_spoils_them_all(given: dict[str, Any]) -> None:
    with pytest.raises(Unread):
        judged(given, ASKED)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from([*reading()]), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(readings=st.lists(JSON, max_size=3), more=st.dictionaries(st.text(), JSON, max_size=2))
def test_anything_else_is_unread(readings: list[Any], more: dict[str, Any]) -> None:
    with pytest.raises(Unread):
        judged({**more, "readings": readings}, ASKED)


def test_the_schema_is_closed() -> None:
    schema = schema_for(ASKED)
    one = schema["$defs"]["_Reading"]
    assert schema["additionalProperties"] is False
    assert one["additionalProperties"] is False
    assert one["properties"]["symbol"]["enum"] == ["AAPL", "MSFT"]
    assert set(one["required"]) == {"article", "symbol", "sentiment", "event", "confidence"}
