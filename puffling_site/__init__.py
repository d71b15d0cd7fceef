"""Settings, URLs, ASGI, Celery and the wiring: the one composition root."""
