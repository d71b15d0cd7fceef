"""The Celery application. Tasks are doors: they take ids, make one domain call, and may run twice."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "puffling_site.settings")

app = Celery("puffling")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
