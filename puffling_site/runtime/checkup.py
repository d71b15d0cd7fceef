"""What `manage.py doctor` can say with Django: servers, migrations, keys, workers, signs of life."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import redis
from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from kombu.exceptions import OperationalError

from common.models import Heartbeat
from puffling_site.celery import app
from puffling_site.runtime.findings import FAILED, OK, SKIPPED, WARNING, Finding
from puffling_site.runtime.supervisor import http_status

MOST_SKEW = 2.0  # seconds between our clock and the database's
STALE_AFTER = 60.0  # seconds without a sign of life
PING_SECONDS = 2.0
START = "Start Puffling with `make run`"


def installation(running: dict[str, Any]) -> Iterator[Finding]:
    """Yield the findings about a configured installation; `running` is what its supervisor says about itself."""
    yield configuration()
    yield field_keys()
    database = postgres()
    yield database
    if database.state == OK:
        yield migrations()
        yield clock()
    broker = valkey()
    yield broker
    yield site(running)
    yield workers() if broker.state != FAILED else Finding(check="workers", state=SKIPPED, detail="Redis is down")
    if database.state == OK:
        yield from signs_of_life(datetime.now(UTC), expected=bool(running))


def configuration() -> Finding:
    """Django's own checks; in production those for deployment, too."""
    try:
        messages = run_checks(include_deployment_checks=settings.CONFIG.production)
    except (ImportError, ImproperlyConfigured) as error:  # the checks load every page
        remedy = "The code is incomplete: check out a released version, or undo your last change"
        return Finding(check="configuration", state=FAILED, detail=str(error), remedy=remedy)
    serious = [message for message in messages if message.level >= ERROR]
    found = serious or messages
    if not found:
        return Finding(check="configuration", state=OK, detail=f"{settings.CONFIG.env}: nothing to report")
    state = FAILED if serious else WARNING
    hint = next((message.hint for message in found if message.hint), "See `manage.py check`")
    return Finding(check="configuration", state=state, detail=f"{found[0].id}: {found[0].msg}", remedy=hint or "")


def field_keys() -> Finding:
    """The keys that broker and LLM credentials are encrypted with."""
    keys = settings.CONFIG.field_keys
    if not keys:
        remedy = "Set PUFFLING_FIELD_KEYS (`make run` does it by itself)"
        return Finding(check="field keys", state=FAILED, detail="none: credentials cannot be stored", remedy=remedy)
    for number, key in enumerate(keys, start=1):
        try:
            size = len(base64.urlsafe_b64decode(key))
        except binascii.Error:
            size = 0
        if size != 32:
            remedy = "Each key is 32 random bytes in urlsafe base64, separated by commas"
            return Finding(check="field keys", state=FAILED, detail=f"key {number} is malformed", remedy=remedy)
    return Finding(check="field keys", state=OK, detail=f"{len(keys)}, the first one encrypts")


def postgres() -> Finding:
    """Whether the database answers."""
    place = "{HOST}:{PORT}/{NAME}".format(**settings.DATABASES["default"])
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            version = cursor.fetchone()[0]
    except DatabaseError as error:
        detail = f"{place}: {str(error).splitlines()[0]}"
        return Finding(check="PostgreSQL", state=FAILED, detail=detail, remedy=f"{START}, or correct DATABASE_URL")
    if int(version.split(".")[0]) < 15:
        remedy = "Puffling needs PostgreSQL 15 or newer"
        return Finding(check="PostgreSQL", state=FAILED, detail=f"{version} at {place}", remedy=remedy)
    return Finding(check="PostgreSQL", state=OK, detail=f"{version} at {place}")


def migrations() -> Finding:
    """Whether the tables are those of this version."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in missing[:5])
        remedy = "Run `manage.py migrate`, or restart `make run`"
        return Finding(check="migrations", state=FAILED, detail=f"{len(missing)} missing: {names}", remedy=remedy)
    return Finding(check="migrations", state=OK, detail="all applied")


def clock() -> Finding:
    """Whether our clock and the database's agree: trading hours and expiries depend on it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        skew = abs((datetime.now(UTC) - cursor.fetchone()[0]).total_seconds())
    detail = f"{skew:.2f} s between this machine and the database"
    if skew > MOST_SKEW:
        return Finding(check="clock", state=FAILED, detail=detail, remedy="Synchronise both clocks (NTP)")
    return Finding(check="clock", state=OK, detail=detail)


def valkey() -> Finding:
    """Whether Redis answers and is set up to lose no message silently."""
    client = redis.Redis.from_url(settings.CONFIG.redis(0), socket_timeout=2, socket_connect_timeout=2)
    try:
        server = client.info("server")
        policy = client.info("memory").get("maxmemory_policy")
        version = (
            f"Valkey {server['valkey_version']}" if "valkey_version" in server else f"Redis {server['redis_version']}"
        )
    except redis.RedisError as error:
        remedy = f"{START}, or correct REDIS_URL. Until then the sweeper works alone, more slowly"
        return Finding(check="Redis", state=FAILED, detail=str(error), remedy=remedy)
    finally:
        client.close()
    if policy != "noeviction":
        remedy = "Set maxmemory-policy noeviction: an evicted message is a nudge that never arrives"
        return Finding(check="Redis", state=WARNING, detail=f"{version}, maxmemory-policy {policy}", remedy=remedy)
    return Finding(check="Redis", state=OK, detail=f"{version}, {policy}")


def site(running: dict[str, Any]) -> Finding:
    """Whether the page answers."""
    url = running.get("url")
    if not url:
        return Finding(check="site", state=SKIPPED, detail="no supervisor runs on this data folder", remedy=START)
    status = http_status(f"{url}healthz")
    if status != 200:
        remedy = "See the lines of `web` in logs/puffling.log of the data folder"
        return Finding(check="site", state=FAILED, detail=f"{url} answers {status or 'nothing'}", remedy=remedy)
    return Finding(check="site", state=OK, detail=f"{url} answers")


def workers() -> Finding:
    """Whether every queue has a worker that answers."""
    try:
        answers = app.control.inspect(timeout=PING_SECONDS).active_queues() or {}
    except (OperationalError, redis.RedisError) as error:
        return Finding(check="workers", state=FAILED, detail=str(error), remedy=START)
    served = {queue["name"] for queues in answers.values() for queue in queues}
    unserved = sorted({queue.name for queue in settings.CELERY_TASK_QUEUES} - served)
    if unserved:
        remedy = (
            START if not answers else "Start a worker for them: celery -A puffling_site worker -Q " + ",".join(unserved)
        )
        return Finding(check="workers", state=FAILED, detail=f"nobody serves {', '.join(unserved)}", remedy=remedy)
    return Finding(check="workers", state=OK, detail=f"{len(answers)} answer, all queues are served")


def signs_of_life(now: datetime, *, expected: bool) -> Iterator[Finding]:
    """When each long-running loop was last heard of; old ones are a fault only while Puffling should be running."""
    heartbeats = _rows(lambda: list(Heartbeat.objects.order_by("process")))
    if not heartbeats:
        state = WARNING if expected else SKIPPED
        yield Finding(check="signs of life", state=state, detail="no process was heard of yet", remedy=START)
    for heartbeat in heartbeats:
        age = (now - heartbeat.at).total_seconds()
        state = OK if age <= STALE_AFTER else FAILED if expected else SKIPPED
        remedy = "" if state == OK else f"Look at its lines in the log; {START} if it is not running"
        yield Finding(check=heartbeat.process, state=state, detail=f"heard of {age:.0f} s ago", remedy=remedy)


def _rows(query: Callable[[], list[Heartbeat]]) -> list[Heartbeat]:
    try:
        return query()
    except DatabaseError:  # the table is not there yet; the migrations check says so
        return []
