"""The word list, for those without a model: VADER, a general-purpose lexicon, with some words as finance uses them.

Hutto & Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text" (ICWSM 2014). It
knows no companies and no context, so its confidence is low by decree. The finance lexicon of Loughran and McDonald is
licensed for research only, and its packages are abandoned.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from agent.news.models import NewsEvent, ReadingMethod
from agent.news.schema import CENT, Asked, Judged

if TYPE_CHECKING:
    from vader import SentimentIntensityAnalyzer

CLEAR, STRONG = 0.2, 0.6  # of VADER's compound, -1 to 1
LEAST, MOST = Decimal("0.10"), Decimal("0.30")  # confidence
# VADER's scale, -4 to 4. Words it lacks, or takes as people use them elsewhere: "shares" is kind, "gross" disgusting.
FINANCE: dict[str, float] = {
    **dict.fromkeys(
        ("share", "shares", "gross", "vice", "crude", "interest", "interests", "treasury", "outstanding"), 0.0
    ),
    **dict.fromkeys(("beat", "beats", "tops", "raises", "jump", "jumps", "gains", "buyback", "rebounds"), 1.7),
    **dict.fromkeys(("surge", "surges", "soar", "soars", "rally", "rallies", "upgrade", "upgrades", "upgraded"), 2.3),
    **dict.fromkeys(("miss", "misses", "fall", "falls", "drop", "drops", "slides", "cuts", "halts", "probe"), -1.7),
    **dict.fromkeys(("plunge", "plunges", "tumbles", "slumps", "downgrade", "downgrades", "downgraded"), -2.3),
    **dict.fromkeys(("recall", "recalls", "lawsuit", "lawsuits", "layoffs", "shortfall", "subpoena", "delays"), -1.8),
    **dict.fromkeys(("bankruptcy", "insolvency", "defaults", "delisted", "delisting", "restatement"), -3.0),
}


class Lexicon:
    """Reads without asking anybody; costs nothing."""

    method = ReadingMethod.LEXICON
    model = ""

    def read(self, asked: Sequence[Asked]) -> list[Judged]:
        """See NewsReader. The headline counts; every symbol of an article gets the same."""
        return [
            Judged(
                article=one.article,
                symbol=symbol,
                sentiment=(tone := _judge(one.article.headline))[0],
                event=NewsEvent.OTHER,
                confidence=tone[1],
            )
            for one in asked
            for symbol in one.symbols
        ]


def _judge(headline: str) -> tuple[int, Decimal]:
    """Sentiment -2 to 2, and a confidence that grows with it."""
    # Fifty exclamation marks are one shout: only words count.
    compound = _analyzer().polarity_scores(headline.replace("!", "").replace("?", ""))["compound"]
    size = 0 if abs(compound) < CLEAR else 1 if abs(compound) < STRONG else 2
    confidence = LEAST + (MOST - LEAST) * Decimal(str(abs(compound)))
    return (size if compound > 0 else -size), confidence.quantize(CENT)


@cache
def _analyzer() -> SentimentIntensityAnalyzer:
    from vader import SentimentIntensityAnalyzer  # noqa: PLC0415  (0.2 s and 3 MB of words, for who reads news)

    return SentimentIntensityAnalyzer(extra_lexicon=FINANCE)
