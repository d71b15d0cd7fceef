"""`alerts/history/`: what was told, and acknowledging it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.users import user_of
from alerts.history import acknowledge, acknowledge_all
from alerts.models import Alert
from common.api import OwnedQuerysetMixin
from common.clock import now
from common.filtering import MomentFilter


class AlertOut(serializers.ModelSerializer[Alert]):
    class Meta:
        model = Alert
        fields = [
            "id",
            "kind",
            "severity",
            "title",
            "body",
            "symbol",
            "data",
            "trace_id",
            "triggered_at",
            "acknowledged_at",
        ]
        read_only_fields = fields


class AcknowledgedOut(serializers.Serializer[Any]):
    acknowledged = serializers.IntegerField()


class AlertFilters(django_filters.FilterSet):
    unacknowledged = django_filters.BooleanFilter(field_name="acknowledged_at", lookup_expr="isnull")
    symbol = django_filters.CharFilter(lookup_expr="iexact")
    since = MomentFilter(field_name="triggered_at", lookup_expr="gte")

    class Meta:
        model = Alert
        fields = ["kind", "severity", "unacknowledged", "symbol", "since", "trace_id"]


class History(OwnedQuerysetMixin, ListAPIView[Alert]):
    """Alerts, newest first."""

    queryset = Alert.objects.order_by("-triggered_at", "-id")
    serializer_class = AlertOut
    filterset_class = AlertFilters
    ordering_fields = ["triggered_at", "severity", "kind"]


class HistoryItem(OwnedQuerysetMixin, RetrieveAPIView[Alert]):
    """One alert."""

    queryset = Alert.objects.all()
    serializer_class = AlertOut


class Acknowledge(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses=AlertOut, operation_id="alerts_history_ack")
    def post(self, request: Request, pk: UUID) -> Response:
        """Mark an alert as seen. Doing it again changes nothing."""
        return Response(AlertOut(acknowledge(user=user_of(request), alert_id=pk, now=now())).data)


class AcknowledgeAll(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses=AcknowledgedOut, operation_id="alerts_history_ack_all")
    def post(self, request: Request) -> Response:
        """Mark every alert as seen."""
        return Response({"acknowledged": acknowledge_all(user=user_of(request), now=now())})
