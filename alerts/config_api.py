"""`alerts/`: what people asked to be told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.idempotency import idempotent
from accounts.users import user_of
from alerts import configs, standing
from alerts.conditions.registry import KINDS
from alerts.models import Alert, AlertConfig
from common.api import OwnedQuerysetMixin, json_object
from common.clock import now
from common.filtering import refuse_unknown


class StandingOut(serializers.Serializer[Any]):
    """Where an alert stands. Values, level and distance are in `unit`: `$`, `%` or none."""

    sentence = serializers.CharField()
    state = serializers.ChoiceField(
        choices=[(state.value, state.name) for state in standing.State],
        help_text="armed; true (told, and still true); cooling; unknown (never told); done (told once); off",
    )
    reason = serializers.CharField(allow_blank=True, help_text="why it is unknown")
    subject_name = serializers.CharField(allow_blank=True, help_text="the portfolio, goal or strategy")
    unit = serializers.CharField(allow_blank=True)
    current_value = serializers.DecimalField(max_digits=28, decimal_places=9, allow_null=True)
    level = serializers.DecimalField(max_digits=28, decimal_places=9, allow_null=True)
    distance = serializers.DecimalField(max_digits=28, decimal_places=9, allow_null=True)
    distance_percent = serializers.DecimalField(max_digits=28, decimal_places=9, allow_null=True)
    cooling_until = serializers.DateTimeField(allow_null=True)


class ConfigOut(serializers.ModelSerializer[AlertConfig]):
    """An alert config, with where it stands in `explain`."""

    symbol = serializers.CharField(source="instrument_id", allow_null=True)
    explain = StandingOut(source="standing")

    class Meta:
        model = AlertConfig
        fields = [
            "id",
            "name",
            "alert_type",
            "condition",
            "symbol",
            "subject",
            "enabled",
            "severity",
            "repeats",
            "cooldown_seconds",
            "fired_count",
            "last_fired_at",
            "last_value",
            "explain",
            "version",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class ConfigIn(serializers.Serializer[Any]):
    """What an alert config is made of. `alerts.reading` checks it: every field at once, with value and fix."""

    alert_type = serializers.ChoiceField(choices=AlertConfig.Type.choices)
    condition = serializers.JSONField(
        help_text='see alerts/types/, e.g. {"symbol": "AAPL", "above": "200"} or {"drawdown_pct": "10"}'
    )
    name = serializers.CharField(required=False)
    portfolio = serializers.UUIDField(required=False, help_text="risk only; default: your primary portfolio")
    enabled = serializers.BooleanField(required=False)
    severity = serializers.ChoiceField(choices=Alert.Severity.choices, required=False)
    repeats = serializers.BooleanField(required=False, help_text="default true; false: told once, then switched off")
    cooldown_seconds = serializers.IntegerField(required=False, help_text="default 300; 0 to 31 days")


class ConfigChanges(ConfigIn):
    """An edit: any of a config's fields."""

    alert_type = serializers.ChoiceField(choices=AlertConfig.Type.choices, required=False)
    condition = serializers.JSONField(required=False)


class TypeOut(serializers.Serializer[Any]):
    """A kind of condition with conditions to start from."""

    alert_type = serializers.CharField()
    title = serializers.CharField()
    about = serializers.CharField()
    examples = serializers.ListField(child=serializers.JSONField())


def _told(config: AlertConfig) -> dict[str, Any]:
    config.standing = standing.standing_of(config, now=now())  # type: ignore[attr-defined]
    return dict(ConfigOut(config).data)


class ConfigFilters(django_filters.FilterSet):
    symbol = django_filters.CharFilter(method="of_symbol")

    class Meta:
        model = AlertConfig
        fields = ["alert_type", "enabled", "severity", "symbol", "subject"]

    def of_symbol(self, queryset: QuerySet[AlertConfig], name: str, value: str) -> QuerySet[AlertConfig]:
        return queryset.filter(instrument_id=value.upper())


class Configs(OwnedQuerysetMixin, ListAPIView[AlertConfig]):
    """What you asked to be told, newest first."""

    queryset = AlertConfig.objects.order_by("-created_at", "-id")
    serializer_class = ConfigOut
    filterset_class = ConfigFilters
    ordering_fields = ["created_at", "updated_at", "last_fired_at", "alert_type"]
    scopes = {"GET": "read", "POST": "trade"}

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Attaches where each config stands, in a few queries for all of them."""
        if args:
            found = standing.standings(args[0], now=now())
            for config in args[0]:
                config.standing = found[config.id]
        return super().get_serializer(*args, **kwargs)

    @extend_schema(request=ConfigIn, responses={201: ConfigOut}, operation_id="alerts_create")
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask to be told. It is armed at once; what is already true is told at once."""
        config = configs.create(user=user_of(request), data=json_object(request), now=now())
        return Response(_told(config), status=201)


class Types(APIView):
    @extend_schema(responses=TypeOut(many=True), operation_id="alerts_types")
    def get(self, request: Request) -> Response:
        """The kinds of conditions, each with examples."""
        refuse_unknown(request, ())
        told = [
            {
                "alert_type": kind.type,
                "title": kind.title,
                "about": " ".join((type(kind).__doc__ or "").split()),
                "examples": kind.examples,
            }
            for kind in KINDS.values()
        ]
        return Response(TypeOut(told, many=True).data)


class Config(APIView):
    scopes = {"GET": "read", "PATCH": "trade", "DELETE": "trade"}

    @extend_schema(responses=ConfigOut, operation_id="alerts_retrieve")
    def get(self, request: Request, config_id: UUID) -> Response:
        """One alert config, with where it stands."""
        return Response(_told(configs.config_of(user_of(request), config_id)))

    @extend_schema(request=ConfigChanges, responses=ConfigOut, operation_id="alerts_update")
    def patch(self, request: Request, config_id: UUID) -> Response:
        """Edit it. A change of what it waits for arms it afresh: what is already true is told again."""
        changes = json_object(request)
        return Response(_told(configs.update(user=user_of(request), config_id=config_id, changes=changes, now=now())))

    @extend_schema(responses={204: None}, operation_id="alerts_delete")
    def delete(self, request: Request, config_id: UUID) -> Response:
        """Forget it. What it told stays in the history."""
        configs.delete(user=user_of(request), config_id=config_id, now=now())
        return Response(status=204)


class Enable(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses=ConfigOut, operation_id="alerts_enable")
    def post(self, request: Request, config_id: UUID) -> Response:
        """Switch it on, afresh. Doing it again changes nothing."""
        return Response(_told(configs.set_enabled(user=user_of(request), config_id=config_id, enabled=True, now=now())))


class Disable(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses=ConfigOut, operation_id="alerts_disable")
    def post(self, request: Request, config_id: UUID) -> Response:
        """Switch it off; it is kept. Doing it again changes nothing."""
        return Response(
            _told(configs.set_enabled(user=user_of(request), config_id=config_id, enabled=False, now=now()))
        )


class Explain(APIView):
    @extend_schema(responses=StandingOut, operation_id="alerts_explain")
    def get(self, request: Request, config_id: UUID) -> Response:
        """Where it stands: the sentence, its state and why, the value now and how far it is from being told."""
        config = configs.config_of(user_of(request), config_id)
        return Response(StandingOut(standing.standing_of(config, now=now())).data)
