"""`python -m puffling_site.runtime.attached kill`: manage.py, pointed at the servers and secrets of `make run`."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

from puffling_site.runtime.environment import attach

if __name__ == "__main__":
    attach()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "puffling_site.settings")
    execute_from_command_line(["manage.py", *sys.argv[1:]])
