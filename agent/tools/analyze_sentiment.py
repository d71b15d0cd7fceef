"""How the news bears on some symbols, in numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from agent.news.models import ReadingMethod
from agent.news.reading import MOST_ARTICLES, Tone, tone_of
from agent.tools.base import Answer, Arguments, Context, Reach, Symbol, verified
from common.money import plain

LABELS = {
    ReadingMethod.MODEL: "read by the language model, apart from this run",
    ReadingMethod.LEXICON: "general-purpose word list, offline: low confidence",
}
TAINT = "the tone of news"


class Wanted(Arguments):
    symbols: Annotated[list[Symbol], Field(min_length=1, max_length=10)]
    days: Annotated[int, Field(ge=1, le=30, description="how far back")] = 2
    count: Annotated[int, Field(ge=1, le=MOST_ARTICLES, description="the newest so many articles")] = MOST_ARTICLES


class AnalyzeSentiment:
    """Not a word of the articles comes out. It taints all the same: a stranger's text can push the numbers."""

    name = "analyze_sentiment"
    description = (
        "How the newest articles bear on up to 10 symbols: per article sentiment -2 to 2, event and confidence, and "
        "the mean per symbol. A run that has used it can only propose, because whoever writes news can sway it."
    )
    arguments = Wanted
    reach = Reach.READ
    outward = True

    def run(self, arguments: Wanted, context: Context) -> Answer:
        symbols = verified(arguments.symbols)
        tone = tone_of(
            user_id=context.user.pk,
            symbols=symbols,
            since=context.now - timedelta(days=arguments.days),
            limit=arguments.count,
            reader=context.reader,
            run_id=context.run_id,
            now=context.now,
        )
        if not tone.available:
            return Answer(content={"available": False, "reason": tone.reason})
        return Answer(content=_said(tone, symbols), taint=TAINT if tone.readings else "")


def _said(tone: Tone, symbols: list[str]) -> dict[str, object]:
    means = {symbol: tone.of(symbol) for symbol in symbols}
    return {
        "available": True,
        "method": tone.method.value,
        "method_is": LABELS[tone.method],
        "symbols": {
            symbol: {
                "articles": sum(one.symbol == symbol for one in tone.readings),
                "sentiment": None if mean is None else plain(mean),
            }
            for symbol, mean in means.items()
        },
        "readings": [
            {
                "article": one.article_id,
                "at": one.article.published_at.isoformat(timespec="minutes"),
                "symbol": one.symbol,
                "sentiment": one.sentiment,
                "event": one.event,
                "confidence": plain(one.confidence),
            }
            for one in tone.readings
        ],
    }


ANALYZE_SENTIMENT = AnalyzeSentiment()
