"""The scheduler's doors: each parses, makes one domain call, and translates the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.idempotency import idempotent
from accounts.users import user_of
from automation.api import actor_of
from automation.jobs.registry import JOB_TYPES
from automation.scheduling import keeping, previewing, reading
from automation.scheduling.models import JobRun, ScheduledJob
from automation.scheduling.serializers import (
    JobChanges,
    JobDetailOut,
    JobIn,
    JobOut,
    JobRunDetailOut,
    JobRunOut,
    JobsStartedOut,
    JobTypeOut,
    ScheduleIn,
    SchedulePreviewOut,
    SchedulerStatusOut,
)
from automation.scheduling.status import status_of
from common.api import OwnedQuerysetMixin
from common.clock import now
from common.errors import InvalidInput
from common.filtering import MomentFilter


def _object(request: Request) -> Mapping[str, Any]:
    if not isinstance(request.data, Mapping):
        raise InvalidInput({"body": "must be a JSON object"})
    return request.data


def _detail(job: ScheduledJob) -> dict[str, Any]:
    job.next_runs = previewing.preview_of(job, now=now()).next_runs  # type: ignore[attr-defined]
    return JobDetailOut(job).data


class JobFilter(django_filters.FilterSet):
    portfolio = django_filters.UUIDFilter(field_name="portfolio_id")  # no look-up that tells whether it exists

    class Meta:
        model = ScheduledJob
        fields = ["job_type", "enabled", "misfire_policy", "portfolio"]


class Jobs(OwnedQuerysetMixin, ListAPIView[ScheduledJob]):
    queryset = ScheduledJob.objects.order_by("-created_at", "-id")
    serializer_class = JobOut
    filterset_class = JobFilter
    ordering_fields = ["created_at", "updated_at", "name", "next_due_at", "job_type"]
    scopes = {"GET": "read", "POST": "trade"}

    @extend_schema(request=JobIn, responses={201: JobDetailOut}, operation_id="scheduler_create")
    @idempotent
    def post(self, request: Request) -> Response:
        """Create a job. Its next times are in the answer."""
        job = keeping.create_job(user=user_of(request), data=_object(request), now=now())
        return Response(_detail(job), status=201)


class JobView(APIView):
    scopes = {"GET": "read", "PATCH": "trade", "DELETE": "trade"}

    @extend_schema(responses=JobDetailOut, operation_id="scheduler_retrieve")
    def get(self, request: Request, job_id: UUID) -> Response:
        """One job with its next five times."""
        return Response(_detail(reading.job_of(user_of(request), job_id)))

    @extend_schema(request=JobChanges, responses=JobDetailOut, operation_id="scheduler_update")
    def patch(self, request: Request, job_id: UUID) -> Response:
        """Edit a job. Only a change of its times makes it wait afresh."""
        job = keeping.update_job(user=user_of(request), job_id=job_id, changes=_object(request), now=now())
        return Response(_detail(job))

    @extend_schema(responses={204: None}, operation_id="scheduler_delete")
    def delete(self, request: Request, job_id: UUID) -> Response:
        """Delete a job with its history."""
        keeping.delete_job(user=user_of(request), job_id=job_id, now=now())
        return Response(status=204)


class RunNow(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses={202: JobRunOut}, operation_id="scheduler_run_now")
    @idempotent
    def post(self, request: Request, job_id: UUID) -> Response:
        """Run a job without waiting for its time."""
        return Response(JobRunOut(keeping.run_now(user=user_of(request), job_id=job_id, now=now())).data, status=202)


class RunFilter(django_filters.FilterSet):
    since = MomentFilter(field_name="due_at", lookup_expr="gte")

    class Meta:
        model = JobRun
        fields = ["state", "cause", "since"]


class Runs(ListAPIView[JobRun]):
    """A job's runs, the latest due first."""

    queryset = JobRun.objects.select_related("job").defer("log", "result").order_by("-due_at", "-id")
    serializer_class = JobRunOut
    filterset_class = RunFilter
    ordering_fields = ["due_at", "state"]

    def get_queryset(self) -> QuerySet[JobRun]:
        if getattr(self, "swagger_fake_view", False):
            return JobRun.objects.none()
        job = reading.job_of(user_of(self.request), self.kwargs["job_id"])
        return super().get_queryset().filter(job=job)


class RunView(APIView):
    @extend_schema(responses=JobRunDetailOut, operation_id="scheduler_runs_retrieve")
    def get(self, request: Request, job_id: UUID, run_id: UUID) -> Response:
        """One run with its log and what it found."""
        return Response(JobRunDetailOut(reading.run_of(user_of(request), job_id, run_id)).data)


class JobTypes(APIView):
    @extend_schema(responses=JobTypeOut(many=True), operation_id="scheduler_types")
    def get(self, request: Request) -> Response:
        """Every kind of job, with a config to start from."""
        return Response(JobTypeOut(JOB_TYPES.values(), many=True).data)


class PreviewSchedule(APIView):
    scopes = {"POST": "read"}

    @extend_schema(request=ScheduleIn, responses=SchedulePreviewOut, operation_id="scheduler_preview")
    def post(self, request: Request) -> Response:
        """A schedule in English, with its next five times."""
        return Response(SchedulePreviewOut(previewing.preview(_object(request), now=now())).data)


class Status(APIView):
    @extend_schema(responses=SchedulerStatusOut, operation_id="scheduler_status")
    def get(self, request: Request) -> Response:
        """Your next runs, what runs, the last results, and whether the scheduler is alive."""
        return Response(SchedulerStatusOut(status_of(user_of(request), now=now())).data)


class Start(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses=JobsStartedOut, operation_id="scheduler_start")
    def post(self, request: Request) -> Response:
        """Let your enabled jobs run at their times again."""
        jobs = keeping.start_all(user=user_of(request), now=now())
        return Response(JobsStartedOut({"stopped": False, "jobs": jobs}).data)


class Stop(APIView):
    scopes = {"POST": "trade"}

    @extend_schema(request=None, responses=JobsStartedOut, operation_id="scheduler_stop")
    def post(self, request: Request) -> Response:
        """Stop all your jobs. What runs already comes to its end."""
        user = user_of(request)
        keeping.stop_all(user=user, now=now(), actor=actor_of(request))
        return Response(
            JobsStartedOut({"stopped": True, "jobs": reading.jobs_of(user).filter(enabled=True).count()}).data
        )
