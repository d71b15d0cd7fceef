"""`actions/missed/`: due times that passed while Puffling was down, and what its owner decides about them."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.idempotency import idempotent
from accounts.users import user_of
from automation import answering
from automation.api import actor_of
from automation.models import Missed
from automation.scheduling.serializers import JobRunOut
from automation.sentences import sentence
from common.api import OwnedQuerysetMixin
from common.clock import now
from common.filtering import MomentFilter


class MissedOut(serializers.ModelSerializer[Missed]):
    """One missed time. `execution` is the firing it led to after all, if any."""

    action = serializers.UUIDField(source="action_id")
    execution = serializers.UUIDField(source="execution_id", allow_null=True)
    sentence = serializers.SerializerMethodField()

    class Meta:
        model = Missed
        fields = [
            "id",
            "action",
            "sentence",
            "due_at",
            "found_at",
            "policy",
            "outcome",
            "note",
            "execution",
            "decided_by",
            "decided_at",
        ]
        read_only_fields = fields

    def get_sentence(self, missed: Missed) -> str:
        return sentence(missed.action)


class MissedFilter(django_filters.FilterSet):
    action = django_filters.UUIDFilter(field_name="action_id")
    since = MomentFilter(field_name="due_at", lookup_expr="gte")

    class Meta:
        model = Missed
        fields = ["outcome", "policy", "action", "since"]


class MissedTimes(OwnedQuerysetMixin, ListAPIView[Missed]):
    """Missed times, newest first; `outcome=asked` are those that wait for an answer."""

    owner_field = "action__user"
    queryset = Missed.objects.select_related("action").order_by("-due_at", "-id")
    serializer_class = MissedOut
    filterset_class = MissedFilter
    ordering_fields = ["due_at", "found_at", "outcome"]


class RunMissed(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses={202: MissedOut}, operation_id="actions_missed_run")
    @idempotent
    def post(self, request: Request, missed_id: int) -> Response:
        """Run the rule now for a time it missed and asks about. Skips the trigger, never the safety gate."""
        missed = answering.run(user=user_of(request), missed_id=missed_id, now=now(), actor=actor_of(request))
        return Response(MissedOut(missed).data, status=202)


class DeclineMissed(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses=MissedOut, operation_id="actions_missed_decline")
    def post(self, request: Request, missed_id: int) -> Response:
        """Leave a missed time undone."""
        missed = answering.decline(user=user_of(request), missed_id=missed_id, now=now(), actor=actor_of(request))
        return Response(MissedOut(missed).data)


class DowntimeOut(serializers.Serializer[Any]):
    """The last outage and what it made your rules and jobs miss (at most 50 of each, newest first)."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    down_seconds = serializers.FloatField()
    missed_count = serializers.IntegerField()
    missed = MissedOut(many=True)
    missed_runs_count = serializers.IntegerField()
    missed_runs = JobRunOut(many=True, help_text="times of your jobs, made up for or not")
