"""`portfolios/` and what hangs below one: holdings, lots, transactions, equity curve, audit. All read-only."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import HasScope
from accounts.users import user_of
from common.api import OwnedQuerysetMixin
from common.clock import now
from common.errors import NotFound
from common.filtering import refuse_unknown
from portfolios.auditing import audit
from portfolios.curve import equity_curve
from portfolios.models import LedgerEntry, Lot, Portfolio
from portfolios.serializers import (
    AuditOut,
    CurveOut,
    CurveQuery,
    HoldingOut,
    LotOut,
    PortfolioOut,
    TransactionOut,
)
from portfolios.valuing import holdings_of, value_all


def owned(request: Request, portfolio_id: UUID) -> Portfolio:
    """The signed-in user's portfolio of this id; NotFound if there is none."""
    portfolio = Portfolio.objects.filter(user=user_of(request), pk=portfolio_id).first()
    if portfolio is None:
        raise NotFound(f"There is no portfolio {portfolio_id}.")
    return portfolio


class _Valued(OwnedQuerysetMixin):
    """Attaches to each portfolio what it is worth, in two queries for all of them."""

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        if args:
            shown = args[0] if kwargs.get("many") else [args[0]]
            valuations = value_all(shown, now=now())
            for portfolio in shown:
                portfolio.valuation = valuations[portfolio.pk]
        return super().get_serializer(*args, **kwargs)


class Portfolios(_Valued, ListAPIView[Portfolio]):
    """Your portfolios at the latest quotes."""

    permission_classes = [HasScope]
    queryset = Portfolio.objects.order_by("-primary", "name")
    serializer_class = PortfolioOut
    filterset_fields = ["primary"]
    ordering_fields = ["name", "created_at", "cash"]


class OnePortfolio(_Valued, RetrieveAPIView[Portfolio]):
    """One portfolio at the latest quotes."""

    permission_classes = [HasScope]
    queryset = Portfolio.objects.all()
    serializer_class = PortfolioOut


class Holdings(GenericAPIView[Portfolio]):
    permission_classes = [HasScope]
    serializer_class = HoldingOut
    filter_backends: list[Any] = []
    queryset = Portfolio.objects.none()

    @extend_schema(responses=HoldingOut(many=True), operation_id="portfolios_holdings_list")
    def get(self, request: Request, pk: UUID) -> Response:
        """What is held, by symbol, at the latest quotes."""
        refuse_unknown(request, {"page", "page_size"})
        page = self.paginate_queryset(holdings_of(owned(request, pk)))
        return self.get_paginated_response(HoldingOut(page, many=True).data)


class _Below(ListAPIView[Any]):
    """A list of rows of one portfolio."""

    permission_classes = [HasScope]

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows.none()
        return rows.filter(portfolio=owned(self.request, self.kwargs["pk"]))


class LotFilters(django_filters.FilterSet):
    symbol = django_filters.CharFilter(field_name="instrument__symbol", lookup_expr="iexact")
    open = django_filters.BooleanFilter(field_name="open_quantity", lookup_expr="gt", method="only_open")

    class Meta:
        model = Lot
        fields = ["symbol", "open"]

    def only_open(self, lots: QuerySet[Lot], name: str, value: bool) -> QuerySet[Lot]:
        return lots.filter(open_quantity__gt=0) if value else lots.filter(open_quantity=0)


class Lots(_Below):
    """Tax lots, the oldest first."""

    queryset = Lot.objects.order_by("acquired_at", "id")
    serializer_class = LotOut
    filterset_class = LotFilters
    ordering_fields = ["acquired_at", "quantity", "open_quantity", "cost"]


class TransactionFilters(django_filters.FilterSet):
    symbol = django_filters.CharFilter(field_name="instrument__symbol", lookup_expr="iexact")
    since = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    until = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = LedgerEntry
        fields = ["kind", "symbol", "source_kind", "source_id", "trace_id", "since", "until"]


class Transactions(_Below):
    """The ledger, newest first."""

    queryset = LedgerEntry.objects.order_by("-at", "-id")
    serializer_class = TransactionOut
    filterset_class = TransactionFilters
    ordering_fields = ["at", "amount"]


class EquityCurve(APIView):
    permission_classes = [HasScope]

    @extend_schema(parameters=[CurveQuery], responses=CurveOut, operation_id="portfolios_equity_curve")
    def get(self, request: Request, pk: UUID) -> Response:
        """Equity over time: the last point of each minute, hour or New York day."""
        refuse_unknown(request, set(CurveQuery().fields))
        query = CurveQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        points = [
            {"at": at, "equity": equity, "cash": cash}
            for at, equity, cash in equity_curve(owned(request, pk), **query.validated_data)
        ]
        return Response(CurveOut({"resolution": query.validated_data["resolution"], "points": points}).data)


class Audit(APIView):
    permission_classes = [HasScope]

    @extend_schema(responses=AuditOut, operation_id="portfolios_audit")
    def get(self, request: Request, pk: UUID) -> Response:
        """Whether ledger, lots, holdings and cash agree; and where they do not."""
        refuse_unknown(request, ())
        found = audit(owned(request, pk))
        return Response(AuditOut({"agrees": not found, "discrepancies": found}).data)
