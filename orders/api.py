"""`orders/`, `approvals/`, `safety/kill/`, `safety/resume/`, `safety/what-if/`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.idempotency import HEADER, idempotent
from accounts.models import ApiToken, User
from accounts.permissions import HasScope
from accounts.users import user_of
from brokers.port import BrokerError
from common.api import OwnedQuerysetMixin
from common.clock import now
from common.errors import NotFound, PufflingError
from common.ids import new_id
from orders import approvals, cancelling, killing
from orders.approvals import Question, Via
from orders.models import Order, Source
from orders.placing import place
from orders.serializers import (
    ApprovalChangeOut,
    ApprovalDecisionIn,
    ApprovalOut,
    KillIn,
    KillOut,
    OrderDetail,
    OrderIn,
    OrderOut,
    ResumeIn,
    ResumeOut,
    SafetyWhatIfIn,
    SafetyWhatIfOut,
)
from orders.states import OrderState
from orders.types import OrderIntent
from orders.what_if import what_if
from portfolios.models import Portfolio

Asked = ApprovalDecisionIn | KillIn | ResumeIn | SafetyWhatIfIn
IDEMPOTENCY_KEY = OpenApiParameter(HEADER, str, OpenApiParameter.HEADER, description="The same key: the same order.")


class BrokerUnavailable(PufflingError):
    """The broker did not do what was asked."""

    status = 502
    code = "broker_error"


class OrderFilters(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=OrderState.choices)
    symbol = django_filters.CharFilter(field_name="instrument__symbol", lookup_expr="iexact")
    portfolio = django_filters.UUIDFilter(field_name="portfolio_id")
    since = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")

    class Meta:
        model = Order
        fields = ["state", "symbol", "portfolio", "side", "source_kind", "source_id", "trace_id", "since"]


class Orders(OwnedQuerysetMixin, ListAPIView[Order]):
    """Orders, newest first."""

    permission_classes = [HasScope]
    scopes = {"GET": "read", "POST": "trade"}
    owner_field = "portfolio__user"
    queryset = Order.objects.defer("verdict", "facts", "asked", "raw").order_by("-created_at", "-id")
    serializer_class = OrderOut
    filterset_class = OrderFilters
    ordering_fields = ["created_at", "state", "side"]

    @extend_schema(
        request=OrderIn, responses={201: OrderDetail}, parameters=[IDEMPOTENCY_KEY], operation_id="orders_place"
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Place an order by hand. It passes the same gate: look at `state`, `reason` and `verdict`."""
        asked = OrderIn(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        user, key = user_of(request), request.headers.get(HEADER) or str(new_id())
        intent = OrderIntent(
            **{**values, "portfolio_id": _portfolio(user, values.pop("portfolio", None))},
            source_kind=Source.MANUAL.value,
            source_id=str(user.pk),
            idempotency_key=f"manual:{user.pk}:{key}"[:120],
        )
        return Response(OrderDetail(place(intent, now=now())).data, status=201)


def _portfolio(user: User, portfolio_id: UUID | None) -> UUID:
    wanted = {"primary": True} if portfolio_id is None else {"pk": portfolio_id}
    found = Portfolio.objects.filter(user=user, **wanted).values_list("pk", flat=True).first()
    if found is None:
        raise NotFound(f"There is no portfolio {portfolio_id}." if portfolio_id else "You have no primary portfolio.")
    return found


class OneOrder(OwnedQuerysetMixin, RetrieveAPIView[Order]):
    """One order with every step, fill and check."""

    permission_classes = [HasScope]
    owner_field = "portfolio__user"
    queryset = Order.objects.all()
    serializer_class = OrderDetail


class Cancel(APIView):
    permission_classes = [HasScope]
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses=OrderDetail, operation_id="orders_cancel")
    def post(self, request: Request, pk: UUID) -> Response:
        """Cancel what is left of an order."""
        user = user_of(request)
        try:
            order = cancelling.cancel_order(user=user, order_id=pk, now=now(), actor=user.username)
        except BrokerError as error:
            raise BrokerUnavailable(f"The broker did not cancel the order: {error.message} Try again.") from error
        return Response(OrderDetail(order).data)


class Approvals(OwnedQuerysetMixin, ListAPIView[Order]):
    """Orders that wait for a person, the oldest first."""

    permission_classes = [HasScope]
    owner_field = "portfolio__user"
    queryset = Order.objects.filter(state=OrderState.AWAITING_APPROVAL).order_by("created_at", "id")
    serializer_class = OrderDetail
    filterset_class = OrderFilters
    ordering_fields = ["created_at", "expires_at"]


class OneApproval(OwnedQuerysetMixin, RetrieveAPIView[Order]):
    """An order that waits for a person, and what changed since it began to."""

    permission_classes = [HasScope]
    owner_field = "portfolio__user"
    queryset = Order.objects.all()
    serializer_class = OrderDetail

    @extend_schema(responses=ApprovalOut, operation_id="approvals_retrieve")
    def get(self, request: Request, pk: UUID) -> Response:
        """The order and what changed since it began to wait; nothing if it does not wait (any more)."""
        (question,) = approvals.questions([self.get_object()], now=now())
        return Response(_approval(question))


class Approve(APIView):
    permission_classes = [HasScope]
    scopes = {"POST": "approve"}

    @extend_schema(request=ApprovalDecisionIn, responses=OrderDetail, operation_id="approvals_approve")
    def post(self, request: Request, pk: UUID) -> Response:
        """Approve a waiting order. The gate judges it again: it is queued, or blocked with the reason."""
        return Response(OrderDetail(approvals.approve(order_id=pk, **_decision(request))).data)


class Decline(APIView):
    permission_classes = [HasScope]
    scopes = {"POST": "approve"}

    @extend_schema(request=ApprovalDecisionIn, responses=OrderDetail, operation_id="approvals_decline")
    def post(self, request: Request, pk: UUID) -> Response:
        """Say no to a waiting order."""
        return Response(OrderDetail(approvals.decline(order_id=pk, **_decision(request))).data)


def _approval(question: Question) -> dict[str, Any]:
    changes = ApprovalChangeOut(question.changes, many=True).data
    return {**OrderDetail(question.order).data, "seconds_left": question.seconds_left, "changes": changes}


def _decision(request: Request) -> dict[str, Any]:
    """Who decides, by which way, and why."""
    asked = _checked(ApprovalDecisionIn, request)
    user, auth = user_of(request), request.auth
    via = Via.TOKEN if isinstance(auth, ApiToken) else Via.JWT if auth is not None else Via.SESSION
    actor = f"{user.username} (token {auth.name})" if isinstance(auth, ApiToken) else user.username
    return {"user": user, "actor": actor, "via": via, "note": asked["note"], "now": now()}


class Kill(APIView):
    permission_classes = [HasScope]
    scopes = {"POST": "trade"}  # stopping is never dangerous

    @extend_schema(request=KillIn, responses=KillOut, operation_id="safety_kill", tags=["safety"])
    def post(self, request: Request) -> Response:
        """Pull the kill switch: nothing new is sent, open orders are cancelled, and it is checked that none is left."""
        asked = _checked(KillIn, request)
        user = user_of(request)
        report = killing.kill(**asked, user=user, actor=user.username, now=now())
        return Response(KillOut(report).data)


class Resume(APIView):
    permission_classes = [HasScope]
    scopes = {"POST": "admin"}

    @extend_schema(request=ResumeIn, responses=ResumeOut, operation_id="safety_resume", tags=["safety"])
    def post(self, request: Request) -> Response:
        """Trade again. The books must agree with the broker."""
        asked = _checked(ResumeIn, request)
        user = user_of(request)
        killing.resume(**asked, user=user, actor=user.username, now=now())
        return Response(ResumeOut(asked).data)


class WhatIf(APIView):
    permission_classes = [HasScope]
    scopes = {"POST": "read"}  # it changes nothing

    @extend_schema(request=SafetyWhatIfIn, responses=SafetyWhatIfOut, operation_id="safety_what_if", tags=["safety"])
    def post(self, request: Request) -> Response:
        """Which of last month's orders would changed limits have blocked, asked about, or let pass?"""
        asked = _checked(SafetyWhatIfIn, request)
        user, portfolio_id = user_of(request), asked.get("portfolio")
        portfolio = None if portfolio_id is None else Portfolio.objects.get(pk=_portfolio(user, portfolio_id))
        return Response(
            SafetyWhatIfOut(what_if(user=user, changes=asked["changes"], portfolio=portfolio, now=now())).data
        )


def _checked(
    serializer: type[ApprovalDecisionIn | KillIn | ResumeIn | SafetyWhatIfIn], request: Request
) -> dict[str, Any]:
    asked = serializer(data=request.data)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)
