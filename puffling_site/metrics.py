"""Puffling's own numbers for Prometheus, read when they are scraped."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import DatabaseError
from django.db.models import Count
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from automation.models import OPEN_EXECUTIONS, ActionExecution
from common.clock import now
from common.models import Heartbeat
from orders.models import Order
from orders.states import IN_FLIGHT
from puffling_site.engine import oldest_waiting_price, queue_depths


class _Engine(Collector):
    def collect(self) -> Iterator[GaugeMetricFamily]:
        at = now()
        beats = GaugeMetricFamily(
            "puffling_heartbeat_age_seconds", "Since a process was last alive", labels=["process"]
        )
        for row in Heartbeat.objects.all():
            beats.add_metric([row.process], (at - row.at).total_seconds())
        yield beats
        lag = oldest_waiting_price(at).total_seconds()
        yield GaugeMetricFamily("puffling_evaluation_lag_seconds", "Age of the oldest unevaluated price", value=lag)
        queues = GaugeMetricFamily("puffling_queue_messages", "Waiting Celery messages", labels=["queue"])
        for queue, depth in queue_depths().items():
            if depth is not None:
                queues.add_metric([queue], depth)
        yield queues
        yield self._tally("puffling_open_executions", "Firings not yet ended", ActionExecution, OPEN_EXECUTIONS)
        yield self._tally("puffling_orders_in_flight", "Orders not yet ended", Order, tuple(IN_FLIGHT))

    @staticmethod
    def _tally(
        name: str, words: str, model: type[ActionExecution | Order], states: tuple[str, ...]
    ) -> GaugeMetricFamily:
        family = GaugeMetricFamily(name, words, labels=["state"])
        rows = model._default_manager.filter(state__in=states).order_by().values_list("state").annotate(Count("pk"))
        for state, count in rows:
            family.add_metric([state], count)
        return family


def page() -> bytes:
    """The metrics in Prometheus' text format; nothing while PostgreSQL is down."""
    registry = CollectorRegistry()
    registry.register(_Engine())
    try:
        return generate_latest(registry)
    except DatabaseError:
        return b""
