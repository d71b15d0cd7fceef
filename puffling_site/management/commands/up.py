"""`manage.py up`: start everything. The supervisor itself is plain Python, in `puffling_site.runtime`."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand

from puffling_site.runtime.__main__ import parser
from puffling_site.runtime.environment import BASE


class Command(BaseCommand):
    """Replaces itself by the supervisor, which needs neither Django nor the memory it takes."""

    help = "Start Puffling: servers, web, workers, feed, sweeper and Flower under one supervisor."
    requires_system_checks = []

    def run_from_argv(self, argv: list[str]) -> None:
        """Check the arguments here, then hand over."""
        parser().parse_args(argv[2:])
        self.handle(arguments=argv[2:])

    def handle(self, *args: Any, **options: Any) -> None:
        """Never returns: the process becomes the supervisor."""
        if data := os.environ.get("PUFFLING_DATA_DIR"):
            os.environ["PUFFLING_DATA_DIR"] = os.path.abspath(data)
        os.chdir(BASE)
        os.execv(sys.executable, [sys.executable, "-m", "puffling_site.runtime", *options["arguments"]])
