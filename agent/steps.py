"""A run's steps: each is written, and pushed to /ws/agent, before the next one begins."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from agent.models import AgentRun, AgentStep
from live.push import announce

TOPIC = "agent"
LONGEST_TEXT = 20_000
LONGEST_JSON = 60_000
# Whatever looks like a key of a provider or a token of ours. Nothing puts them there; if something does, they stay out.
SECRETS = re.compile(r"\b(?:sk-[\w-]{8,}|pfl_[\w-]{8,}|Bearer\s+[\w.-]{16,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+)")


class Recorder:
    """Writes the steps of one run in order. Its numbers go on where the run left off."""

    def __init__(self, run: AgentRun, *, clock: Callable[[], datetime]) -> None:
        self.run = run
        self._clock = clock
        last = AgentStep.objects.filter(run=run).order_by("-number").values_list("number", flat=True).first()
        self._number = last or 0

    def add(
        self,
        kind: AgentStep.Kind,
        *,
        name: str = "",
        text: str = "",
        given: Mapping[str, Any] | None = None,
        result: Mapping[str, Any] | None = None,
        tokens_in: int = 0,
        tokens_out: int = 0,
        cost: Decimal = Decimal(0),
        milliseconds: int = 0,
        failed: bool = False,
    ) -> AgentStep:
        """Write one step and announce it with the same commit."""
        self._number += 1
        now = self._clock()
        with transaction.atomic():
            step = AgentStep.objects.create(
                run=self.run,
                number=self._number,
                kind=kind,
                name=storable(name)[:60],
                text=redacted(text)[:LONGEST_TEXT],
                input=bounded(given),
                output=bounded(result),
                tokens_in=tokens_in,
                tokens_out=tokens_out,
                cost=cost,
                milliseconds=milliseconds,
                failed=failed,
                at=now,
            )
            announce(
                user_id=self.run.user_id,
                topic=TOPIC,
                kind="step",
                payload=as_payload(step),
                now=now,
                trace_id=self.run.trace_id,
            )
        return step

    def say(self, text: str) -> None:
        """A piece of the model's text as it streams in; not a step, for the eye only."""
        with transaction.atomic():
            now = self._clock()
            payload = {"run": str(self.run.pk), "text": redacted(text)[:LONGEST_TEXT]}
            announce(user_id=self.run.user_id, topic=TOPIC, kind="text", payload=payload, now=now)


def as_payload(step: AgentStep) -> dict[str, Any]:
    """A step as the socket and the API say it."""
    return {
        "run": str(step.run_id),
        "number": step.number,
        "kind": step.kind,
        "name": step.name,
        "text": step.text,
        "input": step.input,
        "output": step.output,
        "tokens_in": step.tokens_in,
        "tokens_out": step.tokens_out,
        "cost": str(step.cost),
        "milliseconds": step.milliseconds,
        "failed": step.failed,
        "at": step.at.isoformat(),
    }


def redacted(text: str) -> str:
    """Without anything that looks like a secret, and without what PostgreSQL cannot store."""
    return SECRETS.sub("[redacted]", storable(text))


def storable(value: Any) -> Any:
    """JSON as PostgreSQL takes it: without NUL, halves of surrogate pairs, and numbers that are none."""
    if isinstance(value, Mapping):
        return {storable(str(key)): storable(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(inner) for inner in value]
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def bounded(value: Any) -> Any:
    """JSON without secrets; what is longer than a step may be is cut and says so."""
    if value is None:
        return None
    clean = _clean(value)
    if len(str(clean)) <= LONGEST_JSON:
        return clean
    return {"cut": True, "beginning": str(clean)[:LONGEST_JSON]}


def _clean(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {redacted(str(key)): _clean(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(inner) for inner in value]
    if isinstance(value, str):
        return redacted(value)
    return storable(value) if value is None or isinstance(value, (bool, int, float)) else str(value)
