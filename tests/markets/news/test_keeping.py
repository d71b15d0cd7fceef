"""News of a user: fetched, kept once, theirs alone, forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts import credentials
from accounts.models import User
from common.clock import now
from markets.models import NewsArticle
from markets.news.keeping import KEPT_FOR, counts, forget_old_news, latest
from markets.news.types import NO_SOURCE
from tests.fakes.alpaca import FakeNews, article
from tests.fakes.alpaca.news import KEY
from tests.site.conftest import client_of

pytestmark = pytest.mark.django_db
Subscribe = Callable[[User, datetime], None]


@pytest.fixture
def ada(newsroom: FakeNews, subscribe: Subscribe) -> User:
    user = User.objects.create_user("ada", password="a-long-password-1")
    subscribe(user, now())
    newsroom.articles = [
        article(1, "Apple rises", ["AAPL"], now() - timedelta(hours=2)),
        article(2, "Both move", ["AAPL", "MSFT"], now() - timedelta(hours=1)),
    ]
    return user


@pytest.fixture
def bob() -> User:
    return User.objects.create_user("bob", password="a-long-password-1")


def fetch(user: User, symbols: list[str] | None = None) -> list[str]:
    at = now()
    found = latest(user_id=user.pk, symbols=symbols or ["AAPL"], since=at - timedelta(days=1), limit=10, now=at)
    return [one.headline for one in found.articles]


def test_an_article_is_kept_once_and_a_changed_text_is_noted(ada: User, newsroom: FakeNews) -> None:
    assert fetch(ada) == ["Both move", "Apple rises"]
    before = NewsArticle.objects.get(provider_id="1")
    assert fetch(ada) == ["Both move", "Apple rises"]
    assert NewsArticle.objects.count() == 2
    same = NewsArticle.objects.get(provider_id="1")
    assert (same.pk, same.changed_at) == (before.pk, before.changed_at)
    newsroom.articles[0]["headline"] = "Apple falls"
    assert fetch(ada) == ["Both move", "Apple falls"]
    changed = NewsArticle.objects.get(provider_id="1")
    assert changed.pk == before.pk
    assert changed.changed_at > before.changed_at == changed.fetched_at


def test_without_both_keys_there_is_no_source_and_no_fault(ada: User, bob: User, newsroom: FakeNews) -> None:
    credentials.store(user=bob, kind="alpaca_key", secret=KEY, now=now())
    found = latest(user_id=bob.pk, symbols=["AAPL"], since=now(), limit=5, now=now())
    assert (found.available, found.reason, found.articles) == (False, NO_SOURCE, ())
    assert newsroom.asked == []


def test_each_user_has_their_own(ada: User, bob: User, subscribe: Subscribe) -> None:
    fetch(ada, ["AAPL", "MSFT"])
    assert counts(user_id=ada.pk, symbols=["AAPL", "MSFT", "TSLA"], since=now() - timedelta(days=1)) == {
        "AAPL": 2,
        "MSFT": 1,
    }
    assert counts(user_id=bob.pk, symbols=["AAPL"], since=now() - timedelta(days=1)) == {}
    subscribe(bob, now())
    fetch(bob)
    assert NewsArticle.objects.filter(user=bob).count() == NewsArticle.objects.filter(user=ada).count() == 2


def test_what_is_over_a_month_old_goes(ada: User) -> None:
    fetch(ada)
    NewsArticle.objects.filter(provider_id="1").update(fetched_at=now() - KEPT_FOR - timedelta(hours=1))
    assert forget_old_news(now()) == 1
    assert [one.provider_id for one in NewsArticle.objects.all()] == ["2"]


def test_over_the_api(ada: User, bob: User, newsroom: FakeNews) -> None:
    answer = client_of(ada).get("/api/markets/news/?symbols=aapl&limit=1")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["available"], told["reason"]) == (True, "")
    assert [one["headline"] for one in told["results"]] == ["Both move"]
    assert set(told["results"][0]) == {
        "id", "provider", "headline", "summary", "publisher", "link", "symbols", "published_at",
    }  # fmt: skip
    nothing = client_of(bob).get("/api/markets/news/?symbols=AAPL")
    assert nothing.status_code == 200
    assert nothing.json() == {"available": False, "reason": NO_SOURCE, "results": []}


def test_a_fault_of_the_source_says_whether_a_retry_helps(ada: User, newsroom: FakeNews) -> None:
    newsroom.faults = [429, 401]
    busy = client_of(ada).get("/api/markets/news/?symbols=AAPL")
    assert (busy.status_code, busy.json()["code"], busy.json()["retryable"]) == (502, "RATE_LIMITED", True)
    refused = client_of(ada).get("/api/markets/news/?symbols=AAPL")
    assert (refused.json()["code"], refused.json()["retryable"]) == ("KEY_REFUSED", False)


@pytest.mark.parametrize("query", ["", "?symbols=", "?symbols=A&days=0", "?symbols=A&limit=101", "?symbols=A&x=1"])
def test_wrong_questions_are_refused_before_anybody_is_asked(ada: User, newsroom: FakeNews, query: str) -> None:
    assert client_of(ada).get(f"/api/markets/news/{query}").status_code == 400
    assert newsroom.asked == []
