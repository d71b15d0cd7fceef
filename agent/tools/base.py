"""What a tool is. Adding one: a file, a line in the registry, a mirrored test."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Protocol, TypeVar
from uuid import UUID

from django.db import transaction
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from accounts.models import User
from agent.news.schema import NewsReader
from common.errors import InvalidInput
from markets.models import Instrument
from portfolios.models import Portfolio


def _no_float(value: Any) -> Any:
    if isinstance(value, float | bool):
        raise ValueError('give it as a string, such as "12.5"')
    return value


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("it holds a character that cannot be stored")
    return text


Number = Annotated[
    Decimal,
    BeforeValidator(_no_float),
    Field(allow_inf_nan=False, ge=-(10**15), le=10**15, decimal_places=9),
    WithJsonSchema({"type": "string", "description": "a decimal number"}),
]
Text = Annotated[str, AfterValidator(_storable)]
Symbol = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[A-Za-z0-9][A-Za-z0-9.\-/]*$")]


def verified(symbols: Iterable[str]) -> list[str]:
    """The symbols in capitals, each once. InvalidInput naming those nobody knows here."""
    wanted = list(dict.fromkeys(symbol.upper() for symbol in symbols))
    known = set(Instrument.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    if unknown := [symbol for symbol in wanted if symbol not in known]:
        raise InvalidInput({"symbol": f"{', '.join(unknown)} is not known here: use symbols of the portfolio."})
    return wanted


class Arguments(BaseModel):
    """Arguments of a tool. What it does not know is an error; decimals are given as strings.

    No argument says who asks or for which portfolio: that comes from the run.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, str_max_length=2000)


A = TypeVar("A", bound=Arguments, contravariant=True)


class Reach(enum.IntEnum):
    """How far a tool goes. A run offers the tools up to its mode's reach, a token up to its scope's."""

    READ = 0  # looks
    PROPOSE = 1  # writes down what a person may accept; tells
    ACT = 2  # changes rules of the user, in mode execute and untainted only


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """Who asks. `run_id` and `trace_id` mark what comes of it; `tainted`: text nobody vouches for was read.

    `reader` judges news; None without a model.
    """

    user: User
    portfolio: Portfolio
    now: datetime
    run_id: UUID | None = None
    trace_id: UUID | None = None
    mode: str = "report"
    tainted: bool = False
    reader: NewsReader | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a tool found. `content` is JSON for the model (numbers as strings), `taint` says why it cannot be trusted.

    `done` is what it changed, for the run's `actions_taken`.
    """

    content: Mapping[str, Any]
    taint: str = ""
    done: tuple[Mapping[str, Any], ...] = field(default=())


class Tool(Protocol, Generic[A]):
    """One tool. `run` raises PufflingError for what the model may mend; its message goes back as the result."""

    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def arguments(self) -> type[Arguments]: ...
    @property
    def reach(self) -> Reach: ...

    def run(self, arguments: A, context: Context) -> Answer: ...


def around(tool: Tool[Any]) -> AbstractContextManager[Any]:
    """A transaction for one use of the tool; none for one that is `outward`.

    Those talk to other machines: what they pay for must stay counted if they fail, and no lock may wait for them.
    """
    return nullcontext() if getattr(tool, "outward", False) else transaction.atomic()
