"""Doors to the stops of one holding."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.idempotency import idempotent
from accounts.users import user_of
from automation.api import actor_of
from automation.serializers import ActionOut
from automation.stops import offering
from automation.stops.offering import RECIPES
from automation.stops.protection import Kind, Protection, Stop, loss_at
from automation.stops.standing import protection_of
from common.api import json_object
from common.clock import now
from common.filtering import refuse_unknown
from portfolios.api import owned

_DECIMAL: dict[str, Any] = {"max_digits": 28, "decimal_places": 9, "allow_null": True}


class LossOut(serializers.Serializer[Any]):
    """What selling there costs from here, in dollars and percent of equity, and what the shares come to then."""

    amount = serializers.DecimalField(max_digits=20, decimal_places=2)
    percent_of_equity = serializers.DecimalField(**_DECIMAL)
    result = serializers.DecimalField(max_digits=20, decimal_places=2, help_text="against what the shares cost")


class StopOut(serializers.Serializer[Any]):
    """Something that sells the holding: a rule (`action`) or a stop order at the broker (`order`)."""

    kind = serializers.ChoiceField(choices=[(kind.value, kind.name) for kind in Kind])
    sentence = serializers.CharField()
    short = serializers.CharField()
    shares = serializers.DecimalField(**_DECIMAL)
    price = serializers.DecimalField(**_DECIMAL, help_text="where it sells now")
    due_at = serializers.DateTimeField(allow_null=True)
    acts = serializers.BooleanField(help_text="false: it only records or tells")
    conditional = serializers.BooleanField(help_text="only if its conditions hold then")
    group = serializers.CharField(allow_blank=True)
    action = serializers.UUIDField(source="action_id", allow_null=True)
    order = serializers.UUIDField(source="order_id", allow_null=True)
    loss = LossOut(allow_null=True)


class OfferOut(serializers.Serializer[Any]):
    """A stop to set; POST its `stop` with any of `params` changed. `problem` says why it cannot be set now."""

    stop = serializers.ChoiceField(choices=sorted(RECIPES))
    template = serializers.CharField()
    title = serializers.CharField()
    params = serializers.DictField(child=serializers.CharField())
    sentence = serializers.CharField(allow_blank=True)
    level = serializers.DecimalField(**_DECIMAL)
    loss = LossOut(allow_null=True)
    starts_at = serializers.CharField(allow_blank=True)
    warnings = serializers.ListField(child=serializers.CharField())
    problem = serializers.CharField(allow_blank=True)


class ProtectionOut(serializers.Serializer[Any]):
    """What protects a holding: `covered` of its `shares` are sold by a stop when the price falls."""

    symbol = serializers.CharField()
    shares = serializers.DecimalField(max_digits=28, decimal_places=9)
    last = serializers.DecimalField(**_DECIMAL)
    covered = serializers.DecimalField(max_digits=28, decimal_places=9)
    stops = StopOut(many=True)
    warnings = serializers.ListField(child=serializers.CharField())


class StopsOut(ProtectionOut):
    offers = OfferOut(many=True)


class StopMadeOut(serializers.Serializer[Any]):
    rules = ActionOut(many=True)
    protection = ProtectionOut()


class Stops(APIView):
    scopes = {"GET": "read", "POST": "trade"}

    @extend_schema(responses=StopsOut, operation_id="portfolios_holdings_stops")
    def get(self, request: Request, pk: UUID, symbol: str) -> Response:
        """What sells this holding when it falls, at which price now; and the stops it could have."""
        refuse_unknown(request, ())
        found = offering.stops_of(user=user_of(request), portfolio=owned(request, pk), symbol=symbol.upper(), now=now())
        return Response(StopsOut({**_told(found.protection), "offers": found.offers}).data)

    @extend_schema(
        request=OpenApiTypes.OBJECT, responses={201: StopMadeOut}, operation_id="portfolios_holdings_stops_create"
    )
    @idempotent
    def post(self, request: Request, pk: UUID, symbol: str) -> Response:
        """Set a stop: `stop` (fixed, trailing, atr, chandelier, time) and the parameters of its offer."""
        portfolio, at, held = owned(request, pk), now(), symbol.upper()
        made = offering.set_stop(
            user=user_of(request),
            portfolio=portfolio,
            symbol=held,
            given=json_object(request),
            now=at,
            actor=actor_of(request),
        )
        protection = _told(protection_of(portfolio, held, now=at))
        return Response(StopMadeOut({"rules": made, "protection": protection}).data, status=201)


def _told(protection: Protection) -> dict[str, Any]:
    holding = protection.holding
    return {
        "symbol": holding.symbol,
        "shares": holding.shares,
        "last": holding.last,
        "covered": protection.covered,
        "stops": [_stop(stop, protection) for stop in protection.stops],
        "warnings": protection.warnings,
    }


def _stop(stop: Stop, protection: Protection) -> dict[str, Any]:
    fields = {name: getattr(stop, name) for name in Stop.__slots__}
    return {**fields, "loss": loss_at(protection.holding, stop.price, stop.shares)}
