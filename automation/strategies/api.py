"""`strategies/`: each door parses, makes one domain call, and translates the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.idempotency import idempotent
from accounts.users import user_of
from automation.api import actor_of
from automation.strategies import lifecycle, running
from automation.strategies.base import Parameter
from automation.strategies.evidence import evidence_of
from automation.strategies.models import Strategy, StrategyRun, StrategySignal, StrategyVersion
from automation.strategies.registry import STRATEGIES
from automation.strategies.serializers import (
    PromoteIn,
    StrategyChanges,
    StrategyEvidenceOut,
    StrategyIn,
    StrategyOut,
    StrategyRunOut,
    StrategySignalOut,
    StrategyTypesOut,
    StrategyVersionOut,
)
from automation.strategies.sizing import SIZINGS
from common.api import OwnedQuerysetMixin
from common.clock import now
from common.enqueue import nudge
from common.errors import Conflict, InvalidInput


def _object(request: Request) -> Mapping[str, Any]:
    if not isinstance(request.data, Mapping):
        raise InvalidInput({"body": "must be a JSON object"})
    return request.data


def _mine(request: Request, strategy_id: UUID) -> Strategy:
    return lifecycle.strategy_of(user_of(request), strategy_id)


class StrategyFilter(django_filters.FilterSet):
    portfolio = django_filters.UUIDFilter(field_name="portfolio_id")
    symbol = django_filters.CharFilter(method="of_symbol")

    class Meta:
        model = Strategy
        fields = ["strategy_type", "mode", "enabled", "status", "timeframe", "portfolio", "symbol"]

    def of_symbol(self, queryset: QuerySet[Strategy], name: str, value: str) -> QuerySet[Strategy]:
        return queryset.filter(symbols__instrument=value.upper())


class Strategies(OwnedQuerysetMixin, ListAPIView[Strategy]):
    queryset = (
        Strategy.objects.filter(archived_at__isnull=True).prefetch_related("symbols").order_by("-created_at", "-id")
    )
    serializer_class = StrategyOut
    filterset_class = StrategyFilter
    ordering_fields = ["created_at", "updated_at", "last_run_at", "name"]
    scopes = {"GET": "read", "POST": "trade"}

    @extend_schema(request=StrategyIn, responses={201: StrategyOut}, operation_id="strategies_create")
    @idempotent
    def post(self, request: Request) -> Response:
        """Set up a strategy. It runs at the next closed bar, in mode monitor unless told otherwise.

        One that is to trade at once has shown nothing: 409 `evidence_needed`, unless `override` says why.
        """
        made = lifecycle.create_strategy(
            user=user_of(request), data=_object(request), now=now(), actor=actor_of(request)
        )
        return Response(StrategyOut(made).data, status=201)


class StrategyView(APIView):
    scopes = {"GET": "read", "PATCH": "trade", "DELETE": "trade"}

    @extend_schema(responses=StrategyOut, operation_id="strategies_retrieve")
    def get(self, request: Request, strategy_id: UUID) -> Response:
        """One strategy."""
        return Response(StrategyOut(_mine(request, strategy_id)).data)

    @extend_schema(request=StrategyChanges, responses=StrategyOut, operation_id="strategies_update")
    def patch(self, request: Request, strategy_id: UUID) -> Response:
        """Edit a strategy, or switch it on and off (`enabled`). Another type, other parameters, symbols or sizes make
        another strategy of it: its signals and its evidence begin anew."""
        edited = lifecycle.update_strategy(
            user=user_of(request),
            strategy_id=strategy_id,
            changes=_object(request),
            now=now(),
            actor=actor_of(request),
        )
        return Response(StrategyOut(edited).data)

    @extend_schema(responses={204: None}, operation_id="strategies_destroy")
    def delete(self, request: Request, strategy_id: UUID) -> Response:
        """Delete a strategy. Its history stays, and so does what it holds."""
        lifecycle.delete_strategy(user=user_of(request), strategy_id=strategy_id, now=now(), actor=actor_of(request))
        return Response(status=204)


class RunNow(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses={202: StrategyRunOut}, operation_id="strategies_run_now")
    @idempotent
    def post(self, request: Request, strategy_id: UUID) -> Response:
        """Judge the newest closed bar now. A bar that was judged before gives the run of then, and nothing else."""
        run = running.run(_mine(request, strategy_id), now(), cause=running.Cause.MANUAL)
        if run is None:
            raise Conflict("No bar has closed yet, or it is running this moment: try again in a while.")
        nudge("automation.act_strategies", queue="trading")
        return Response(StrategyRunOut(run).data, status=202)


class Promote(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=PromoteIn, responses=StrategyOut, operation_id="strategies_promote")
    def post(self, request: Request, strategy_id: UUID) -> Response:
        """Move it on the ladder monitor, alert, auto_trade. It trades on evidence; where that is thin the answer is 409
        `evidence_needed` with the evidence, and `override` with a reason does it anyway."""
        strategy = _mine(request, strategy_id)
        data = PromoteIn(data=request.data)
        data.is_valid(raise_exception=True)
        edited = lifecycle.update_strategy(
            user=user_of(request),
            strategy_id=strategy.pk,
            changes=data.validated_data,
            now=now(),
            actor=actor_of(request),
        )
        return Response(StrategyOut(edited).data)


class EvidenceView(APIView):
    @extend_schema(responses=StrategyEvidenceOut, operation_id="strategies_evidence")
    def get(self, request: Request, strategy_id: UUID) -> Response:
        """What it has shown in shadow: signals, the result after costs, days observed, and what was not seen."""
        return Response(StrategyEvidenceOut(evidence_of(_mine(request, strategy_id), now=now())).data)


class Signals(ListAPIView[StrategySignal]):
    queryset = StrategySignal.objects.order_by("-created_at", "-id")
    serializer_class = StrategySignalOut
    filterset_fields = ["state", "mode", "epoch"]
    ordering_fields = ["created_at", "bar_at"]

    def get_queryset(self) -> QuerySet[StrategySignal]:
        if getattr(self, "swagger_fake_view", False):
            return StrategySignal.objects.none()
        return super().get_queryset().filter(strategy=_mine(self.request, self.kwargs["strategy_id"]))


class Runs(ListAPIView[StrategyRun]):
    queryset = StrategyRun.objects.order_by("-at", "-id")
    serializer_class = StrategyRunOut
    filterset_fields = ["cause"]
    ordering_fields = ["at"]

    def get_queryset(self) -> QuerySet[StrategyRun]:
        if getattr(self, "swagger_fake_view", False):
            return StrategyRun.objects.none()
        return super().get_queryset().filter(strategy=_mine(self.request, self.kwargs["strategy_id"]))


class Versions(ListAPIView[StrategyVersion]):
    queryset = StrategyVersion.objects.order_by("-version")
    serializer_class = StrategyVersionOut
    ordering_fields = ["version"]

    def get_queryset(self) -> QuerySet[StrategyVersion]:
        if getattr(self, "swagger_fake_view", False):
            return StrategyVersion.objects.none()
        return super().get_queryset().filter(strategy=_mine(self.request, self.kwargs["strategy_id"]))


class Types(APIView):
    @extend_schema(responses=StrategyTypesOut, operation_id="strategies_types")
    def get(self, request: Request) -> Response:
        """Every kind of strategy and of sizing, with its parameters."""
        kinds = [
            {
                "key": kind.key,
                "title": kind.title,
                "about": kind.about,
                "least_symbols": kind.least_symbols,
                "most_symbols": kind.most_symbols,
                "schema": [_shown(parameter) for parameter in kind.schema],
            }
            for kind in STRATEGIES.values()
        ]
        sizings = [{"kind": kind, "schema": [_shown(p) for p in schema]} for kind, schema in SIZINGS.items()]
        return Response(StrategyTypesOut({"strategies": kinds, "sizings": sizings}).data)


def _shown(parameter: Parameter) -> dict[str, Any]:
    bounds = {name: getattr(parameter, name) for name in ("least", "above", "most")}
    return {**asdict(parameter), **{name: None if value is None else str(value) for name, value in bounds.items()}}
