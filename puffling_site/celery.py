"""The Celery application. Tasks are doors: they take ids, make one domain call, and may run twice."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

from common.memory import keep_what_is_loaded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "puffling_site.settings")

app = Celery("puffling")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def before_the_children_are_forked(**_: Any) -> None:
    """They share what is loaded by now."""
    keep_what_is_loaded()
