"""`GET monitoring/status/`: is the engine well, and what is it doing for me?"""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib.metadata import version
from platform import python_version
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.users import user_of
from alerts.models import Alert
from automation.missed_api import DowntimeOut
from automation.missing import last_outage
from automation.models import OPEN_EXECUTIONS, Action, ActionExecution
from common.clock import now
from common.models import Heartbeat
from orders.models import Order
from puffling_site.engine import oldest_waiting_price, queue_depths

RECENT = timedelta(hours=24)
EVALUATION_SILENCE = timedelta(seconds=60)
# The engine is asleep, not late, when there is nothing to evaluate.
LATE = timedelta(seconds=10)


class ProcessOut(serializers.Serializer[Any]):
    process = serializers.CharField()
    last_heartbeat = serializers.DateTimeField()
    age_seconds = serializers.FloatField()
    details = serializers.DictField()


class StatusOut(serializers.Serializer[Any]):
    engine_active = serializers.BooleanField(help_text="evaluations happen, or there is nothing to evaluate")
    last_evaluation = serializers.DateTimeField(allow_null=True)
    last_evaluation_age_seconds = serializers.FloatField(allow_null=True)
    lag_seconds = serializers.FloatField(help_text="how long the oldest price waits for its evaluation; 0 is none")
    feed_source = serializers.CharField(allow_null=True)
    feed_age_seconds = serializers.FloatField(allow_null=True)
    recent_errors = serializers.IntegerField(help_text="your failures and rejections in the last 24 hours")
    actions = serializers.DictField(child=serializers.IntegerField(), help_text="your rules by status")
    open_executions = serializers.DictField(child=serializers.IntegerField(), help_text="yours by state")
    missed = serializers.DictField(
        child=serializers.IntegerField(), help_text="your firings of the last 24 hours that came too late, by reason"
    )
    downtime = DowntimeOut(allow_null=True, help_text="the last time Puffling was down, and what you missed by it")
    orders = serializers.DictField(child=serializers.IntegerField(), help_text="yours of the last 24 hours by state")
    queues = serializers.DictField(
        child=serializers.IntegerField(allow_null=True), help_text="waiting messages; null while Redis is down"
    )
    processes = ProcessOut(many=True)
    database_bytes = serializers.IntegerField()
    versions = serializers.DictField(child=serializers.CharField())
    at = serializers.DateTimeField()


class MonitoringStatus(APIView):
    @extend_schema(responses=StatusOut, operation_id="monitoring_status")
    def get(self, request: Request) -> Response:
        """The health of the engine, and the signed-in user's counts."""
        return Response(StatusOut(status(user_of(request), now=now())).data)


def status(user: User, *, now: datetime) -> dict[str, Any]:
    """Everything the monitoring page shows."""
    beats = {row.process: row for row in Heartbeat.objects.order_by("process")}
    evaluated = beats.get("evaluate")
    feeds = sorted((row for row in beats.values() if row.process.startswith("feed:")), key=lambda row: row.at)
    lag = oldest_waiting_price(now)
    return {
        "engine_active": lag < LATE if evaluated is None else lag < LATE or now - evaluated.at < EVALUATION_SILENCE,
        "last_evaluation": evaluated and evaluated.at,
        "last_evaluation_age_seconds": evaluated and (now - evaluated.at).total_seconds(),
        "lag_seconds": lag.total_seconds(),
        "feed_source": feeds[-1].process.removeprefix("feed:") if feeds else None,
        "feed_age_seconds": (now - feeds[-1].at).total_seconds() if feeds else None,
        **_counts(user, now),
        "downtime": last_outage(user),
        "queues": queue_depths(),
        "processes": [_process(row, now) for row in beats.values()],
        "database_bytes": _database_bytes(),
        "versions": _versions(),
        "at": now,
    }


def _counts(user: User, now: datetime) -> dict[str, Any]:
    recent = now - RECENT
    executions = ActionExecution.objects.filter(action__user=user)
    orders = Order.objects.filter(portfolio__user=user, created_at__gte=recent)
    troubles = Alert.objects.filter(user=user, triggered_at__gte=recent, kind__in=["failure", "rejected", "data"])
    return {
        "recent_errors": troubles.count(),
        "actions": _tally(Action.objects.filter(user=user), "status"),
        "open_executions": _tally(executions.filter(state__in=OPEN_EXECUTIONS), "state"),
        "missed": _tally(executions.filter(state="expired", triggered_at__gte=recent), "reason_code"),
        "orders": _tally(orders, "state"),
    }


def _tally(rows: Any, field: str) -> dict[str, int]:
    return {key or "unspecified": count for key, count in rows.order_by().values_list(field).annotate(Count("pk"))}


def _process(row: Heartbeat, now: datetime) -> dict[str, Any]:
    return {
        "process": row.process,
        "last_heartbeat": row.at,
        "age_seconds": (now - row.at).total_seconds(),
        "details": row.details,
    }


def _database_bytes() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _versions() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        row = cursor.fetchone()
    return {
        "api": str(settings.SPECTACULAR_SETTINGS["VERSION"]),
        "python": python_version(),
        "django": version("django"),
        "celery": version("celery"),
        "postgresql": str(row[0]).split()[0] if row else "",
    }
