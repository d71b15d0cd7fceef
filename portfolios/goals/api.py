"""`portfolio/goals/` and what hangs below one; `portfolios/{id}/harvest/`. Nothing here trades."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.idempotency import idempotent
from accounts.models import ApiToken
from accounts.permissions import HasScope
from accounts.users import user_of
from common.api import OwnedQuerysetMixin, json_object
from common.clock import now
from common.filtering import refuse_unknown
from portfolios.api import owned
from portfolios.goals import changing, reading
from portfolios.goals.serializers import (
    CandidateOut,
    DriftOut,
    GoalIn,
    GoalOut,
    GoalPlanOut,
    GoalVersionOut,
    HarvestQuery,
    OneGoalOut,
    PlanQuery,
)
from portfolios.harvesting import harvest_candidates
from portfolios.models import GoalVersion, PortfolioGoal


def _actor(request: Request) -> str:
    """Who acts, for the versions: the user, and the token if a program acts for them."""
    name = user_of(request).get_username()
    return f"{name} (token {request.auth.name})"[:80] if isinstance(request.auth, ApiToken) else name[:80]


class Goals(OwnedQuerysetMixin, ListAPIView[PortfolioGoal]):
    """Your goals, by name."""

    permission_classes = [HasScope]
    scopes = {"POST": "trade"}
    owner_field = "portfolio__user"
    queryset = PortfolioGoal.objects.filter(archived_at=None).order_by("name", "id")
    serializer_class = GoalOut
    filterset_fields = ["portfolio", "enabled", "rebalance_mode"]
    ordering_fields = ["name", "created_at", "updated_at", "last_rebalanced_at"]

    @extend_schema(request=GoalIn, responses={201: OneGoalOut}, operation_id="goals_create")
    @idempotent
    def post(self, request: Request) -> Response:
        """Make a goal. Every mistake is named at once."""
        goal = changing.create_goal(user=user_of(request), data=json_object(request), now=now(), actor=_actor(request))
        return Response(OneGoalOut(goal).data, status=201)


class OneGoal(APIView):
    permission_classes = [HasScope]
    scopes = {"PATCH": "trade", "DELETE": "trade"}

    @extend_schema(responses=OneGoalOut, operation_id="goals_retrieve")
    def get(self, request: Request, goal_id: UUID) -> Response:
        """One goal."""
        refuse_unknown(request, ())
        return Response(OneGoalOut(changing.goal_of(user_of(request), goal_id)).data)

    @extend_schema(request=GoalIn, responses=OneGoalOut, operation_id="goals_update")
    def patch(self, request: Request, goal_id: UUID) -> Response:
        """Change some fields: a new version."""
        goal = changing.update_goal(
            user=user_of(request), goal_id=goal_id, changes=json_object(request), now=now(), actor=_actor(request)
        )
        return Response(OneGoalOut(goal).data)

    @extend_schema(responses={204: None}, operation_id="goals_delete")
    def delete(self, request: Request, goal_id: UUID) -> Response:
        """Switch it off and put it away; its runs keep it."""
        changing.archive_goal(user=user_of(request), goal_id=goal_id, now=now(), actor=_actor(request))
        return Response(status=204)


class GoalDrift(APIView):
    permission_classes = [HasScope]

    @extend_schema(responses=DriftOut, operation_id="goals_drift")
    def get(self, request: Request, goal_id: UUID) -> Response:
        """How far the portfolio is from the goal, at the latest quotes."""
        refuse_unknown(request, ())
        return Response(DriftOut(reading.drift(changing.goal_of(user_of(request), goal_id), now())).data)


class GoalPlan(APIView):
    permission_classes = [HasScope]

    @extend_schema(parameters=[PlanQuery], responses=GoalPlanOut, operation_id="goals_plan")
    def get(self, request: Request, goal_id: UUID) -> Response:
        """What a rebalance would trade now, what it would not, and why. 409 while something has no price."""
        refuse_unknown(request, set(PlanQuery().fields))
        query = PlanQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        goal = changing.goal_of(user_of(request), goal_id)
        return Response(GoalPlanOut(reading.plan_goal(goal, now(), force=query.validated_data["force"])).data)


class GoalVersions(ListAPIView[GoalVersion]):
    """The goal as it was, newest first."""

    permission_classes = [HasScope]
    queryset = GoalVersion.objects.order_by("-version")
    serializer_class = GoalVersionOut
    ordering_fields = ["version"]

    def get_queryset(self) -> QuerySet[GoalVersion]:
        if getattr(self, "swagger_fake_view", False):
            return GoalVersion.objects.none()
        return super().get_queryset().filter(goal=changing.goal_of(user_of(self.request), self.kwargs["goal_id"]))


class Harvest(APIView):
    permission_classes = [HasScope]

    @extend_schema(parameters=[HarvestQuery], responses=CandidateOut(many=True), operation_id="portfolios_harvest")
    def get(self, request: Request, pk: UUID) -> Response:
        """Open lots whose loss could be realised to save taxes, the largest saving first. Estimates, no advice."""
        refuse_unknown(request, set(HarvestQuery().fields))
        query = HarvestQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        found: Any = harvest_candidates(owned(request, pk), now=now(), **query.validated_data)
        return Response(CandidateOut(found, many=True).data)
