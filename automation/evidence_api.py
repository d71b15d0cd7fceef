"""Doors to what a rule has shown, and back to what it was."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.users import user_of
from automation import versions
from automation.api import actor_of
from automation.evidence import evidence_of
from automation.finding import action_of
from automation.models import ActionType
from automation.serializers import ActionOut, PlainDecimal
from automation.triggers.reading import shown
from common.clock import now
from common.errors import Conflict, InvalidInput


class WorstOut(serializers.Serializer[Any]):
    result = PlainDecimal(help_text="0 or below")
    at = serializers.DateTimeField(allow_null=True)


class BookOut(serializers.Serializer[Any]):
    """What trades came to, in dollars, fees taken off; what is open is counted at the last price."""

    trades = serializers.IntegerField()
    round_trips = serializers.IntegerField()
    realised = PlainDecimal()
    open = PlainDecimal()
    result = PlainDecimal()
    fees = PlainDecimal()
    open_quantity = PlainDecimal(help_text="below 0: shares sold that were held before")
    worst = WorstOut()


class LackOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class EvidenceOut(serializers.Serializer[Any]):
    """What a rule has shown since `since`. `enough` to become automatic when nothing is lacking."""

    since = serializers.DateTimeField()
    days_watched = serializers.IntegerField(help_text="trading days")
    fires = serializers.IntegerField()
    fires_without_price = serializers.IntegerField()
    fires_late = serializers.IntegerField()
    fires_untraded = serializers.IntegerField()
    data_gaps = serializers.IntegerField()
    gap_minutes = serializers.IntegerField()
    last_price = PlainDecimal(allow_null=True)
    last_price_at = serializers.DateTimeField(allow_null=True)
    shadow = BookOut(allow_null=True)
    real = BookOut(allow_null=True)
    lacks = LackOut(many=True)
    enough = serializers.BooleanField()


class RestoreIn(serializers.Serializer[Any]):
    override = serializers.CharField(required=False, help_text="why, when it becomes automatic against the evidence")


class EvidenceView(APIView):
    @extend_schema(responses=EvidenceOut, operation_id="actions_evidence")
    def get(self, request: Request, action_id: UUID) -> Response:
        """What the rule has shown in shadow, and what it made in earnest. 409 for a rule that does not trade."""
        action = action_of(user_of(request), action_id)
        if action.action_type == ActionType.NOTIFY:
            raise Conflict("This rule only tells: there is nothing to gain or lose.")
        if action.action_type == ActionType.REBALANCE:
            raise Conflict("This rule rebalances: what it would do is shown by its goal's plan.")
        return Response(EvidenceOut(evidence_of(action, now=now())).data)


class Restore(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=RestoreIn, responses=ActionOut, operation_id="actions_versions_restore")
    def post(self, request: Request, action_id: UUID, version: int) -> Response:
        """Set the rule as it was at that version. An edit like any other: checked afresh, and a version of its own."""
        user = user_of(request)
        given = request.data
        if not isinstance(given, dict) or given.keys() - {"override"}:
            raise InvalidInput({"body": f'{shown(given)}: send nothing, or {{"override": "your reason"}}'})
        action = versions.restore(
            user=user,
            action_id=action_id,
            version=version,
            now=now(),
            actor=actor_of(request),
            override=given.get("override"),
        )
        return Response(ActionOut(action).data)
