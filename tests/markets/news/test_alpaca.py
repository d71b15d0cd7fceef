"""The adapter over the wire against the fake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from markets.news import alpaca
from markets.news.alpaca import AlpacaNews
from markets.news.types import Headline, NewsError
from tests.fakes.alpaca import FakeNews, article
from tests.fakes.alpaca.news import KEY, SECRET

NOW = datetime(2026, 6, 1, 15, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)


def some(count: int, symbol: str = "AAPL") -> list[dict[str, Any]]:
    return [article(n, f"Headline {n}", [symbol], NOW - timedelta(minutes=count - n)) for n in range(count)]


def ask(news: FakeNews, *, limit: int = 10, key: str = KEY) -> list[Headline]:
    return AlpacaNews(key=key, secret=SECRET, base_url=news.url).headlines(["AAPL", "MSFT"], YESTERDAY, limit)


def test_what_is_asked_and_what_comes_back() -> None:
    old = article(1, "Too old", ["AAPL"], NOW - timedelta(days=3))
    other = article(2, "Of another", ["TSLA"], NOW)
    told = article(3, "Apple&#39;s  day\n", ["aapl", "MSFT", "AAPL"], NOW, summary="<b>Good</b> &amp; well")
    with FakeNews([old, other, {**told, "symbols": ["AAPL", "MSFT", "AAPL"]}]) as news:
        found = ask(news)
    assert found == [
        Headline(
            provider="alpaca", provider_id="3", headline="Apple's day", summary="<b>Good</b> & well",
            publisher="benzinga", link="https://www.benzinga.com/news/3", symbols=("AAPL", "MSFT"), published_at=NOW,
        )
    ]  # fmt: skip
    assert news.asked == [
        {"symbols": "AAPL,MSFT", "start": "2026-05-31T15:00:00Z", "sort": "desc", "include_content": "false",
         "limit": "10"}
    ]  # fmt: skip
    assert news.headers[0]["apca-api-key-id"] == KEY


def test_pages_are_followed_up_to_the_limit() -> None:
    with FakeNews(some(130)) as news:
        found = ask(news, limit=120)
    assert [one.provider_id for one in found] == [str(n) for n in range(129, 9, -1)]
    assert [query["limit"] for query in news.asked] == ["50", "50", "20"]
    assert [query.get("page_token") for query in news.asked] == [None, "50", "100"]


def test_tokens_without_end_are_not_followed_for_ever() -> None:
    with FakeNews([]) as news:
        news.endless = True
        assert ask(news) == []
    assert len(news.asked) == alpaca.MOST_PAGES


@pytest.mark.parametrize(
    ("fault", "code", "retryable"),
    [
        (401, "KEY_REFUSED", False),
        (403, "KEY_REFUSED", False),
        (422, "BAD_REQUEST", False),
        (429, "RATE_LIMITED", True),
        (500, "PROVIDER_DOWN", True),
        (503, "PROVIDER_DOWN", True),
        (504, "PROVIDER_DOWN", True),
        ("garbage", "UNREACHABLE", True),
        ("strange", "MALFORMED", False),
        ("cut", "UNREACHABLE", True),
        ("hang", "TIMEOUT", True),
    ],
)
def test_faults_have_a_name_and_are_asked_once(
    fault: int | str, code: str, retryable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alpaca, "READ", 0.3)
    with FakeNews(some(1), faults=[fault]) as news, pytest.raises(NewsError) as caught:
        ask(news)
    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    assert "IGNORE" not in caught.value.detail, "what a server says is not repeated"
    assert len(news.asked) == 1, "the client's own retries are off"


def test_wrong_keys_and_nobody_there() -> None:
    with FakeNews(some(1)) as news, pytest.raises(NewsError, match="refused your keys"):
        ask(news, key="PKOTHER")
    with pytest.raises(NewsError) as caught:
        ask(news)
    assert caught.value.code == "UNREACHABLE"


@pytest.mark.parametrize(
    "broken",
    [
        {"id": None},
        {"id": ""},
        {"headline": None},
        {"headline": " \n"},
        {"headline": {"a": 1}},
        {"created_at": "yesterday"},
        {"created_at": 5},
    ],
)
def test_an_article_that_makes_no_sense_is_left_out(broken: dict[str, Any]) -> None:
    bad = {**article(1, "Bad", ["AAPL"], NOW), **broken}
    if not isinstance(bad["created_at"], str) or bad["created_at"] == "yesterday":
        bad["symbols"] = None  # so that the fake does not look at its time
    with FakeNews([bad, article(2, "Good", ["AAPL"], NOW)]) as news:
        assert [one.headline for one in ask(news)] == ["Good"]


def test_texts_are_cut_and_cleaned_and_links_open_in_browsers_only() -> None:
    hostile = article(
        1, "A\x00B\u202eC" + "x" * 1000, ["AAPL"], NOW, url="javascript:alert(1)", summary=7, source="\ud800s"
    )
    with FakeNews([hostile, article(2, "b", ["AAPL"], NOW - timedelta(1), url="http://[bad")]) as news:
        first, second = ask(news)
    assert first.headline.startswith("A B Cx")
    assert (len(first.headline), first.link, first.summary) == (alpaca.LONGEST_HEADLINE, "", "")
    assert second.link == ""
    assert first.publisher.encode()
