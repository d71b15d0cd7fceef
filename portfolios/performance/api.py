"""`portfolios/{id}/performance/` and `risk/`: how it did, and what it risks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import HasScope
from common.clock import now
from common.filtering import refuse_unknown
from portfolios.api import owned
from portfolios.performance.benchmarks import benchmark_symbol
from portfolios.performance.bodies import performance_body, risk_body
from portfolios.performance.reporting import performance_of
from portfolios.performance.serializers import PerformanceOut, PerformanceQuery, RiskOut, RiskQuery
from portfolios.risk.reporting import risk_of


def asked(request: Request, query_class: type[RiskQuery]) -> dict[str, Any]:
    """The query, checked, with a benchmark that exists."""
    refuse_unknown(request, set(query_class().fields))
    query = query_class(data=request.query_params)
    query.is_valid(raise_exception=True)
    return {**query.validated_data, "benchmark": benchmark_symbol(query.validated_data["benchmark"])}


class PerformanceView(APIView):
    permission_classes = [HasScope]
    scopes = {"GET": "read"}

    @extend_schema(parameters=[PerformanceQuery], responses=PerformanceOut, operation_id="portfolios_performance")
    def get(self, request: Request, pk: UUID) -> Response:
        """Returns, ratios, drawdowns, months, trades and contributions of a period, beside a benchmark.

        A figure that the data do not allow is null, and `missing` says why.
        """
        portfolio = owned(request, pk)
        report = performance_of(portfolio, **asked(request, PerformanceQuery), now=now())
        return Response(PerformanceOut(performance_body(report)).data)


class RiskView(APIView):
    permission_classes = [HasScope]
    scopes = {"GET": "read"}

    @extend_schema(parameters=[RiskQuery], responses=RiskOut, operation_id="portfolios_risk")
    def get(self, request: Request, pk: UUID) -> Response:
        """Exposure, concentration, value at risk and expected shortfall of one day, and where the risk sits.

        Today's holdings are moved through the last 250 sessions of stored daily bars.
        """
        portfolio = owned(request, pk)
        risk = risk_of(portfolio, **asked(request, RiskQuery), now=now())
        return Response(RiskOut(risk_body(risk)).data)
