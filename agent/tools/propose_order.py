"""Propose a trade."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from agent import proposing
from agent.models import AgentRun, Suggestion
from agent.report import Suggested
from agent.tools.base import Answer, Arguments, Context, Number, Reach, Symbol, Text, verified
from common.errors import Conflict, InvalidInput

MOST = 10  # per run, those of its report aside
Positive = Annotated[Number, Field(gt=0)]


class Trade(Arguments):
    """Exactly one of quantity (shares) and notional (dollars)."""

    symbol: Symbol
    side: Literal["buy", "sell"]
    quantity: Positive | None = None
    notional: Annotated[Positive, Field(decimal_places=2)] | None = None
    limit_price: Positive | None = None
    rationale: Annotated[Text, Field(min_length=1, max_length=400)]
    confidence: Annotated[Number, Field(ge=0, le=1)]
    expires_in_hours: Annotated[StrictInt, Field(ge=1, le=720)] = 24
    invalidation_price: Positive | None = None


class ProposeOrder:
    """Written down as a suggestion. Whether a person decides on it is settled when the run ends, not here."""

    name = "propose_order"
    description = (
        "Proposes a trade: symbol, side, quantity or notional, rationale, confidence 0 to 1, and a price at which it "
        "is pointless. Nothing is ordered by this call. Do not repeat it in the report's suggestions."
    )
    arguments = Trade
    reach = Reach.PROPOSE

    def run(self, arguments: Trade, context: Context) -> Answer:
        run = AgentRun.objects.filter(pk=context.run_id, user=context.user).first() if context.run_id else None
        if run is None:
            raise Conflict("A trade is proposed within a run of the agent: start one.")
        if Suggestion.objects.filter(run=run).count() >= MOST:
            raise Conflict(f"The run has proposed {MOST} trades: that is enough.")
        verified([arguments.symbol])
        suggestion, problem = proposing.propose(run=run, suggested=Suggested(**arguments.model_dump()), now=context.now)
        if suggestion is None:
            raise InvalidInput({"symbol": problem})
        return Answer(
            content={"suggestion": str(suggestion.pk), "state": "proposed"},
            done=({"kind": "suggestion", "id": str(suggestion.pk)},),
        )


PROPOSE_ORDER = ProposeOrder()
