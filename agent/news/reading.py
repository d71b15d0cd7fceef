"""The tone of the news about some symbols: fetched, read once per article, kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import F

from agent.news.lexicon import Lexicon
from agent.news.models import NewsReading, ReadingMethod
from agent.news.schema import CENT, MOST_READINGS, Asked, NewsReader
from markets.models import NewsArticle
from markets.news.keeping import latest

MOST_ARTICLES = 10  # of one question to a model: more would not be answered with care


@dataclass(frozen=True, kw_only=True, slots=True)
class Tone:
    """The readings, the newest article first, and who read. Without a source of news `reason` says what to do."""

    readings: tuple[NewsReading, ...] = ()
    method: ReadingMethod = ReadingMethod.LEXICON
    available: bool = True
    reason: str = ""

    def of(self, symbol: str) -> Decimal | None:
        """The mean sentiment of a symbol, -2 to 2, weighed by confidence; None without any confidence."""
        mine = [one for one in self.readings if one.symbol == symbol]
        weight = sum((one.confidence for one in mine), Decimal(0))
        if not weight:
            return None
        return (sum((one.sentiment * one.confidence for one in mine), Decimal(0)) / weight).quantize(CENT)


def tone_of(
    *,
    user_id: int,
    symbols: Sequence[str],
    since: datetime,
    limit: int,
    reader: NewsReader | None,
    run_id: UUID | None,
    now: datetime,
) -> Tone:
    """Read the newest articles about the symbols. Without a reader the word list does. Raises NewsError, Unread.

    Talks to other machines: call it outside of transactions.
    """
    by = reader or Lexicon()
    news = latest(user_id=user_id, symbols=symbols, since=since, limit=min(limit, MOST_ARTICLES), now=now)
    if not news.available:
        return Tone(method=by.method, available=False, reason=news.reason)
    about = _about(news.articles, symbols)
    missing = _unread(about, by.method)
    fresh = [
        NewsReading(
            article=one.article,
            symbol=one.symbol,
            method=by.method,
            model=by.model,
            sentiment=one.sentiment,
            event=one.event,
            confidence=one.confidence,
            run_id=run_id,
            at=now,
        )
        for one in (by.read(missing) if missing else ())
    ]
    with transaction.atomic():  # readings of a text that has changed since make room
        stale = NewsReading.objects.filter(article__in=[one.article for one in missing], method=by.method)
        stale.filter(at__lt=F("article__changed_at")).delete()
        NewsReading.objects.bulk_create(fresh, ignore_conflicts=True)  # another run may have been faster
    wanted = {(one.article.pk, symbol) for one in about for symbol in one.symbols}
    rows = NewsReading.objects.filter(article__in=[one.article for one in about], method=by.method)
    found = rows.select_related("article").order_by("-article__published_at", "article_id", "symbol")
    return Tone(readings=tuple(row for row in found if (row.article_id, row.symbol) in wanted), method=by.method)


def _about(articles: Sequence[NewsArticle], symbols: Sequence[str]) -> list[Asked]:
    """The articles with those of the symbols they name, as many as one question may have."""
    found: list[Asked] = []
    room = MOST_READINGS
    for article in articles:
        named = tuple(symbol for symbol in symbols if symbol in article.symbols)[:room]
        if named:
            found.append(Asked(article=article, symbols=named))
            room -= len(named)
    return found


def _unread(about: Sequence[Asked], method: ReadingMethod) -> list[Asked]:
    """What is left to read: nothing is read, or paid for, twice unless its text has changed."""
    rows = NewsReading.objects.filter(article__in=[one.article for one in about], method=method)
    known = set(rows.filter(at__gte=F("article__changed_at")).values_list("article_id", "symbol"))
    left = [
        Asked(article=one.article, symbols=tuple(s for s in one.symbols if (one.article.pk, s) not in known))
        for one in about
    ]
    return [one for one in left if one.symbols]
