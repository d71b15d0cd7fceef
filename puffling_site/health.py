"""`/healthz`, `/readyz`, `/metrics`: for supervisors, load balancers and Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import ip_address

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView
from redis.exceptions import RedisError

from common.api import plain_problem
from common.clock import now
from common.models import Heartbeat
from puffling_site.engine import redis_client
from puffling_site.metrics import page as metrics_page

# Without these nothing is traded; the other queues may be late for a while.
NEEDED_QUEUES = ("ticks", "trading")
QUEUE_SILENCE = timedelta(seconds=75)
SWEEPER_SILENCE = timedelta(seconds=30)
FEED_SILENCE = timedelta(seconds=60)

# What is wrong, in words; empty when all is well.
Check = Callable[[datetime], str]


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers. It asks nothing else: a dead database is no reason to restart the web server."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """Whether the whole of Puffling can trade: 200, or 503 naming what is missing."""
    at = now()
    faults = {name: check(at) for name, check in CHECKS.items()}
    body = {
        "ready": not any(faults.values()),
        "checks": {name: {"ok": not fault, "detail": fault} for name, fault in faults.items()},
        "missing": [f"{name}: {fault}" for name, fault in faults.items() if fault],
    }
    return JsonResponse(body, status=200 if body["ready"] else 503)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus metrics, for programs on this machine and for administrators."""
    if not (_is_local(request) or (request.user.is_authenticated and request.user.is_staff)):
        return plain_problem(403, "local_only", "Metrics are for this machine and for administrators.")
    own = ExportToDjangoView(request)
    own.write(metrics_page())
    return own


def _is_local(request: HttpRequest) -> bool:
    """Asked from this machine directly. What a proxy passes on does not count: its address is local too."""
    forwarded = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-Ip"))
    try:
        return not forwarded and ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def database(_at: datetime) -> str:
    """PostgreSQL answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"PostgreSQL does not answer ({_first_line(error)})"
    return ""


def redis_server(_at: datetime) -> str:
    """The Redis-compatible server answers."""
    try:
        redis_client().ping()
    except (RedisError, OSError) as error:
        return f"Redis does not answer ({_first_line(error)}); rules and stops go on, the pages are not live"
    return ""


_migrated: list[bool] = []


def migrations(_at: datetime) -> str:
    """Every migration is applied. Once true it stays true for the life of a process."""
    if _migrated:
        return ""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return f"cannot be read ({_first_line(error)})"
    if waiting:
        return f"{len(waiting)} not applied: run manage.py migrate"
    _migrated.append(True)
    return ""


def workers(at: datetime) -> str:
    """Somebody serves the queues that trade."""
    silent = [fault for name in NEEDED_QUEUES if (fault := _silence(f"queue:{name}", at, QUEUE_SILENCE))]
    return "; ".join(silent)


def sweeper(at: datetime) -> str:
    """The sweeper runs."""
    return _silence("sweeper", at, SWEEPER_SILENCE)


def feed(at: datetime) -> str:
    """A market feed runs."""
    try:
        newest = Heartbeat.objects.filter(process__startswith="feed:").order_by("-at").first()
    except DatabaseError:
        return "unknown while PostgreSQL does not answer"
    if newest is None:
        return "no feed was ever started: run manage.py feed"
    silent = at - newest.at
    return f"{newest.process} is silent for {_seconds(silent)}" if silent > FEED_SILENCE else ""


CHECKS: dict[str, Check] = {
    "database": database,
    "redis": redis_server,
    "migrations": migrations,
    "workers": workers,
    "sweeper": sweeper,
    "feed": feed,
}


def _silence(process: str, at: datetime, allowed: timedelta) -> str:
    try:
        heard = Heartbeat.objects.filter(process=process).values_list("at", flat=True).first()
    except DatabaseError:
        return "unknown while PostgreSQL does not answer"
    if heard is None:
        return f"{process} was never heard of"
    return f"{process} is silent for {_seconds(at - heard)}" if at - heard > allowed else ""


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
