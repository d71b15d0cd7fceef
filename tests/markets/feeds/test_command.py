"""`manage.py feed`, in this process and as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from common import clock
from common.heartbeats import age
from markets.demo import seed_demo_market
from markets.models import Quote


def test_a_few_turns(transactional_db, settings, capsys):
    seed_demo_market(now=clock.now(), seed=7, count=5)
    before = dict(Quote.objects.values_list("instrument_id", "received_at"))
    call_command("feed", "--once", "2")
    assert "stopped after" in capsys.readouterr().out
    after = dict(Quote.objects.values_list("instrument_id", "received_at"))
    assert all(after[symbol] > before[symbol] for symbol in before)
    assert age("feed:demo", now=clock.now()) < timedelta(seconds=5)


def test_an_unknown_source_is_refused():
    with pytest.raises(CommandError, match="no feed 'nyse'"):
        call_command("feed", "--source", "nyse", "--once", "1")


@pytest.mark.django_db(transaction=True)
def test_sigterm_stops_cleanly():
    seed_demo_market(now=clock.now(), seed=7, count=5)
    parts = connection.settings_dict
    url = f"postgresql://{parts['USER']}:{parts['PASSWORD']}@{parts['HOST']}:{parts['PORT']}/{parts['NAME']}"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "feed"],
        env={**os.environ, "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 30
        while age("feed:demo", now=clock.now()) is None and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=15)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "stopped after" in out
