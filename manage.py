#!/usr/bin/env python
"""Django's command line for Puffling."""

import os
import sys

from django.core.management import execute_from_command_line

from puffling_site.runtime.environment import attach

if __name__ == "__main__":
    if sys.argv[1:2] != ["up"]:  # up must not take its own embedded servers for external ones
        attach()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "puffling_site.settings")
    execute_from_command_line(sys.argv)
