from django.apps import AppConfig


class PufflingSiteConfig(AppConfig):
    name = "puffling_site"

    def ready(self) -> None:
        # Both need loaded apps: the Celery app so that nudges can be sent from every process, the wiring so that
        # lower rooms know what the upper rooms registered with them.
        from puffling_site import celery, wiring  # noqa: F401, PLC0415
