"""The doors of backtests: of a stored strategy or goal, of one that is not stored, the list, one, several compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import F, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.users import user_of
from automation.backtest import comparing, running, subjects
from automation.backtest.models import BacktestRun
from automation.backtest.serializers import (
    BacktestComparisonOut,
    BacktestIn,
    BacktestListed,
    BacktestOut,
    CompareIn,
    UnsavedIn,
)
from automation.backtest.subjects import Subject
from common.api import OwnedQuerysetMixin
from common.clock import now
from common.errors import InvalidInput


def _object(request: Request) -> Mapping[str, Any]:
    if not isinstance(request.data, Mapping):
        raise InvalidInput({"body": "must be a JSON object"})
    return request.data


def _queued(request: Request, subject: Subject, data: Mapping[str, Any]) -> Response:
    run = running.ask(user=user_of(request), subject=subject, data=data, now=now())
    return Response(BacktestOut(run).data, status=202)


class BacktestStrategy(APIView):
    scopes = {"POST": "read"}

    @extend_schema(request=BacktestIn, responses={202: BacktestOut}, operation_id="strategies_backtest")
    def post(self, request: Request, strategy_id: UUID) -> Response:
        """How would this strategy have done over stored bars? Nothing is ordered. 202 with the run: see backtests/."""
        return _queued(request, subjects.strategy_of(user_of(request), strategy_id), _object(request))


class BacktestGoal(APIView):
    scopes = {"POST": "read"}

    @extend_schema(request=BacktestIn, responses={202: BacktestOut}, operation_id="portfolio_goals_backtest")
    def post(self, request: Request, goal_id: UUID) -> Response:
        """How would this goal have done, looked at after every session? Nothing is ordered. 202 with the run."""
        return _queued(request, subjects.goal_of(user_of(request), goal_id), _object(request))


class RunFilter(django_filters.FilterSet):
    subject = django_filters.UUIDFilter()

    class Meta:
        model = BacktestRun
        fields = ["state", "kind", "subject"]


class Backtests(OwnedQuerysetMixin, ListAPIView[BacktestRun]):
    """Backtests, newest first."""

    queryset = BacktestRun.objects.defer("result", "spec", "params").order_by("-created_at", "-id")
    serializer_class = BacktestListed
    filterset_class = RunFilter
    ordering_fields = ["created_at"]
    scopes = {"GET": "read", "POST": "read"}

    def get_queryset(self) -> QuerySet[BacktestRun]:
        return super().get_queryset().annotate(figures=F("result__summary"))

    @extend_schema(request=UnsavedIn, responses={202: BacktestOut}, operation_id="backtests_create")
    def post(self, request: Request) -> Response:
        """A backtest of a strategy that is not stored. Nothing but the run is created."""
        data = dict(_object(request))
        raw = data.pop("strategy", None)
        return _queued(request, subjects.unsaved_strategy(user_of(request), raw), data)


class BacktestView(APIView):
    scopes = {"GET": "read", "DELETE": "trade"}

    @extend_schema(responses=BacktestOut, operation_id="backtests_retrieve")
    def get(self, request: Request, backtest_id: UUID) -> Response:
        """One backtest with its progress and, as far as it is known, its result."""
        return Response(BacktestOut(running.run_of(user_of(request), backtest_id)).data)

    @extend_schema(responses={204: None}, operation_id="backtests_discard")
    def delete(self, request: Request, backtest_id: UUID) -> Response:
        """Cancel a run that is under way; forget one that has ended."""
        running.discard(user=user_of(request), run_id=backtest_id, now=now())
        return Response(status=204)


class Compare(APIView):
    scopes = {"GET": "read"}

    @extend_schema(parameters=[CompareIn], responses=BacktestComparisonOut, operation_id="backtests_compare")
    def get(self, request: Request) -> Response:
        """Finished backtests side by side: figures, curves from 100 on, and every setting that differs."""
        texts = [text.strip() for text in request.query_params.get("ids", "").split(",") if text.strip()]
        try:
            ids = [UUID(text) for text in texts]
        except ValueError:
            raise InvalidInput({"ids": "holds something that is not the id of a backtest"}) from None
        return Response(comparing.compare(user_of(request), ids))
