"""What the sweeper does for deliveries: it wakes the workers when something is due, and sends by itself without them.

Sending waits for remotes, and the sweeper keeps stops working: what it sends it sends in a thread of its own.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

from django.db import connection

from alerts.channels.delivering import deliver_one, due
from alerts.channels.queueing import TASK
from common.clock import now as clock_now
from common.enqueue import nudge

log = logging.getLogger(__name__)
GRACE = timedelta(seconds=20)  # due for longer than that, no worker is there: Redis is away, or they all are busy
_sending: list[threading.Thread] = []  # at most one


def sweep(now: datetime) -> bool:
    """Nudge the workers for what is due, and send what they left lying. Returns whether anything was due."""
    waiting = due(now)
    if not waiting.exists():
        return False
    nudge(TASK, queue="default")
    if waiting.filter(next_try_at__lte=now - GRACE).exists() and not any(one.is_alive() for one in _sending):
        _sending[:] = [threading.Thread(target=_send_all, name="deliveries", daemon=True)]
        _sending[0].start()
    return True


def wait_for_sending(seconds: float) -> None:
    """Until the thread has nothing more to send, or so long."""
    for one in _sending:
        one.join(seconds)


def _send_all() -> None:
    try:
        while deliver_one(now=clock_now()):
            pass
    except Exception:
        log.exception("deliveries are not sent; tried again by the next sweep")
        raise
    finally:
        connection.close()
