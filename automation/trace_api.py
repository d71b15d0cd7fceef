"""`actions/{id}/trace/` and `actions/{id}/why/`: what a rule did and did not do, and why."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.users import user_of
from automation.models import Action, Trace
from automation.serializers import PlainDecimal
from automation.trace_kinds import CHOICES
from automation.why import why_not
from common.clock import now
from common.filtering import MomentFilter


class TraceOut(serializers.ModelSerializer[Trace]):
    """One entry of a rule's history."""

    kind = serializers.ChoiceField(choices=CHOICES)
    trace_id = serializers.SerializerMethodField(help_text="leads to the execution, its orders and alerts")

    class Meta:
        model = Trace
        fields = ["id", "at", "kind", "line", "count", "last_at", "epoch", "trace_id", "data"]
        read_only_fields = fields

    def get_trace_id(self, trace: Trace) -> str | None:
        found: str | None = trace.data.get("trace_id")
        return found


class WatchedOut(serializers.Serializer[Any]):
    """An hour, or less, in which the rule was watched and nothing changed; counted from minute bars."""

    begins = serializers.DateTimeField()
    ends = serializers.DateTimeField()
    line = serializers.CharField()
    minutes = serializers.IntegerField()
    without_price = serializers.IntegerField(help_text="minutes of the session without a usable price")
    low = PlainDecimal(allow_null=True)
    high = PlainDecimal(allow_null=True)
    nearest = PlainDecimal(allow_null=True, help_text="dollars from the level at the nearest")
    nearest_percent = PlainDecimal(allow_null=True)


class WhyOut(serializers.Serializer[Any]):
    """Why the rule has not traded."""

    code = serializers.CharField(help_text="the answer for programs: a status, or what an active rule waits for")
    answer = serializers.CharField()
    needed = serializers.CharField(help_text="what would have to happen")
    more = serializers.ListField(child=serializers.CharField())
    watched = WatchedOut(many=True)


class TraceFilter(django_filters.FilterSet):
    kind = django_filters.MultipleChoiceFilter(choices=CHOICES)
    trace_id = django_filters.UUIDFilter(method="of_trace")
    since = MomentFilter(field_name="at", lookup_expr="gte")
    until = MomentFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = Trace
        fields = ["kind", "trace_id", "since", "until"]

    def of_trace(self, queryset: QuerySet[Trace], name: str, value: UUID) -> QuerySet[Trace]:
        return queryset.filter(data__trace_id=str(value))


class Traces(ListAPIView[Trace]):
    """The rule's history, newest first: every evaluation that changed something, or would have."""

    queryset = Trace.objects.order_by("-id")
    serializer_class = TraceOut
    filterset_class = TraceFilter
    ordering_fields = ["at"]

    def get_queryset(self) -> QuerySet[Trace]:
        if getattr(self, "swagger_fake_view", False):
            return Trace.objects.none()
        mine = Action.objects.filter(user=user_of(self.request))
        return super().get_queryset().filter(action=get_object_or_404(mine, id=self.kwargs["action_id"]))


class Why(APIView):
    @extend_schema(responses=WhyOut, operation_id="actions_why")
    def get(self, request: Request, action_id: UUID) -> Response:
        """Why it has not traded: what stands in the way, what last stopped it, and what would have to happen."""
        mine = Action.objects.select_related("instrument").filter(user=user_of(request))
        return Response(WhyOut(why_not(get_object_or_404(mine, id=action_id), now=now())).data)
