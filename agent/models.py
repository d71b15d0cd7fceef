"""What the agent was allowed, what it did, and what it said."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from agent.news.models import NewsReading as NewsReading
from common.ids import new_id
from portfolios.models import Portfolio


def dollars_field(**options: object) -> models.DecimalField:
    """Dollars to a millionth: a call may cost less than a cent."""
    return models.DecimalField(max_digits=14, decimal_places=6, **options)  # type: ignore[arg-type]


class Provider(models.TextChoices):
    """Who thinks. OFFLINE needs no key: the same facts, put into words by rules."""

    OFFLINE = "offline", "Offline analyst"
    ANTHROPIC = "anthropic", "Anthropic"
    OPENAI = "openai", "OpenAI"
    COMPATIBLE = "compatible", "OpenAI-compatible server"


class RunMode(models.TextChoices):
    """How far a run may go. Each step includes the one before."""

    REPORT = "report", "Report only"
    SUGGEST = "suggest", "Suggest: proposals wait for a person"
    EXECUTE = "execute", "Execute: confident, untainted proposals go to the gate"


class AgentConfig(models.Model):
    """A user's agent. Its row is the lock under which dollars are reserved."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="agent_config")
    provider = models.CharField(max_length=12, choices=Provider.choices, default=Provider.OFFLINE)
    model = models.CharField(max_length=80, blank=True, help_text="as the provider names it; has a price in ModelPrice")
    mode = models.CharField(max_length=8, choices=RunMode.choices, default=RunMode.REPORT)
    min_confidence = models.DecimalField(
        max_digits=3,
        decimal_places=2,
        default=Decimal("0.80"),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1))],
        help_text="execute: a proposal below this confidence, 0 to 1, waits for a person",
    )
    max_calls = models.PositiveSmallIntegerField(default=10, help_text="requests to the provider per run, retries too")
    max_turns = models.PositiveSmallIntegerField(default=8, help_text="answers of the model per run")
    max_tool_calls = models.PositiveSmallIntegerField(default=20, help_text="per run")
    max_seconds = models.PositiveSmallIntegerField(default=120, help_text="wall time per run")
    max_output_tokens = models.PositiveIntegerField(default=4096, help_text="per request")
    max_tokens_per_run = models.PositiveIntegerField(default=200_000, help_text="input and output together")
    dollars_per_run = dollars_field(default=Decimal("0.50"))
    dollars_per_day = dollars_field(default=Decimal("2"), help_text="by the UTC date")
    dollars_per_month = dollars_field(default=Decimal("20"), help_text="by the UTC month")
    instructions = models.TextField(blank=True, max_length=2000, help_text="what the user wants it to look at")
    notifications_in_chat = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(min_confidence__gte=0, min_confidence__lte=1), name="agent_confidence_is_0_to_1"
            ),
            models.CheckConstraint(
                condition=Q(dollars_per_run__gte=0, dollars_per_day__gte=0, dollars_per_month__gte=0),
                name="agent_budgets_are_not_negative",
            ),
        ]


class ModelPrice(models.Model):
    """Dollars per million tokens. A user's own row goes before the common one (`user` null)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True)
    provider = models.CharField(max_length=12, choices=Provider.choices)
    model = models.CharField(max_length=80)
    input = dollars_field()
    output = dollars_field()
    cache_read = dollars_field()
    cache_write = dollars_field()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "provider", "model"], nulls_distinct=False, name="one_price_per_user_and_model"
            ),
            models.CheckConstraint(
                condition=Q(input__gte=0, output__gte=0, cache_read__gte=0, cache_write__gte=0),
                name="model_prices_are_not_negative",
            ),
        ]


class RunState(models.TextChoices):
    """The life of a run; which may follow which is in `RUN_TRANSITIONS`."""

    QUEUED = "queued", "Queued"  # waits for a worker
    RUNNING = "running", "Running"  # a worker holds its lease
    SUCCEEDED = "succeeded", "Succeeded"  # it came to its end and reported
    STOPPED = "stopped", "Stopped"  # a budget, a limit or the kill switch ended it; it reported what it did
    FAILED = "failed", "Failed"  # the provider or a fault of ours ended it; it reported what it did
    CANCELLED = "cancelled", "Cancelled"  # by its owner


RUN_TRANSITIONS: dict[str, frozenset[str]] = {
    RunState.QUEUED: frozenset({"running", "cancelled", "stopped", "failed"}),
    RunState.RUNNING: frozenset({"succeeded", "stopped", "failed", "cancelled"}),
    RunState.SUCCEEDED: frozenset(),
    RunState.STOPPED: frozenset(),
    RunState.FAILED: frozenset(),
    RunState.CANCELLED: frozenset(),
}


class AgentRun(models.Model):
    """One run. Everything it did is in its steps; what it may do was fixed when it began."""

    class Trigger(models.TextChoices):
        MANUAL = "manual", "By hand"
        SCHEDULE = "schedule", "By a scheduled job"
        CHAT = "chat", "In a conversation"
        MCP = "mcp", "Through MCP"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="agent_runs")
    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="agent_runs")
    trigger = models.CharField(max_length=8, choices=Trigger.choices)
    mode = models.CharField(max_length=8, choices=RunMode.choices)
    provider = models.CharField(max_length=12, choices=Provider.choices)
    model = models.CharField(max_length=80, blank=True)
    question = models.TextField(blank=True, help_text="what was asked; empty: the regular analysis")
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.QUEUED)
    tainted = models.BooleanField(default=False, help_text="it read text nobody vouches for: it can only propose")
    taint_reason = models.CharField(max_length=200, blank=True)
    prompt_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the system prompt")
    report = models.JSONField(null=True, help_text="see agent.report.Report; labelled offline where it is")
    actions_taken = models.JSONField(default=list)
    usage = models.JSONField(default=dict, help_text="tokens: input, output, cache_read, cache_write")
    cost = dollars_field(default=0)
    calls = models.PositiveSmallIntegerField(default=0)
    reason_code = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=400, blank=True)
    trace_id = models.UUIDField(default=new_id)
    job_run_id = models.UUIDField(null=True, help_text="the scheduled job's run it belongs to")
    conversation = models.ForeignKey("Conversation", on_delete=models.SET_NULL, null=True, related_name="runs")
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-created_at"], name="agent_run_list"),  # the list of runs
            # the sweeper: "which runs wait for a worker, or lost theirs?"
            models.Index(fields=["lease_until"], condition=Q(state__in=["queued", "running"]), name="agent_run_open"),
        ]


class AgentStep(models.Model):
    """One thing a run did, written before the next one begins and pushed to /ws/agent."""

    class Kind(models.TextChoices):
        PROMPT = "prompt", "Asked"  # what the model was given, redacted
        MODEL = "model", "Model"  # its answer
        TOOL = "tool", "Tool"  # a call with its result
        RETRY = "retry", "Tried again"
        BUDGET = "budget", "Budget"
        PROPOSAL = "proposal", "Proposal"
        REPORT = "report", "Report"
        ERROR = "error", "Error"

    run = models.ForeignKey(AgentRun, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField(help_text="1, 2, 3 … within the run")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=60, blank=True, help_text="of the tool or the model")
    text = models.TextField(blank=True)
    input = models.JSONField(null=True)
    output = models.JSONField(null=True)
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    cost = dollars_field(default=0)
    milliseconds = models.PositiveIntegerField(default=0)
    failed = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="agent_steps_are_numbered")]
        ordering = ["run", "number"]


class Reservation(models.Model):
    """Dollars set aside before a request is sent; `settled` is what it really cost, null while it is under way."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    run = models.ForeignKey(AgentRun, on_delete=models.CASCADE, related_name="reservations")
    reserved = dollars_field()
    settled = dollars_field(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(reserved__gte=0), name="reservation_is_not_negative"),
            models.CheckConstraint(
                condition=Q(settled__isnull=True) | Q(settled__gte=0, settled__lte=F("reserved")),
                name="reservation_covers_its_cost",
            ),
        ]
        indexes = [models.Index(fields=["user", "at"], name="reservation_spent")]  # "what did this month cost?"


class SuggestionState(models.TextChoices):
    """What became of a suggestion."""

    PROPOSED = "proposed", "Proposed"  # a person may place it
    PLACED = "placed", "Placed"  # it became an order; the order says the rest
    DENIED = "denied", "Denied"  # our gate refused it
    REFUSED = "refused", "Refused"  # it made no sense: unknown symbol, no size, ungrounded
    DISMISSED = "dismissed", "Dismissed"  # a person did not want it
    EXPIRED = "expired", "Expired"


class Suggestion(models.Model):
    """A trade the agent proposes. Scored later against what the price did."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run = models.ForeignKey(AgentRun, on_delete=models.CASCADE, related_name="suggestions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="suggestions")
    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT)
    symbol = models.CharField(max_length=20)
    side = models.CharField(max_length=4, choices=[("buy", "Buy"), ("sell", "Sell")])
    quantity = models.DecimalField(max_digits=24, decimal_places=9, null=True)
    notional = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    limit_price = models.DecimalField(max_digits=24, decimal_places=9, null=True)
    rationale = models.TextField()
    confidence = models.DecimalField(max_digits=3, decimal_places=2)
    invalidation_price = models.DecimalField(max_digits=24, decimal_places=9, null=True)
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=SuggestionState.choices, default=SuggestionState.PROPOSED)
    reason_code = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=400, blank=True)
    order_id = models.UUIDField(null=True, unique=True)
    price = models.DecimalField(max_digits=24, decimal_places=9, null=True, help_text="when it was made")
    benchmark_price = models.DecimalField(max_digits=24, decimal_places=9, null=True)
    return_percent = models.DecimalField(max_digits=12, decimal_places=4, null=True, help_text="in its direction")
    benchmark_percent = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    scored_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0, notional__isnull=True) | Q(quantity__isnull=True, notional__gt=0),
                name="suggestion_has_one_size",
            ),
            models.CheckConstraint(condition=Q(confidence__gte=0, confidence__lte=1), name="suggestion_confidence"),
        ]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="suggestion_list"),  # the scorecard and the list
            # the job that scores: "which were made long enough ago?"
            models.Index(fields=["created_at"], condition=Q(scored_at__isnull=True), name="suggestion_to_score"),
        ]


class SuggestionScore(models.Model):
    """What a suggestion had come to after so many sessions, beside the benchmark. Percent, in its direction.

    A sale's return is what it spared: the fall of the price. The benchmark is judged in the same direction.
    """

    suggestion = models.ForeignKey(Suggestion, on_delete=models.CASCADE, related_name="scores", db_index=False)
    sessions = models.PositiveSmallIntegerField(help_text="1, 5 or 20 closes after it was made")
    price = models.DecimalField(max_digits=24, decimal_places=9)
    return_percent = models.DecimalField(max_digits=12, decimal_places=4)
    benchmark_percent = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["suggestion", "sessions"], name="one_score_per_suggestion_and_horizon")
        ]


class Conversation(models.Model):
    """A chat."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="conversations")
    title = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user", "-updated_at"], name="conversation_list")]


class ChatMessage(models.Model):
    """One message. A card holds a draft (an Action not yet made), to be confirmed once."""

    class Role(models.TextChoices):
        USER = "user", "You"
        ASSISTANT = "assistant", "Puffling"
        NOTIFICATION = "note", "Notification"

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages")
    role = models.CharField(max_length=9, choices=Role.choices)
    text = models.TextField()
    cards = models.JSONField(default=list, help_text="drafts: {draft_id, kind, data, sentence, understood, assumed, …}")
    run = models.ForeignKey(AgentRun, on_delete=models.SET_NULL, null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["conversation", "id"], name="chat_messages")]
