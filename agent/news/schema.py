"""The closed form of a reading. Nothing else leaves a reader: no word of an article, no word of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.news.models import NewsEvent, ReadingMethod
from common.errors import PufflingError
from markets.models import NewsArticle

MOST_READINGS = 50  # of one question
CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """An article, and the symbols it is to be read for."""

    article: NewsArticle
    symbols: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """An article judged for one symbol: sentiment -2 to 2, confidence 0 to 1."""

    article: NewsArticle
    symbol: str
    sentiment: int
    event: NewsEvent
    confidence: Decimal


class NewsReader(Protocol):
    """Whoever can judge articles."""

    @property
    def method(self) -> ReadingMethod: ...
    @property
    def model(self) -> str: ...

    def read(self, asked: Sequence[Asked]) -> list[Judged]:
        """Every article for every symbol asked, each once. Raises Unread; then nothing was judged."""


class Unread(PufflingError):
    """The articles could not be read. Its message is ours: what the model said instead is not repeated."""

    status = 502
    code = "news_unread"


class _Reading(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    article: Annotated[int, Field(strict=True, ge=1, le=MOST_READINGS, description="the number of the article")]
    symbol: Annotated[str, Field(max_length=20)]
    sentiment: Annotated[
        int,
        Field(strict=True, ge=-2, le=2, description="for holders of the symbol: -2 very bad … 0 neutral … 2 very good"),
    ]
    event: NewsEvent
    confidence: Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]


class _Readings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    readings: Annotated[list[_Reading], Field(max_length=MOST_READINGS)]


def schema_for(asked: Sequence[Asked]) -> dict[str, Any]:
    """The JSON schema of an answer about these articles: symbols are a closed list too."""
    schema = _Readings.model_json_schema()
    symbols = sorted({symbol for one in asked for symbol in one.symbols})
    schema["$defs"]["_Reading"]["properties"]["symbol"] = {"type": "string", "enum": symbols}
    return schema


def judged(given: Mapping[str, Any], asked: Sequence[Asked]) -> list[Judged]:
    """The answer, checked: exactly what was asked, each once. Raises Unread."""
    try:
        found = _Readings.model_validate(dict(given)).readings
    except ValidationError:
        raise Unread("The reader did not keep to its form: nothing of its answer is used.") from None
    wanted = {(number, symbol) for number, one in enumerate(asked, 1) for symbol in one.symbols}
    answered = [(one.article, one.symbol) for one in found]
    if len(answered) != len(wanted) or set(answered) != wanted:
        raise Unread("The reader left articles out or made some up: nothing of its answer is used.")
    return [
        Judged(
            article=asked[one.article - 1].article,
            symbol=one.symbol,
            sentiment=one.sentiment,
            event=one.event,
            confidence=Decimal(str(one.confidence)).quantize(CENT),
        )
        for one in found
    ]
