"""Nudges: after commit, by name, and quiet about a broker that is away."""

from __future__ import annotations

import logging
import time

import pytest
from celery import Celery
from django.db import transaction

from common import enqueue
from common.enqueue import nudge


@pytest.fixture
def sent(monkeypatch):
    """What would have been published. Celery is the boundary."""
    calls = []
    monkeypatch.setattr("celery.Celery.send_task", lambda self, name, **options: calls.append((name, options)))
    return calls


def test_a_nudge_waits_for_the_commit(transactional_db, sent):
    with transaction.atomic():
        nudge("orders.submit", queue="trading", order_ids=["1"])
        assert sent == []
    assert sent == [("orders.submit", {"kwargs": {"order_ids": ["1"]}, "queue": "trading"})]


def test_nothing_is_sent_after_a_rollback(transactional_db, sent):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        nudge("orders.submit", queue="trading")
        raise ZeroDivisionError
    assert sent == []


def test_a_broker_that_is_away_costs_little_and_is_logged_once(transactional_db, monkeypatch, caplog):
    caplog.set_level(logging.WARNING)
    away = Celery("away", set_as_current=False)
    away.config_from_object("django.conf:settings", namespace="CELERY")
    away.conf.broker_url = "redis://127.0.0.1:1/0"
    with monkeypatch.context() as patch:
        patch.setattr(enqueue, "current_app", away)
        enqueue.nudge("orders.submit", queue="trading")  # imports the transport
        started = time.monotonic()
        for _ in range(5):
            enqueue.nudge("orders.submit", queue="trading")
        assert time.monotonic() - started < 1
    assert [record.message.split(",")[0] for record in caplog.records] == ["nudges are not sent"]
    enqueue.nudge("orders.submit", queue="default")
    assert [record.message for record in caplog.records][1:] == ["nudges are sent again"]
