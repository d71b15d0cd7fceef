"""The API of rebalances: each door parses, makes one domain call, and translates the answer."""

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
from accounts.users import user_of
from automation.rebalancing import approving, by_hand, cancelling
from automation.rebalancing.approving import Click
from automation.rebalancing.models import RebalanceRun
from automation.rebalancing.planning import plan_as_json
from automation.rebalancing.serializers import DryRunOut, RebalanceIn, RebalanceRunDetail, RebalanceRunOut
from automation.rebalancing.starting import Prepared
from common.clock import now
from orders.approvals import Via
from orders.serializers import ApprovalDecisionIn
from portfolios.goals.changing import goal_of


def _actor(request: Request) -> str:
    name = user_of(request).get_username()
    return f"{name} (token {request.auth.name})"[:80] if isinstance(request.auth, ApiToken) else name[:80]


def _detail(run: RebalanceRun, user: Any) -> Any:
    found = by_hand.run_of(user, run.pk)
    found.changes = approving.changes_of(found, now=now())  # type: ignore[attr-defined]
    return RebalanceRunDetail(found).data


class Rebalance(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(
        request=RebalanceIn,
        responses={202: RebalanceRunDetail, 200: DryRunOut},
        operation_id="portfolio_goals_rebalance",
    )
    @idempotent
    def post(self, request: Request, goal_id: UUID) -> Response:
        """Rebalance to the goal: 202 with the run, which is blocked if something stands in the way.

        With `dry_run`: 200 with what would be done. A large run waits for one approval of the whole of it.
        """
        user, at = user_of(request), now()
        goal_of(user, goal_id)
        asked = RebalanceIn(data=request.data)
        asked.is_valid(raise_exception=True)
        wish = {"user": user, "goal_id": goal_id, "actor": _actor(request), "force": asked.validated_data["force"]}
        if asked.validated_data["dry_run"]:
            return Response(DryRunOut(_shown(by_hand.dry_run(**wish, now=at))).data)
        return Response(_detail(by_hand.rebalance(**wish, now=at), user), status=202)


def _shown(prepared: Prepared) -> dict[str, Any]:
    refusal = prepared.refusal
    return {
        "legs": prepared.legs,
        "plan": plan_as_json(prepared.plan) if prepared.plan else {},
        "checks": prepared.checks,
        "refusal_code": refusal.code if refusal else "",
        "refusal": refusal.reason if refusal else "",
        "asks": prepared.asks,
    }


class Runs(ListAPIView[RebalanceRun]):
    """Your rebalance runs, the newest first."""

    queryset = RebalanceRun.objects.none()
    serializer_class = RebalanceRunOut
    filterset_fields = ["state", "cause"]
    ordering_fields = ["created_at", "finished_at"]

    def get_queryset(self) -> QuerySet[RebalanceRun]:
        if getattr(self, "swagger_fake_view", False):
            return RebalanceRun.objects.none()
        return by_hand.runs_of(user_of(self.request))


class GoalRuns(Runs):
    """The runs of one goal, the newest first."""

    def get_queryset(self) -> QuerySet[RebalanceRun]:
        if getattr(self, "swagger_fake_view", False):
            return RebalanceRun.objects.none()
        return super().get_queryset().filter(goal=goal_of(user_of(self.request), self.kwargs["goal_id"]))


class RunView(APIView):
    @extend_schema(responses=RebalanceRunDetail, operation_id="portfolio_runs_retrieve")
    def get(self, request: Request, run_id: UUID) -> Response:
        """One run with its legs, orders and residuals."""
        user = user_of(request)
        return Response(_detail(by_hand.run_of(user, run_id), user))


class CancelRun(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses={202: RebalanceRunDetail}, operation_id="portfolio_runs_cancel")
    def post(self, request: Request, run_id: UUID) -> Response:
        """Stop a run: what is open is cancelled, what filled stays, the rest is left out."""
        user = user_of(request)
        run = cancelling.cancel(user=user, run_id=run_id, actor=_actor(request), now=now())
        return Response(_detail(run, user), status=202)


class ApproveRun(APIView):
    scopes = {"POST": "approve"}

    @extend_schema(request=ApprovalDecisionIn, responses=RebalanceRunDetail, operation_id="portfolio_runs_approve")
    def post(self, request: Request, run_id: UUID) -> Response:
        """Approve a waiting run as a whole. Everything is asked again: it goes on, or is blocked with the reason."""
        run = approving.approve(_click(request, run_id), now=now())
        return Response(_detail(run, user_of(request)))


class DeclineRun(APIView):
    scopes = {"POST": "approve"}

    @extend_schema(request=ApprovalDecisionIn, responses=RebalanceRunDetail, operation_id="portfolio_runs_decline")
    def post(self, request: Request, run_id: UUID) -> Response:
        """Say no to a waiting run."""
        run = approving.decline(_click(request, run_id), now=now())
        return Response(_detail(run, user_of(request)))


def _click(request: Request, run_id: UUID) -> Click:
    """Who decides, by which way, and why."""
    asked = ApprovalDecisionIn(data=request.data)
    asked.is_valid(raise_exception=True)
    auth = request.auth
    via = Via.TOKEN if isinstance(auth, ApiToken) else Via.JWT if auth is not None else Via.SESSION
    return Click(
        user=user_of(request), run_id=run_id, actor=_actor(request), note=asked.validated_data["note"], via=via
    )
