"""The replay doors: simulate a rule or a draft over stored bars, and the runs that take a while."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import django_filters
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.users import user_of
from automation.models import Action, ReplayRun
from automation.replay import running
from automation.replay.asking import asks_for_replay
from automation.replay.running import Answered
from automation.replay.serializers import DraftReplayIn, ReplayOut, RunListed, RunOut, SimulateIn
from automation.serializers import WhatIfOut
from automation.simulating import what_if
from common.api import OwnedQuerysetMixin
from common.clock import now
from common.errors import InvalidInput, NotFound

ANSWERS = {
    200: PolymorphicProxySerializer(
        component_name="Simulated", serializers=[WhatIfOut, ReplayOut], resource_type_field_name=None
    ),
    202: RunOut,
}


def _object(request: Request) -> Mapping[str, Any]:
    if not isinstance(request.data, Mapping):
        raise InvalidInput({"body": "must be a JSON object"})
    return request.data


def _answer(answered: Answered) -> Response:
    if answered.run is not None:
        return Response(RunOut(answered.run).data, status=202)
    return Response(answered.result)


class Simulate(APIView):
    scopes = {"POST": "read"}

    @extend_schema(request=SimulateIn, responses=ANSWERS, operation_id="actions_simulate")
    def post(self, request: Request, action_id: UUID) -> Response:
        """What if the market looked like this? Or, with from, to, timeframe or grid: how would it have done?

        Nothing is ordered. A replay over fewer than 200,000 bars is answered at once; a larger one, and a grid, is
        queued: 202 with the run, see actions/replays/{id}/.
        """
        user, data = user_of(request), _object(request)
        action = Action.objects.select_related("instrument", "portfolio").filter(user=user, id=action_id).first()
        if action is None:
            raise NotFound(f"There is no action {action_id}.")
        if asks_for_replay(data):
            return _answer(running.ask(user=user, action=action, data=data, now=now()))
        return Response(WhatIfOut(what_if(action, observation=data, now=now())).data)


class SimulateDraft(APIView):
    scopes = {"POST": "read"}

    @extend_schema(
        request=DraftReplayIn, responses={200: ReplayOut, 202: RunOut}, operation_id="actions_simulate_draft"
    )
    def post(self, request: Request) -> Response:
        """How would a rule that does not exist yet have done? Nothing is created, nothing is ordered."""
        data = dict(_object(request))
        rule = data.pop("rule", None)
        return _answer(running.ask_draft(user=user_of(request), rule=rule, data=data, now=now()))


class RunFilter(django_filters.FilterSet):
    action = django_filters.UUIDFilter(field_name="action_id")  # no look-up that tells whether it exists

    class Meta:
        model = ReplayRun
        fields = ["state", "action"]


class Replays(OwnedQuerysetMixin, ListAPIView[ReplayRun]):
    """Queued replays and grids, newest first."""

    queryset = ReplayRun.objects.defer("result", "rule").order_by("-created_at", "-id")
    serializer_class = RunListed
    filterset_class = RunFilter
    ordering_fields = ["created_at"]


class ReplayView(APIView):
    scopes = {"GET": "read", "DELETE": "trade"}

    @extend_schema(responses=RunOut, operation_id="actions_replays_retrieve")
    def get(self, request: Request, run_id: UUID) -> Response:
        """One run with its progress and, as far as it is known, its result."""
        return Response(RunOut(running.run_of(user_of(request), run_id)).data)

    @extend_schema(responses={204: None}, operation_id="actions_replays_discard")
    def delete(self, request: Request, run_id: UUID) -> Response:
        """Cancel a run that is under way; forget one that has ended."""
        running.discard(user=user_of(request), run_id=run_id, now=now())
        return Response(status=204)
