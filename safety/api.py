"""`safety/` (limits and switches), their versions, the log and the audit. Kill, resume and what-if: `orders.api`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import HasScope
from accounts.users import user_of
from common.api import OwnedQuerysetMixin
from common.clock import now
from common.errors import InvalidInput, NotFound
from common.filtering import MomentFilter, refuse_unknown
from portfolios.models import Portfolio
from safety.audit import chains_of
from safety.changing import SafetyState, change_safety, state_of
from safety.models import AuditEntry, PolicyVersion, SafetyEvent
from safety.serializers import (
    AuditEntryOut,
    LimitChangeOut,
    PolicyVersionOut,
    PolicyVersionWithChanges,
    SafetyEventOut,
    SafetyIn,
    SafetyOut,
    SafetyQuery,
)
from safety.versions import with_changes


class Safety(APIView):
    permission_classes = [HasScope]
    scopes = {"GET": "read", "PATCH": "admin"}

    @extend_schema(parameters=[SafetyQuery], responses=SafetyOut, operation_id="safety_retrieve")
    def get(self, request: Request) -> Response:
        """The limits in force, the kill switch and the trading state."""
        return Response(_out(state_of(user=user_of(request), portfolio=_portfolio(request))))

    @extend_schema(parameters=[SafetyQuery], request=SafetyIn, responses=SafetyOut, operation_id="safety_update")
    def patch(self, request: Request) -> Response:
        """Change limits, kill, or set the trading state. Tightening acts at once, loosening needs the password."""
        changes, password = _changes(request.data)
        user = user_of(request)
        portfolio = _portfolio(request)
        state = change_safety(
            user=user, changes=changes, password=password, actor=user.username, now=now(), portfolio=portfolio
        )
        return Response(_out(state))


class EventFilters(django_filters.FilterSet):
    since = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")

    class Meta:
        model = SafetyEvent
        fields = ["kind", "since"]


class Events(OwnedQuerysetMixin, ListAPIView[SafetyEvent]):
    """Every kill, resume and change of a limit, newest first."""

    permission_classes = [HasScope]
    queryset = SafetyEvent.objects.order_by("-id")
    serializer_class = SafetyEventOut
    filterset_class = EventFilters
    ordering_fields = ["at", "kind"]


class VersionFilters(django_filters.FilterSet):
    portfolio = django_filters.UUIDFilter(field_name="portfolio_id")
    since = MomentFilter(field_name="at", lookup_expr="gte")

    class Meta:
        model = PolicyVersion
        fields = ["portfolio", "version", "since"]


class Versions(OwnedQuerysetMixin, ListAPIView[PolicyVersion]):
    """Every version of the limits, whole, newest first, with what each changed."""

    permission_classes = [HasScope]
    queryset = PolicyVersion.objects.order_by("-at", "-id")
    serializer_class = PolicyVersionOut
    filterset_class = VersionFilters
    ordering_fields = ["at", "version"]

    @extend_schema(responses=PolicyVersionWithChanges(many=True), operation_id="safety_versions")
    def get(self, request: Request) -> Response:
        """Every version of the limits, whole, newest first, with what each changed."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        rows = [
            {**PolicyVersionOut(version).data, "changes": LimitChangeOut(changes, many=True).data}
            for version, changes in with_changes(page or [])
        ]
        return self.get_paginated_response(rows)


class AuditFilters(django_filters.FilterSet):
    since = MomentFilter(field_name="at", lookup_expr="gte")

    class Meta:
        model = AuditEntry
        fields = ["kind", "subject", "actor", "since"]


class Audit(ListAPIView[AuditEntry]):
    """The audit log, newest first: switches, limits, approvals and every step of every order. Never changed."""

    permission_classes = [HasScope]
    queryset = AuditEntry.objects.select_related("chain").order_by("-id")
    serializer_class = AuditEntryOut
    filterset_class = AuditFilters
    ordering_fields = ["at", "kind"]

    def get_queryset(self) -> QuerySet[AuditEntry]:
        """One's own chains, and the one of everybody's switch."""
        queryset = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):  # drf-spectacular asks without a user
            return queryset.none()
        return queryset.filter(chain__in=chains_of(user_of(self.request)))


def _changes(data: Any) -> tuple[dict[str, Any], str | None]:
    """(what to change, the password). The values themselves are read by `safety.limits`."""
    if not isinstance(data, Mapping):
        raise InvalidInput({"non_field_errors": 'Send an object, e.g. {"max_daily_trades": 5}.'})
    changes = dict(data)
    password = changes.pop("current_password", None)
    if password is not None and not isinstance(password, str):
        raise InvalidInput({"current_password": "Send your password as a text."})
    return changes, password


def _portfolio(request: Request) -> Portfolio | None:
    refuse_unknown(request, {"portfolio"})
    query = SafetyQuery(data=request.query_params)
    query.is_valid(raise_exception=True)
    portfolio_id = query.validated_data.get("portfolio")
    if portfolio_id is None:
        return None
    portfolio = Portfolio.objects.filter(user=user_of(request), pk=portfolio_id).first()
    if portfolio is None:
        raise NotFound(f"There is no portfolio {portfolio_id}.")
    return portfolio


def _out(state: SafetyState) -> dict[str, Any]:
    row = state.policy
    row.large_order_threshold = row.large_order_amount  # type: ignore[attr-defined]
    row.kill_switch = bool(state.killed)  # type: ignore[attr-defined]
    row.killed_scopes = list(state.killed)  # type: ignore[attr-defined]
    row.trading_state = state.trading_state  # type: ignore[attr-defined]
    return dict(SafetyOut(row).data)
