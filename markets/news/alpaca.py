"""News from Alpaca (Benzinga's wire): GET /v1beta1/news with the user's keys.

The client of alpaca-py signs and sends; pages, time limits and errors are ours, because its own have none: it waits for
ever, sleeps through 429s, and follows page tokens without end.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from markets.news.types import Headline, NewsError

if TYPE_CHECKING:
    from alpaca.data.historical.news import NewsClient

NAME = "alpaca"
PAGE = 50  # articles, the most one answer may have
MOST_PAGES = 5
CONNECT, READ = 3.05, 8.0  # seconds, of one page
LONGEST_HEADLINE, LONGEST_SUMMARY, LONGEST_NAME, LONGEST_LINK = 400, 2000, 80, 500
MOST_SYMBOLS = 50  # of one article: round-ups name hundreds


class AlpacaNews:
    """`base_url` is for tests, None for Alpaca itself."""

    name = NAME

    def __init__(self, *, key: str, secret: str, base_url: str | None = None) -> None:
        self._key, self._secret, self._base_url = key, secret, base_url

    def headlines(self, symbols: Sequence[str], since: datetime, limit: int) -> list[Headline]:
        """See NewsSource. An article that makes no sense is left out."""
        found: list[Headline] = []
        for raw in self._articles(symbols, since, limit):
            article = _read(raw)
            if article is not None:
                found.append(article)
        return found[:limit]

    def _articles(self, symbols: Sequence[str], since: datetime, limit: int) -> Iterator[Any]:
        """Raw articles, page by page; at most MOST_PAGES, whatever tokens the answers hold."""
        client = self._client()
        asked: dict[str, Any] = {
            "symbols": ",".join(symbols),
            "start": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "sort": "desc",
            "include_content": "false",
        }
        left = limit
        try:
            for _ in range(MOST_PAGES):
                answer = _page(client, {**asked, "limit": min(left, PAGE)})
                articles, token = answer["news"], answer.get("next_page_token")
                yield from articles
                left -= len(articles)
                if not token or left <= 0:
                    return
                asked["page_token"] = token
        finally:
            client._session.close()

    def _client(self) -> NewsClient:
        # 36 MB and a second, that only a process which fetches news pays.
        from alpaca.data.historical.news import NewsClient  # noqa: PLC0415
        from requests.adapters import HTTPAdapter  # noqa: PLC0415

        class InTime(HTTPAdapter):
            """Gives every request a time limit: the client has no option for one."""

            def send(self, request: Any, *args: Any, **options: Any) -> Any:
                return super().send(request, *args, **{**options, "timeout": (CONNECT, READ)})

        client = NewsClient(
            api_key=self._key, secret_key=self._secret, raw_data=True, url_override=self._base_url or None
        )
        client._retry = 0  # its constructor cannot say so: 0 is taken for "not given"
        client._session.trust_env = False  # no netrc, no proxy: the keys go to Alpaca only
        client._session.mount("https://", InTime())
        client._session.mount("http://", InTime())
        return client


def _page(client: NewsClient, params: Mapping[str, Any]) -> dict[str, Any]:
    """One answer. Raises NewsError in our own words."""
    from alpaca.common.exceptions import APIError  # noqa: PLC0415  (as above)
    from requests import RequestException, Timeout  # noqa: PLC0415

    try:
        answer = client.get("/news", dict(params))
    except APIError as error:
        raise _refused(error.status_code or 0) from None
    except Timeout:
        raise NewsError(f"Alpaca's news did not answer within {READ:.0f} s.", code="TIMEOUT", retryable=True) from None
    except (RequestException, ValueError):  # no connection, or no JSON
        raise NewsError("Alpaca's news cannot be reached.", code="UNREACHABLE", retryable=True) from None
    if not isinstance(answer, dict) or not isinstance(answer.get("news"), list):
        raise NewsError("Alpaca's news answered something that is no list of news.", code="MALFORMED", retryable=False)
    return answer


def _refused(status: int) -> NewsError:
    if status in (401, 403):
        return NewsError("Alpaca refused your keys: enter them again in Settings.", code="KEY_REFUSED", retryable=False)
    if status == 429:
        return NewsError("Alpaca was asked too often.", code="RATE_LIMITED", retryable=True)
    if status >= 500:
        return NewsError(f"Alpaca's news is down ({status}).", code="PROVIDER_DOWN", retryable=True)
    return NewsError(f"Alpaca did not understand the question ({status}).", code="BAD_REQUEST", retryable=False)


def _read(raw: Any) -> Headline | None:
    """One article, cleaned; None when it has no id, no headline or no time."""
    if not isinstance(raw, dict) or raw.get("id") in (None, ""):
        return None
    headline = _text(raw.get("headline"), LONGEST_HEADLINE)
    at = _time(raw.get("created_at"))
    if not headline or at is None:
        return None
    named = raw.get("symbols")
    symbols = [str(one).upper()[:20] for one in named if one] if isinstance(named, list) else []
    return Headline(
        provider=NAME,
        provider_id=str(raw["id"])[:40],
        headline=headline,
        summary=_text(raw.get("summary"), LONGEST_SUMMARY),
        publisher=_text(raw.get("source"), LONGEST_NAME),
        link=_link(raw.get("url")),
        symbols=tuple(_plain(one) for one in dict.fromkeys(symbols[:MOST_SYMBOLS])),
        published_at=at,
    )


def _text(value: Any, longest: int) -> str:
    """Entities resolved, white space and control characters made one space."""
    return _plain(html.unescape(value))[:longest] if isinstance(value, str) else ""


def _plain(text: str) -> str:
    kept = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(kept.encode("utf-8", "replace").decode().split())


def _link(value: Any) -> str:
    """An address a browser may open; nothing else."""
    if not isinstance(value, str) or len(value) > LONGEST_LINK or not value.isprintable():
        return ""
    try:
        parts = urlsplit(value)
    except ValueError:
        return ""
    return value if parts.scheme in ("http", "https") and parts.hostname else ""


def _time(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
