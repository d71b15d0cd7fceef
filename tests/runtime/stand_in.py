"""`up` with stand-ins for Django's processes: real servers, real supervisor, small children. Run as a module.

STAND_IN_FAIL=prepare makes the preparation fail.
"""

from __future__ import annotations

import sys

from puffling_site.runtime.__main__ import main
from puffling_site.runtime.children import Service
from puffling_site.runtime.services import WORKERS, Wishes, python_launch
from puffling_site.runtime.supervisor import Catalogue

PREPARE = """
import json, os, sys
if os.environ.get("STAND_IN_FAIL") == "prepare":
    sys.exit("the migration of chapter one is broken")
print(json.dumps({"commands": ["feed"], "login": {"url": os.environ["PUFFLING_URL"] + "login/link/abc/"}}))
"""
WEB = """
import http.server, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"page")
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
"""
WORKER = """
import os, time, redis
subscription = redis.Redis.from_url(os.environ["REDIS_URL"]).pubsub(); subscription.psubscribe("pidbox")
while True: time.sleep(0.1)
"""
SLEEPER = "import time\nwhile True: time.sleep(0.1)"


def service(name: str, wishes: Wishes, environment: dict[str, str]) -> Service:
    """Return a stand-in of an application service."""
    code = WEB if name == "web" else WORKER if name in WORKERS else SLEEPER
    arguments = ["-c", code, str(wishes.web_port), f"stand-in-{name}"]
    return Service(name=name, launch=lambda: python_launch(arguments, environment))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], Catalogue(prepare=("-c", PREPARE), service=service)))
