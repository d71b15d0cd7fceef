"""What a job type is.

Each is one file with one class of the same five names: `type`, `words`, `parse`, `run`, `example`. `run` may be called
again for the same occurrence, because a worker died in the middle of it: whatever it does must be harmless to repeat
(alerts carry keys made of the run's id).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from accounts.models import User
from common.errors import PufflingError
from portfolios.models import Portfolio


@dataclass(frozen=True, kw_only=True)
class JobContext:
    """One occurrence of a job. `config` is what `parse` returned; `log` adds a line to the run's log."""

    user: User
    portfolio: Portfolio
    config: Mapping[str, Any]
    now: datetime
    due_at: datetime
    job_id: UUID
    run_id: UUID
    trace_id: UUID
    log: Callable[[str], None]
    previous: Mapping[str, Any] = field(default_factory=dict)  # the result of the last run that succeeded


@dataclass(frozen=True, kw_only=True)
class JobOutcome:
    """What a run found: a sentence for a person, and JSON for programs."""

    summary: str
    result: Mapping[str, Any]


class JobFailed(PufflingError):
    """The job could not be done. `permanent`: trying again will not help."""

    code = "job_failed"

    def __init__(self, detail: str, *, permanent: bool = False) -> None:
        super().__init__(detail)
        self.permanent = permanent


class JobType(Protocol):
    """One kind of job."""

    type: str
    words: str  # what it does, in a sentence

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Check and normalise a config, every default filled in. Raises BadParams naming every key, value and fix."""

    def run(self, context: JobContext) -> JobOutcome:
        """Do it. Raises PufflingError when it cannot be done; then it is tried again unless that is permanent."""

    @property
    def example(self) -> dict[str, Any]:
        """A config a person can start from."""
