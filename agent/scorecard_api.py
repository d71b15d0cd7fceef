"""`agent/scorecard/`: how good the agent's suggestions were."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.users import user_of
from agent.scorecard import scorecard


class FiguresOut(serializers.Serializer[Any]):
    """Percent, as strings; null without any. A sale's return is what it spared."""

    count = serializers.IntegerField()
    hit_rate = serializers.CharField(allow_null=True)
    mean_return = serializers.CharField(allow_null=True)
    mean_benchmark = serializers.CharField(allow_null=True, help_text="SPY, in the same direction")
    excess = serializers.CharField(allow_null=True, help_text="return less benchmark")


class BucketOut(FiguresOut):
    to = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.CharField(), **super().get_fields()}


class HorizonOut(FiguresOut):
    sessions = serializers.IntegerField(help_text="closes after the day of the suggestion")
    by_confidence = BucketOut(many=True)


class ScorecardOut(serializers.Serializer[Any]):
    """What is looked at before the mode is raised to execute."""

    horizons = HorizonOut(many=True)
    enough = serializers.BooleanField()
    lacks = serializers.ListField(child=serializers.CharField(), help_text="what is missing, in sentences")


class Scorecard(APIView):
    @extend_schema(responses=ScorecardOut, operation_id="agent_scorecard")
    def get(self, request: Request) -> Response:
        """Hit rate and return beside the benchmark after 1, 5 and 20 sessions, by confidence."""
        return Response(ScorecardOut(scorecard(user_of(request))).data)
