"""Doors to the templates."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.idempotency import idempotent
from accounts.users import user_of
from automation import templating
from automation.api import actor_of
from automation.blueprints.base import Blueprint
from automation.blueprints.registry import BLUEPRINTS
from automation.serializers import ActionOut
from common.api import json_object
from common.clock import now


class ParameterOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of the answer, not the serializer's own
    kind = serializers.CharField(help_text="symbol, symbols, percent, dollars, number, time or choice")
    help = serializers.CharField(allow_blank=True)
    default = serializers.CharField(allow_blank=True)
    required = serializers.BooleanField()  # type: ignore[assignment]
    choices = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))


class TemplateOut(serializers.Serializer[Any]):
    """A template and its parameters; beside them every template takes `portfolio` and `mode`."""

    name = serializers.CharField()
    title = serializers.CharField()
    about = serializers.CharField()
    parameters = ParameterOut(many=True)


class PlannedRuleOut(serializers.Serializer[Any]):
    rule = serializers.JSONField(help_text="as POST actions/ takes it")
    sentence = serializers.CharField()
    warnings = serializers.ListField(child=serializers.CharField())


class PlanOut(serializers.Serializer[Any]):
    """The rules a template would make."""

    template = serializers.CharField()
    sentence = serializers.CharField()
    rules = PlannedRuleOut(many=True)


class Templates(APIView):
    @extend_schema(responses=TemplateOut(many=True), operation_id="actions_templates")
    def get(self, request: Request) -> Response:
        """Rules ready to fill in."""
        return Response([_told(blueprint) for blueprint in BLUEPRINTS.values()])


def _told(blueprint: Blueprint) -> dict[str, Any]:
    parameters = ParameterOut(blueprint.fields, many=True).data
    return {"name": blueprint.name, "title": blueprint.title, "about": blueprint.about, "parameters": parameters}


class TemplatePreview(APIView):
    scopes = {"POST": "read"}

    @extend_schema(request=OpenApiTypes.OBJECT, responses=PlanOut, operation_id="actions_templates_preview")
    def post(self, request: Request, name: str) -> Response:
        """The rules it would make now, each with its sentence and warnings. Nothing is written."""
        plan = templating.preview(user=user_of(request), name=name, params=json_object(request), now=now())
        return Response(PlanOut(plan).data)


class TemplateCreate(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(
        request=OpenApiTypes.OBJECT, responses={201: ActionOut(many=True)}, operation_id="actions_templates_create"
    )
    @idempotent
    def post(self, request: Request, name: str) -> Response:
        """Make the rules of a template: all of them, or none when one cannot be."""
        made = templating.create(
            user=user_of(request), name=name, params=json_object(request), now=now(), actor=actor_of(request)
        )
        return Response(ActionOut(made, many=True).data, status=201)
