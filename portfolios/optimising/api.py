"""`portfolio/optimize/`: proposed weights for symbols and a method."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import HasScope
from common.api import StrictSerializer, json_object
from common.clock import now
from common.filtering import refuse_unknown
from portfolios.api import owned
from portfolios.models import Portfolio
from portfolios.optimising.asking import LEAST_DAYS, MOST, MOST_DAYS, USUAL_DAYS, Ask
from portfolios.optimising.methods import METHODS
from portfolios.optimising.proposing import Proposal, propose, target_weights
from portfolios.serializers import fine
from portfolios.serializers import money as amount


def weight(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=5, decimal_places=4, min_value=0, max_value=1, **options)


class BoundsIn(StrictSerializer, serializers.Serializer[Any]):
    min = weight(required=False)
    max = weight(required=False)


class OptimizeIn(StrictSerializer, serializers.Serializer[Any]):
    symbols = serializers.ListField(
        child=serializers.CharField(max_length=20),
        required=False,
        max_length=MOST,
        help_text="default: what the portfolio holds",
    )
    method = serializers.ChoiceField(list(METHODS), help_text="equal_weight is the reference")
    portfolio = serializers.UUIDField(required=False, help_text="whose trades to show")
    min_weight = weight(default=0)
    max_weight = weight(default=1)
    bounds = serializers.DictField(child=BoundsIn(), required=False, help_text="of single symbols, by symbol")
    days = serializers.IntegerField(
        default=USUAL_DAYS, min_value=LEAST_DAYS, max_value=MOST_DAYS, help_text="sessions looked at"
    )
    risk_free = serializers.FloatField(default=0.0, min_value=-0.5, max_value=1.0, help_text="annual, 0.04 is 4 %")
    target_return = serializers.FloatField(
        required=False, min_value=-1.0, max_value=10.0, help_text="annual, for the method target_return"
    )


class PromiseOut(serializers.Serializer[Any]):
    expected_return = serializers.FloatField(help_text="annual mean of the history looked at; no forecast")
    volatility = serializers.FloatField()
    sharpe = serializers.FloatField(allow_null=True)


class WeightOut(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    weight = serializers.CharField(help_text="a ratio of four places; all sum to exactly 1")
    low = serializers.CharField()
    high = serializers.CharField()
    expected_return = serializers.FloatField()
    volatility = serializers.FloatField()
    risk_share = serializers.FloatField(help_text="its part of the variance; all sum to 1")
    now = serializers.FloatField(allow_null=True, help_text="its weight in the portfolio today")


class ProposedTradeOut(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    side = serializers.CharField()
    quantity = fine()
    price = fine()
    value = amount()
    cost = amount()
    reason = serializers.CharField()


class ProposedPlanOut(serializers.Serializer[Any]):
    trades = ProposedTradeOut(many=True)
    expected_cost = amount()
    estimated_tax = amount()
    turnover = serializers.FloatField(help_text="dollars bought and sold, as a share of equity")
    cash_after = amount()
    warnings = serializers.ListField(child=serializers.CharField())


class ProposalOut(serializers.Serializer[Any]):
    method = serializers.CharField()
    start = serializers.DateField()
    end = serializers.DateField()
    days = serializers.IntegerField()
    shrinkage = serializers.FloatField(help_text="of the covariance, 0 to 1 (Ledoit and Wolf)")
    target_weights = serializers.DictField(child=serializers.CharField(), help_text="as a goal takes them")
    weights = WeightOut(many=True)
    promise = PromiseOut()
    equal_weight = PromiseOut()
    current = PromiseOut(allow_null=True)
    plan = ProposedPlanOut(allow_null=True)
    plan_problem = serializers.CharField(allow_blank=True)


class Optimize(APIView):
    permission_classes = [HasScope]
    scopes = {"POST": "read"}

    @extend_schema(request=OptimizeIn, responses=ProposalOut, operation_id="portfolio_optimize")
    def post(self, request: Request) -> Response:
        """Weights that the past would have favoured, what they promise, and the trades they would cause.

        From stored daily bars, long only. Nothing is stored and nothing is ordered: make a goal of `target_weights`.
        """
        refuse_unknown(request, ())
        given = OptimizeIn(data=json_object(request))
        given.is_valid(raise_exception=True)
        data = given.validated_data
        portfolio = owned(request, data["portfolio"]) if "portfolio" in data else None
        found = propose(ask_of(data, portfolio), portfolio=portfolio, now=now())
        return Response(ProposalOut(body_of(found)).data)


def ask_of(data: dict[str, Any], portfolio: Portfolio | None) -> Ask:
    """What was asked, in the optimiser's words."""
    symbols = [symbol.strip().upper() for symbol in data.get("symbols", ())]
    if not symbols and portfolio is not None:
        held = portfolio.holdings.filter(quantity__gt=0).order_by("instrument")
        symbols = list(held.values_list("instrument", flat=True))
    least, most = data["min_weight"], data["max_weight"]
    return Ask(
        symbols=tuple(symbols),
        method=data["method"],
        bounds={
            symbol.strip().upper(): (bounds.get("min", least), bounds.get("max", most))
            for symbol, bounds in data.get("bounds", {}).items()
        },
        least=least,
        most=most,
        days=data["days"],
        risk_free=data["risk_free"],
        target_return=data.get("target_return"),
    )


def body_of(found: Proposal) -> dict[str, Any]:
    """What ProposalOut writes."""
    names = ("method", "start", "end", "days", "shrinkage", "weights", "promise", "equal_weight", "current")
    return {
        **{name: getattr(found, name) for name in names},
        "target_weights": target_weights(found),
        "plan": found.plan,
        "plan_problem": found.plan_problem,
    }
