"""Every job type, by its name. Adding one is a file, a line here, and a mirrored test."""

from __future__ import annotations

from automation.jobs.ai_analysis import AI_ANALYSIS
from automation.jobs.alert_check import ALERT_CHECK
from automation.jobs.base import JobType
from automation.jobs.market_scan import MARKET_SCAN
from automation.jobs.portfolio_check import PORTFOLIO_CHECK

JOB_TYPES: dict[str, JobType] = {}


def register(job_type: JobType) -> None:
    """Add a job type. Raises ValueError when its name is taken."""
    if job_type.type in JOB_TYPES:
        raise ValueError(f"job type {job_type.type!r} is registered twice")
    JOB_TYPES[job_type.type] = job_type


for _job_type in (MARKET_SCAN, PORTFOLIO_CHECK, AI_ANALYSIS, ALERT_CHECK):
    register(_job_type)
