"""How good the suggestions were: hit rate and return beside the benchmark, by horizon and by confidence.

It is looked at before the mode is raised to execute: what it shows must be enough, or a person gives a reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.models import User
from agent.models import AgentConfig, RunMode, SuggestionScore
from agent.scoring import HORIZONS
from alerts.models import Alert
from alerts.raising import raise_alert
from automation.promotion import ThinEvidence
from common.errors import InvalidInput
from common.money import ZERO
from safety.events import record

KIND = "agent_execute_override"
JUDGED = 5  # the horizon that decides
ENOUGH = 20  # suggestions scored at it
BUCKETS = (Decimal(0), Decimal("0.6"), Decimal("0.8"), Decimal("0.9"))
PLACES = Decimal("0.01")
NEWEST = 1000  # suggestions looked at, per horizon


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """Of some suggestions. Rates and returns are percent; None without any. `excess` is return less benchmark."""

    count: int
    hit_rate: Decimal | None = None
    mean_return: Decimal | None = None
    mean_benchmark: Decimal | None = None
    excess: Decimal | None = None


class EvidenceNeeded(ThinEvidence):
    """The suggestions have not shown enough for the agent to place orders."""


def scorecard(user: User) -> dict[str, Any]:
    """The figures, as JSON: decimals are strings."""
    horizons = {horizon: _rows(user, horizon) for horizon in HORIZONS}
    return {
        "horizons": [
            {
                "sessions": horizon,
                **_shown(figures(rows)),
                "by_confidence": [
                    {"from": str(low), "to": str(high), **_shown(figures(_between(rows, low, high)))}
                    for low, high in zip(BUCKETS, (*BUCKETS[1:], Decimal(1)), strict=True)
                ],
            }
            for horizon, rows in horizons.items()
        ],
        "enough": not (lacking := lacks(horizons[JUDGED])),
        "lacks": lacking,
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class ByModel:
    """What the suggestions of one model under one prompt came to. `prompt` is the beginning of the prompt's hash."""

    provider: str
    model: str
    prompt: str
    figures: Figures


def by_model(user: User) -> list[ByModel]:
    """The figures at the horizon that decides, for each model and version of the prompt, the most used first."""
    groups: dict[tuple[str, str, str], list[SuggestionScore]] = defaultdict(list)
    for row in _rows(user, JUDGED):
        run = row.suggestion.run
        groups[(run.get_provider_display(), run.model, run.prompt_hash[:8])].append(row)
    found = [
        ByModel(provider=provider, model=model, prompt=prompt, figures=figures(rows))
        for (provider, model, prompt), rows in groups.items()
    ]
    return sorted(found, key=lambda one: -one.figures.count)


def figures(rows: Sequence[SuggestionScore]) -> Figures:
    """Hit: it gained. The benchmark's mean, and the excess, are of those whose benchmark is known."""
    if not rows:
        return Figures(count=0)
    beside = [row for row in rows if row.benchmark_percent is not None]
    gains = [row.return_percent - (row.benchmark_percent or ZERO) for row in beside]
    hits = sum(row.return_percent > 0 for row in rows)
    return Figures(
        count=len(rows),
        hit_rate=(Decimal(100 * hits) / len(rows)).quantize(PLACES),
        mean_return=_mean([row.return_percent for row in rows]),
        mean_benchmark=_mean([row.benchmark_percent or ZERO for row in beside]),
        excess=_mean(gains),
    )


def lacks(rows: Sequence[SuggestionScore]) -> list[str]:
    """What is missing before the agent should place orders; nothing: it has shown enough."""
    found = figures(rows)
    if found.count < ENOUGH:
        return [f"{found.count} suggestions have been scored after {JUDGED} sessions, {ENOUGH} are needed."]
    missing = []
    if found.hit_rate is None or found.hit_rate <= 50:
        missing.append(f"{found.hit_rate} % of them gained, more than half should have.")
    if found.excess is None or found.excess <= 0:
        missing.append(f"They made {found.excess} % more than the benchmark on average: that is nothing.")
    return missing


def judge_raise(*, user: User, config: AgentConfig, before: str, override: str | None, now: datetime) -> None:
    """Ask for evidence when the mode is raised to execute. `config` holds the new mode, `before` was the old one.

    EvidenceNeeded without enough and without a reason; a raise against the evidence is kept in the safety log and
    told. InvalidInput for a reason that is given for something else.
    """
    raised = config.mode == RunMode.EXECUTE and before != RunMode.EXECUTE
    if override is not None and not raised:
        raise InvalidInput({"override": "It goes with raising the mode to execute only: leave it out."})
    if not raised:
        return
    card = scorecard(user)
    if card["enough"]:
        return
    if override is None:
        raise EvidenceNeeded(card["lacks"], card, mode="execute")
    record(
        user=user,
        kind=KIND,
        actor=user.get_username(),
        before={"mode": before},
        after={"mode": config.mode, "evidence": card["lacks"]},
        note=override,
        now=now,
    )
    raise_alert(
        user_id=user.pk,
        kind=Alert.Kind.SAFETY,
        severity=Alert.Severity.WARNING,
        title="The agent may place orders now, against the evidence",
        body=f"The reason given: {override}\n" + "\n".join(card["lacks"]),
        dedupe_key=f"agent-execute:{user.pk}:{config.version}",
        now=now,
    )


def _rows(user: User, horizon: int) -> list[SuggestionScore]:
    mine = SuggestionScore.objects.filter(suggestion__user=user, sessions=horizon).select_related("suggestion__run")
    return list(mine.order_by("-suggestion__created_at")[:NEWEST])


def _between(rows: Sequence[SuggestionScore], low: Decimal, high: Decimal) -> list[SuggestionScore]:
    last = high == 1
    return [row for row in rows if low <= row.suggestion.confidence < high or (last and row.suggestion.confidence == 1)]


def _mean(values: Sequence[Decimal]) -> Decimal | None:
    return (sum(values, ZERO) / len(values)).quantize(PLACES) if values else None


def _shown(found: Figures) -> dict[str, Any]:
    names = ("hit_rate", "mean_return", "mean_benchmark", "excess")
    texts = {name: None if (value := getattr(found, name)) is None else str(value) for name in names}
    return {"count": found.count, **texts}
