"""What a run ends with: a typed report, whatever happened."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=2000)]
Line = Annotated[str, Field(max_length=400)]
Number = Annotated[Decimal, Field(allow_inf_nan=False)]


class Part(BaseModel):
    """Base: unknown keys are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Observation(Part):
    """Something seen. `rests_on` names the tool calls it comes from, e.g. get_portfolio."""

    text: Line
    rests_on: Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=10)] = []


class Suggested(Part):
    """A trade. Exactly one of quantity (shares) and notional (dollars), as decimal strings."""

    symbol: Annotated[str, Field(min_length=1, max_length=20)]
    side: Literal["buy", "sell"]
    quantity: Annotated[Number, Field(gt=0)] | None = None
    notional: Annotated[Number, Field(gt=0)] | None = None
    limit_price: Annotated[Number, Field(gt=0)] | None = None
    rationale: Line
    confidence: Annotated[Number, Field(ge=0, le=1)]
    expires_in_hours: Annotated[int, Field(ge=1, le=720)] = 24
    invalidation_price: Annotated[Number, Field(gt=0)] | None = None


class Report(Part):
    """What the model submits as its last act."""

    summary: Text
    observations: Annotated[list[Observation], Field(max_length=20)] = []
    risks: Annotated[list[Line], Field(max_length=20)] = []
    suggestions: Annotated[list[Suggested], Field(max_length=10)] = []


class Stored(Part):
    """The report as it is kept: with what we add."""

    report: Report
    offline: bool = False  # written by rules, without a model
    complete: bool = True  # False: the run was ended before it was done
    ended_because: str = ""
    ungrounded: list[str] = []  # numbers no tool result holds
    refused: list[str] = []  # suggestions that made no sense, with the reason
    at: datetime
