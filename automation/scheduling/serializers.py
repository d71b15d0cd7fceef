"""Jobs and runs as the API shows them. Times are ISO 8601 in UTC."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from automation.jobs.registry import JOB_TYPES
from automation.scheduling.models import JobRun, MisfirePolicy, ScheduledJob
from automation.scheduling.reading import timetable_of


class JobIn(serializers.Serializer[Any]):
    """A job to create. What is left out has its default; unknown fields are refused."""

    name = serializers.CharField(required=False, max_length=120, help_text="default: what it does, numbered")
    job_type = serializers.ChoiceField(choices=list(JOB_TYPES))
    schedule = serializers.CharField(help_text="five cron fields; or open+5m, close-10m on New York's clock; or 15:55")
    timezone = serializers.CharField(required=False, help_text="IANA name, default America/New_York")
    trading_days_only = serializers.BooleanField(required=False, help_text="not on days New York does not trade")
    config = serializers.DictField(required=False, help_text="see scheduler/types/")
    enabled = serializers.BooleanField(required=False)
    misfire_policy = serializers.ChoiceField(choices=MisfirePolicy.choices, required=False)
    run_late_minutes = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    portfolio = serializers.UUIDField(required=False, allow_null=True, help_text="default: the primary one")


class JobChanges(JobIn):
    """What to change; the rest stays."""

    job_type = serializers.ChoiceField(choices=list(JOB_TYPES), required=False)
    schedule = serializers.CharField(required=False)


class JobOut(serializers.ModelSerializer[ScheduledJob]):
    """A job as stored, with its schedule in English."""

    portfolio = serializers.UUIDField(source="portfolio_id", allow_null=True)
    description = serializers.SerializerMethodField()

    class Meta:
        model = ScheduledJob
        fields = [
            "id",
            "name",
            "job_type",
            "schedule",
            "timezone",
            "trading_days_only",
            "description",
            "config",
            "enabled",
            "misfire_policy",
            "run_late_minutes",
            "portfolio",
            "next_due_at",
            "version",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields

    def get_description(self, job: ScheduledJob) -> str:
        return timetable_of(job).words()


class JobDetailOut(JobOut):
    """One job with its next times, which it has whether or not it is enabled."""

    next_runs = serializers.ListField(child=serializers.DateTimeField())

    class Meta(JobOut.Meta):
        fields = [*JobOut.Meta.fields, "next_runs"]
        read_only_fields = fields


class JobRunOut(serializers.ModelSerializer[JobRun]):
    """One run, without its log and result."""

    job = serializers.UUIDField(source="job_id")
    job_name = serializers.CharField(source="job.name")
    duration_seconds = serializers.FloatField(allow_null=True)

    class Meta:
        model = JobRun
        fields = [
            "id",
            "job",
            "job_name",
            "due_at",
            "state",
            "cause",
            "created_at",
            "started_at",
            "finished_at",
            "duration_seconds",
            "retry_at",
            "attempts",
            "note",
            "summary",
            "error",
            "trace_id",
        ]
        read_only_fields = fields


class JobLogLineOut(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    line = serializers.CharField()


class JobRunDetailOut(JobRunOut):
    """One run with its log and what it found."""

    result = serializers.DictField()
    log = JobLogLineOut(many=True)

    class Meta(JobRunOut.Meta):
        fields = [*JobRunOut.Meta.fields, "result", "log"]
        read_only_fields = fields


class ScheduleIn(serializers.Serializer[Any]):
    schedule = serializers.CharField(help_text="as of a job")
    timezone = serializers.CharField(required=False)
    trading_days_only = serializers.BooleanField(required=False)


class SchedulePreviewOut(serializers.Serializer[Any]):
    """A schedule as it is understood, in English, with its next five times."""

    schedule = serializers.CharField()
    timezone = serializers.CharField()
    trading_days_only = serializers.BooleanField()
    description = serializers.CharField()
    next_runs = serializers.ListField(child=serializers.DateTimeField())


class JobTypeOut(serializers.Serializer[Any]):
    type = serializers.CharField()
    words = serializers.CharField(help_text="what it does")
    example = serializers.DictField(help_text="a config to start from")


class ProcessAliveOut(serializers.Serializer[Any]):
    last_heartbeat = serializers.DateTimeField(allow_null=True)
    age_seconds = serializers.FloatField(allow_null=True)
    alive = serializers.BooleanField()


class SchedulerStatusOut(serializers.Serializer[Any]):
    stopped = serializers.BooleanField(help_text="all your jobs are stopped")
    stopped_at = serializers.DateTimeField(allow_null=True)
    stopped_by = serializers.CharField()
    jobs = serializers.IntegerField()
    enabled = serializers.IntegerField()
    next = JobOut(many=True, help_text="the soonest first")
    running = JobRunOut(many=True)
    waiting = JobRunOut(many=True, help_text="due, or to be tried again")
    last = JobRunOut(many=True, help_text="how each job ended last")
    beat = ProcessAliveOut()
    worker = ProcessAliveOut()
    sweeper = ProcessAliveOut()
    lag_seconds = serializers.FloatField(help_text="how long the oldest time that has come waits; 0 is none")
    at = serializers.DateTimeField()


class JobsStartedOut(serializers.Serializer[Any]):
    stopped = serializers.BooleanField()
    jobs = serializers.IntegerField(help_text="how many jobs are enabled")
