"""The Actions API: each door parses, makes one domain call, and translates the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.idempotency import idempotent
from accounts.models import ApiToken
from accounts.users import user_of
from automation import explaining, lifecycle
from automation.models import Action, ActionExecution, ActionVersion
from automation.preflight import finding, reviewing
from automation.serializers import (
    ActionChanges,
    ActionIn,
    ActionOut,
    CreatedOut,
    ExecutionOut,
    ExplanationOut,
    FindingOut,
    PreviewedOut,
    PreviewQuery,
    TriggerTypeOut,
    VersionOut,
)
from automation.triggers.registry import TRIGGERS
from common.api import OwnedQuerysetMixin
from common.clock import now
from common.errors import InvalidInput, NotFound


def actor_of(request: Request) -> str:
    """Who acts, for the history: the user, and the token if a program acts for them."""
    name = user_of(request).get_username()
    return f"{name} (token {request.auth.name})"[:80] if isinstance(request.auth, ApiToken) else name[:80]


def _object(request: Request) -> Mapping[str, Any]:
    if not isinstance(request.data, Mapping):
        raise InvalidInput({"body": "must be a JSON object"})
    return request.data


def _mine(request: Request, action_id: UUID) -> Action:
    action = Action.objects.select_related("instrument").filter(user=user_of(request), id=action_id).first()
    if action is None:
        raise NotFound(f"There is no action {action_id}.")
    return action


class ActionFilter(django_filters.FilterSet):
    symbol = django_filters.CharFilter(method="of_symbol")
    portfolio = django_filters.UUIDFilter(field_name="portfolio_id")  # no look-up that tells whether it exists

    class Meta:
        model = Action
        fields = ["status", "symbol", "action_type", "trigger_type", "portfolio", "mode", "group"]

    def of_symbol(self, queryset: QuerySet[Action], name: str, value: str) -> QuerySet[Action]:
        return queryset.filter(instrument_id=value.upper())


class Actions(OwnedQuerysetMixin, ListAPIView[Action]):
    queryset = Action.objects.select_related("goal").order_by("-created_at", "-id")
    serializer_class = ActionOut
    filterset_class = ActionFilter
    ordering_fields = ["created_at", "updated_at", "last_triggered_at", "status", "instrument_id"]
    scopes = {"GET": "read", "POST": "trade"}

    @extend_schema(request=ActionIn, responses={201: CreatedOut}, operation_id="actions_create")
    @idempotent
    def post(self, request: Request) -> Response:
        """Create a rule. It is armed at once; `warnings` tells when it is already true and will fire at once.

        `findings` tell where it gets in the way of other rules, of what is held, or of a limit.
        """
        at = now()
        action = lifecycle.create_action(user=user_of(request), data=_object(request), now=at, actor=actor_of(request))
        warnings = explaining.explain(action, now=at).warnings
        findings = FindingOut(finding.findings_about(action, now=at), many=True).data
        return Response({**ActionOut(action).data, "warnings": list(warnings), "findings": findings}, status=201)


class ActionView(APIView):
    scopes = {"GET": "read", "PATCH": "trade", "DELETE": "trade"}

    @extend_schema(responses=ActionOut, operation_id="actions_retrieve")
    def get(self, request: Request, action_id: UUID) -> Response:
        """One rule."""
        return Response(ActionOut(_mine(request, action_id)).data)

    @extend_schema(request=ActionChanges, responses=ActionOut, operation_id="actions_update")
    def patch(self, request: Request, action_id: UUID) -> Response:
        """Edit a rule, pause it or resume it. A change of trigger or limits arms it afresh.

        A BUY or SELL rule becomes automatic on evidence; where that is thin the answer is 409 `evidence_needed` with
        the evidence, and `override` with a reason does it anyway.
        """
        action = lifecycle.update_action(
            user=user_of(request), action_id=action_id, changes=_object(request), now=now(), actor=actor_of(request)
        )
        return Response(ActionOut(action).data)

    @extend_schema(responses={204: None}, operation_id="actions_cancel")
    def delete(self, request: Request, action_id: UUID) -> Response:
        """Cancel a rule. It stays in the history."""
        lifecycle.cancel(user=user_of(request), action_id=action_id, now=now(), actor=actor_of(request))
        return Response(status=204)


class Pause(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses=ActionOut, operation_id="actions_pause")
    def post(self, request: Request, action_id: UUID) -> Response:
        """Stop watching, keep the rule."""
        action = lifecycle.pause(user=user_of(request), action_id=action_id, now=now(), actor=actor_of(request))
        return Response(ActionOut(action).data)


class Resume(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses=ActionOut, operation_id="actions_resume")
    def post(self, request: Request, action_id: UUID) -> Response:
        """Watch again, afresh."""
        action = lifecycle.resume(user=user_of(request), action_id=action_id, now=now(), actor=actor_of(request))
        return Response(ActionOut(action).data)


class ExecuteNow(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses={202: ExecutionOut}, operation_id="actions_execute_now")
    @idempotent
    def post(self, request: Request, action_id: UUID) -> Response:
        """Execute without waiting for the trigger. Skips the trigger, never the safety gate."""
        execution = lifecycle.execute_now(
            user=user_of(request), action_id=action_id, now=now(), actor=actor_of(request)
        )
        return Response(ExecutionOut(execution).data, status=202)


class Explain(APIView):
    @extend_schema(responses=ExplanationOut, operation_id="actions_explain")
    def get(self, request: Request, action_id: UUID) -> Response:
        """The rule in a sentence, where its value stands, and the price at which it fires now."""
        return Response(ExplanationOut(explaining.explain(_mine(request, action_id), now=now())).data)


class Preview(APIView):
    scopes = {"POST": "read"}

    @extend_schema(request=ActionIn, parameters=[PreviewQuery], responses=PreviewedOut, operation_id="actions_preview")
    def post(self, request: Request) -> Response:
        """Check and explain a rule without creating it: `findings` as creating it would give."""
        query = PreviewQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = reviewing.review(
            user=user_of(request), data=_object(request), now=now(), editing=query.validated_data.get("editing")
        )
        findings = FindingOut(found.findings, many=True).data
        return Response({**ExplanationOut(found.explanation).data, "findings": findings})


class Preflight(GenericAPIView[Any]):
    serializer_class = FindingOut
    filter_backends = ()

    @extend_schema(responses=FindingOut(many=True), operation_id="actions_preflight")
    def get(self, request: Request) -> Response:
        """Every conflict among your active rules, the worst first."""
        page = self.paginate_queryset(finding.findings_of(user_of(request), now=now()))
        return self.get_paginated_response(FindingOut(page, many=True).data)


class Executions(ListAPIView[ActionExecution]):
    queryset = ActionExecution.objects.order_by("-triggered_at", "-id")
    serializer_class = ExecutionOut
    filterset_fields = ["state", "cause"]
    ordering_fields = ["triggered_at"]

    def get_queryset(self) -> QuerySet[ActionExecution]:
        if getattr(self, "swagger_fake_view", False):
            return ActionExecution.objects.none()
        return super().get_queryset().filter(action=_mine(self.request, self.kwargs["action_id"]))


class Versions(ListAPIView[ActionVersion]):
    queryset = ActionVersion.objects.order_by("-version")
    serializer_class = VersionOut
    ordering_fields = ["version"]

    def get_queryset(self) -> QuerySet[ActionVersion]:
        if getattr(self, "swagger_fake_view", False):
            return ActionVersion.objects.none()
        return super().get_queryset().filter(action=_mine(self.request, self.kwargs["action_id"]))


class TriggerTypes(APIView):
    @extend_schema(responses=TriggerTypeOut(many=True), operation_id="actions_triggers")
    def get(self, request: Request) -> Response:
        """Every kind of trigger, with parameters to start from."""
        kinds = [
            {
                "type": trigger.type,
                "needs_symbol": trigger.needs_symbol,
                "example": trigger.example,
                "sentence": trigger.sentence(trigger.parse(trigger.example), "AAPL"),
            }
            for trigger in TRIGGERS.values()
        ]
        return Response(TriggerTypeOut(kinds, many=True).data)
