"""News as a user was shown it: fetched with their keys, kept once per article, forgotten after a month."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from markets.models import NewsArticle
from markets.news.opening import open_source
from markets.news.types import NO_SOURCE, Headline

KEPT_FOR = timedelta(days=30)
MOST = 100  # articles of one question
LONGEST_BACK = timedelta(days=30)


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """What was found. Without a source `available` is False and `reason` says what to do."""

    articles: tuple[NewsArticle, ...] = ()
    available: bool = True
    reason: str = ""


def latest(*, user_id: int, symbols: Sequence[str], since: datetime, limit: int, now: datetime) -> News:
    """The newest articles about any of the symbols, fetched now. Raises NewsError, Unreadable.

    Talks to another machine: call it outside of transactions.
    """
    source = open_source(user_id=user_id)
    if source is None:
        return News(available=False, reason=NO_SOURCE)
    found = source.headlines(symbols, max(since, now - LONGEST_BACK), min(limit, MOST))
    return News(articles=tuple(_kept(user_id, found, now)))


def counts(*, user_id: int, symbols: Collection[str], since: datetime) -> dict[str, int]:
    """How many kept articles name each symbol since then; symbols without any are left out."""
    found: dict[str, int] = {}
    wanted = set(symbols)
    rows = NewsArticle.objects.filter(user=user_id, published_at__gte=since).values_list("symbols", flat=True)
    for named in rows:
        for symbol in wanted & set(named):
            found[symbol] = found.get(symbol, 0) + 1
    return dict(sorted(found.items()))


def forget_old_news(now: datetime) -> int:
    """Delete what is older than a month, with what was read out of it. Returns how many articles went."""
    old = NewsArticle.objects.filter(fetched_at__lt=now - KEPT_FOR)
    return old.delete()[1].get("markets.NewsArticle", 0)


@transaction.atomic
def _kept(user_id: int, found: Sequence[Headline], now: datetime) -> list[NewsArticle]:
    """The rows of these articles, the newest first. A text that changed is noted: what was read of it is stale."""
    told = {(one.provider, one.provider_id): one for one in found}
    mine = NewsArticle.objects.filter(user=user_id, provider_id__in=[one.provider_id for one in found])
    known = {(row.provider, row.provider_id): row for row in mine}
    fresh = [_row(user_id, one, now) for key, one in told.items() if key not in known]
    NewsArticle.objects.bulk_create(fresh, ignore_conflicts=True)  # somebody else may have been faster
    changed = []
    for key, row in known.items():
        one = told.get(key)
        if one is not None and (row.headline, row.summary, row.symbols) != (one.headline, one.summary, [*one.symbols]):
            row.headline, row.summary, row.symbols, row.changed_at = one.headline, one.summary, [*one.symbols], now
            changed.append(row)
    NewsArticle.objects.bulk_update(changed, ["headline", "summary", "symbols", "changed_at"])
    rows = {(row.provider, row.provider_id): row for row in mine.all()}
    return sorted((rows[key] for key in told if key in rows), key=lambda row: (row.published_at, row.pk), reverse=True)


def _row(user_id: int, one: Headline, now: datetime) -> NewsArticle:
    return NewsArticle(
        user_id=user_id,
        provider=one.provider,
        provider_id=one.provider_id,
        headline=one.headline,
        summary=one.summary,
        publisher=one.publisher,
        link=one.link,
        symbols=list(one.symbols),
        published_at=one.published_at,
        fetched_at=now,
        changed_at=now,
    )
