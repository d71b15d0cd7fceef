"""`agent/…`: runs with their steps, the settings, prices, suggestions, and sentences to drafts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.idempotency import idempotent
from accounts.users import user_of
from agent import budget, configuring, pricing, proposing, starting
from agent.models import AgentConfig, AgentRun, AgentStep, ModelPrice, RunMode, Suggestion
from agent.parse.reading import as_json, read_sentence
from common.api import OwnedQuerysetMixin, StrictSerializer
from common.clock import now
from common.filtering import MomentFilter
from portfolios.models import Portfolio


class StepOut(serializers.ModelSerializer[AgentStep]):
    class Meta:
        model = AgentStep
        fields = [
            "number", "kind", "name", "text", "input", "output", "tokens_in", "tokens_out", "cost", "milliseconds",
            "failed", "at",
        ]  # fmt: skip
        read_only_fields = fields


class AgentRunOut(serializers.ModelSerializer[AgentRun]):
    """A run. `report` is there once it has ended, whatever the end was."""

    portfolio = serializers.UUIDField(source="portfolio_id")

    class Meta:
        model = AgentRun
        fields = [
            "id", "portfolio", "trigger", "mode", "provider", "model", "question", "state", "tainted", "taint_reason",
            "report", "actions_taken", "usage", "cost", "calls", "reason_code", "error", "trace_id", "created_at",
            "started_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields


class AgentRunWithSteps(AgentRunOut):
    steps = StepOut(many=True)

    class Meta(AgentRunOut.Meta):
        fields = [*AgentRunOut.Meta.fields, "steps"]
        read_only_fields = fields


class RunFilters(django_filters.FilterSet):
    since = MomentFilter(field_name="created_at", lookup_expr="gte")

    class Meta:
        model = AgentRun
        fields = ["state", "trigger", "mode", "since"]


class Runs(OwnedQuerysetMixin, ListAPIView[AgentRun]):
    """Runs, newest first."""

    queryset = AgentRun.objects.order_by("-created_at", "-id")
    serializer_class = AgentRunOut
    filterset_class = RunFilters
    ordering_fields = ["created_at", "state", "cost"]


class RunDetail(APIView):
    @extend_schema(responses=AgentRunWithSteps, operation_id="agent_runs_retrieve")
    def get(self, request: Request, run_id: UUID) -> Response:
        """One run with every step, in order: what it looked at, what the model said, what came of it."""
        return Response(AgentRunWithSteps(starting.run_of(user_of(request), run_id)).data)


class CancelRun(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses=AgentRunOut, operation_id="agent_runs_cancel")
    def post(self, request: Request, run_id: UUID) -> Response:
        """End a run before its time. What it did so far stays in its report."""
        return Response(AgentRunOut(starting.cancel_run(user=user_of(request), run_id=run_id, now=now())).data)


class AgentRunIn(StrictSerializer, serializers.Serializer[Any]):
    portfolio = serializers.UUIDField(required=False, help_text="by default your primary one")
    question = serializers.CharField(
        required=False, allow_blank=True, max_length=starting.LONGEST_QUESTION, help_text="empty: the regular analysis"
    )
    mode = serializers.ChoiceField(
        choices=RunMode.choices,
        required=False,
        help_text="at most as bold as your settings",
    )


class StartRun(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=AgentRunIn, responses={202: AgentRunOut}, operation_id="agent_run")
    @idempotent
    def post(self, request: Request) -> Response:
        """Start a run. Its steps come over /ws/agent as they happen."""
        given = AgentRunIn(data=request.data)
        given.is_valid(raise_exception=True)
        data = dict(given.validated_data)
        user = user_of(request)
        if "portfolio" in data:
            data["portfolio"] = Portfolio.objects.filter(user=user, pk=data["portfolio"]).first()
            if data["portfolio"] is None:
                raise serializers.ValidationError({"portfolio": "It is not one of your portfolios."})
        run = starting.start_run(user=user, now=now(), trigger=AgentRun.Trigger.MANUAL, **data)
        return Response(AgentRunOut(run).data, status=202)


class AgentConfigOut(serializers.ModelSerializer[AgentConfig]):
    spent = serializers.SerializerMethodField()

    class Meta:
        model = AgentConfig
        fields = [
            "provider", "model", "mode", "min_confidence", "max_calls", "max_turns", "max_tool_calls", "max_seconds",
            "max_output_tokens", "max_tokens_per_run", "dollars_per_run", "dollars_per_day", "dollars_per_month",
            "instructions", "notifications_in_chat", "version", "updated_at", "spent",
        ]  # fmt: skip
        read_only_fields = fields

    def get_spent(self, config: AgentConfig) -> dict[str, str]:
        """Dollars of today and this month (UTC), what is reserved for running requests included."""
        left = budget.left(user_id=config.user_id, now=now())
        return {"today": str(left.day_spent), "this_month": str(left.month_spent)}


class AgentConfigIn(StrictSerializer, serializers.ModelSerializer[AgentConfig]):
    override = serializers.CharField(
        required=False, max_length=300, help_text="why the mode is raised to execute against the scorecard; it is kept"
    )

    class Meta:
        model = AgentConfig
        fields = [*configuring.WHOLE, *configuring.DOLLARS, "provider", "model", "mode", "min_confidence",
                  "instructions", "notifications_in_chat", "override"]  # fmt: skip
        extra_kwargs = {name: {"required": False} for name in fields}


class Config(APIView):
    scopes = {"PATCH": "admin"}

    @extend_schema(responses=AgentConfigOut, operation_id="agent_config")
    def get(self, request: Request) -> Response:
        """How your agent works, its budgets and what of them is spent."""
        return Response(AgentConfigOut(configuring.config_of(user_of(request), now=now())).data)

    @extend_schema(request=AgentConfigIn, responses=AgentConfigOut, operation_id="agent_config_update")
    def patch(self, request: Request) -> Response:
        """Change some settings."""
        given = AgentConfigIn(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        config = configuring.change_config(user=user_of(request), changes=given.validated_data, now=now())
        return Response(AgentConfigOut(config).data)


class PriceOut(serializers.ModelSerializer[ModelPrice]):
    """Dollars per million tokens. `own` ones go before the common ones."""

    own = serializers.SerializerMethodField()

    class Meta:
        model = ModelPrice
        fields = ["id", "provider", "model", "input", "output", "cache_read", "cache_write", "own", "updated_at"]
        read_only_fields = fields

    def get_own(self, price: ModelPrice) -> bool:
        return price.user_id is not None


class PriceIn(StrictSerializer, serializers.Serializer[Any]):
    provider = serializers.ChoiceField(choices=[("anthropic",) * 2, ("openai",) * 2, ("compatible",) * 2])
    model = serializers.CharField(max_length=80)
    input = serializers.DecimalField(max_digits=12, decimal_places=6, min_value=0)
    output = serializers.DecimalField(max_digits=12, decimal_places=6, min_value=0)
    cache_read = serializers.DecimalField(max_digits=12, decimal_places=6, min_value=0, required=False)
    cache_write = serializers.DecimalField(max_digits=12, decimal_places=6, min_value=0, required=False)


class Prices(ListAPIView[ModelPrice]):
    """What models cost: the common table and your own rows."""

    scopes = {"POST": "admin"}
    queryset = ModelPrice.objects.order_by("provider", "model", "user")
    serializer_class = PriceOut
    filterset_fields = ["provider", "model"]

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset().none()
        return super().get_queryset().filter(Q(user=user_of(self.request)) | Q(user=None))

    @extend_schema(request=PriceIn, responses={201: PriceOut}, operation_id="agent_prices_set")
    def post(self, request: Request) -> Response:
        """Set your own price of a model; it replaces the one you set before."""
        given = PriceIn(data=request.data)
        given.is_valid(raise_exception=True)
        price = pricing.set_price(user=user_of(request), now=now(), **given.validated_data)
        return Response(PriceOut(price).data, status=201)


class Price(APIView):
    scopes = {"DELETE": "admin"}

    @extend_schema(responses={204: None}, operation_id="agent_prices_delete")
    def delete(self, request: Request, price_id: int) -> Response:
        """Forget one of your own prices."""
        pricing.forget_price(user=user_of(request), price_id=price_id)
        return Response(status=204)


class SuggestionOut(serializers.ModelSerializer[Suggestion]):
    run = serializers.UUIDField(source="run_id")
    portfolio = serializers.UUIDField(source="portfolio_id")

    class Meta:
        model = Suggestion
        fields = [
            "id", "run", "portfolio", "symbol", "side", "quantity", "notional", "limit_price", "rationale",
            "confidence", "invalidation_price", "expires_at", "state", "reason_code", "reason", "order_id", "price",
            "return_percent", "benchmark_percent", "scored_at", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class SuggestionFilters(django_filters.FilterSet):
    since = MomentFilter(field_name="created_at", lookup_expr="gte")

    class Meta:
        model = Suggestion
        fields = ["state", "symbol", "side", "run", "since"]


class Suggestions(OwnedQuerysetMixin, ListAPIView[Suggestion]):
    """What the agent proposed, newest first."""

    queryset = Suggestion.objects.order_by("-created_at", "-id")
    serializer_class = SuggestionOut
    filterset_class = SuggestionFilters
    ordering_fields = ["created_at", "confidence", "state"]


class Accept(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses={202: SuggestionOut}, operation_id="agent_suggestions_accept")
    @idempotent
    def post(self, request: Request, suggestion_id: UUID) -> Response:
        """Make an order of a suggestion: yours, through the safety gate."""
        user = user_of(request)
        proposing.accept(user=user, suggestion_id=suggestion_id, now=now())
        return Response(SuggestionOut(proposing.suggestion_of(user, suggestion_id)).data, status=202)


class Dismiss(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses=SuggestionOut, operation_id="agent_suggestions_dismiss")
    def post(self, request: Request, suggestion_id: UUID) -> Response:
        """Say no to a suggestion."""
        return Response(SuggestionOut(proposing.dismiss(user=user_of(request), suggestion_id=suggestion_id)).data)


class ParseIn(StrictSerializer, serializers.Serializer[Any]):
    text = serializers.CharField(max_length=2000, allow_blank=True)
    portfolio = serializers.UUIDField(required=False)


class QuestionOut(serializers.Serializer[Any]):
    field = serializers.CharField()
    text = serializers.CharField()
    options = serializers.ListField(child=serializers.CharField())


class RefusalOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.CharField()


class ParseOut(serializers.Serializer[Any]):
    """Drafts as POST actions/ takes them. Complete exactly when nothing is asked and nothing refused."""

    text = serializers.CharField()
    complete = serializers.BooleanField()
    drafts = serializers.ListField(child=serializers.DictField())
    sentences = serializers.ListField(child=serializers.CharField(), help_text="each draft, read back")
    warnings = serializers.ListField(child=serializers.CharField())
    understood = serializers.ListField(child=serializers.CharField())
    assumed = serializers.ListField(child=serializers.CharField())
    questions = QuestionOut(many=True)
    refused = RefusalOut(allow_null=True)
    offline = serializers.BooleanField(help_text="read by the grammar, without a model")


class Parse(APIView):
    scopes = {"POST": "read"}

    @extend_schema(request=ParseIn, responses=ParseOut, operation_id="agent_parse")
    def post(self, request: Request) -> Response:
        """A sentence to a draft of a rule. Nothing is made; what is open is asked back."""
        given = ParseIn(data=request.data)
        given.is_valid(raise_exception=True)
        understood = read_sentence(
            user=user_of(request),
            text=given.validated_data["text"],
            now=now(),
            portfolio_id=given.validated_data.get("portfolio"),
        )
        return Response(as_json(understood))
