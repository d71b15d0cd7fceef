"""The pages with 100,000 rules of one user: bytes and requests, the server's time, and when Chromium can be used.

Bytes are what goes over the wire: a page as the server compresses it, the static files as gzip makes them (a
production server sends them as brotli or gzip made beforehand). "Interactive" is the end of DOMContentLoaded: every
script is deferred and has run by then. Cold is a browser with an empty cache, warm the same page once more.
"""

from __future__ import annotations

import gzip
import http.client
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from playwright.sync_api import Browser, Error, Page, Response, sync_playwright

from accounts.models import User
from bench import loading, report
from markets.models import Quote
from puffling_site.runtime.process import free_port

ROOT = Path(__file__).parent.parent
PAGES = {
    "overview": "/",
    "actions": "/actions/",
    "actions, filtered": "/actions/?status=active&symbol=S00001",
    "new rule": "/actions/new/",
    "orders": "/orders/",
    "portfolio": "/portfolio/",
    "alerts": "/alerts/",
    "safety": "/safety/",
    "limits": "/safety/limits/",
    "monitoring": "/monitoring/",
    "guided start": "/start/",
    "API: list": "/api/actions/?status=active",
    "API: status": "/api/monitoring/status/",
}
INTERACTIVE = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"


def run(*, quick: bool) -> list[dict[str, Any]]:
    rules, asked = (2_000, 5) if quick else (100_000, 40)
    names = loading.load_market(500)
    portfolio = loading.open_accounts(1)[0]
    loading.load_rules(rules, names, portfolio)
    Quote.objects.update(dirty=False)
    loading.execute(
        "VACUUM ANALYZE automation_action, watches_watch, watches_series"
    )  # as autovacuum would have by now
    cookie = _signed_in(portfolio.user)
    connection.close()
    port = free_port()
    server = _serve(port)
    try:
        rows = [_timed(name, path, port, cookie, asked) for name, path in PAGES.items()]
        _look(rows, port, cookie)
    finally:
        server.terminate()
        server.wait(20)
    load = os.getloadavg()[0]
    return [*rows, {"page": f"{rules:,} rules; load of the machine {load:.1f}"}]


def _signed_in(user: User) -> str:
    """A session of the user, as the sign-in would have left it."""
    User.objects.filter(pk=user.pk).update(password=make_password("bench"))
    user.refresh_from_db()
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def _serve(port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "uvicorn", "puffling_site.asgi:application", "--port", str(port)]
    server = subprocess.Popen([*command, "--log-level", "warning"], cwd=ROOT, stdout=subprocess.DEVNULL)
    for _ in range(300):
        try:
            urlopen(f"http://127.0.0.1:{port}/login/", timeout=5)
            return server
        except OSError:  # not there yet, or too busy to answer
            time.sleep(0.1)
    raise RuntimeError("the server did not start within 30 s")


def _timed(name: str, path: str, port: int, cookie: str, asked: int) -> dict[str, Any]:
    """Percentiles of whole answers over one connection, after two that fill caches."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Cookie": f"sessionid={cookie}", "Accept-Encoding": "gzip", "Accept": "text/html, application/json"}
    spent = []
    for number in range(asked + 2):
        began = time.perf_counter()
        client.request("GET", path, headers=headers)
        answer = client.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        if number >= 2:
            spent.append((time.perf_counter() - began) * 1000)
    client.close()
    limit = 60 if name.startswith("API") else 200
    p95 = report.percentile(spent, 0.95)
    return {
        "page": name,
        "server p50 ms": report.middle(spent),
        "server p95 ms": p95,
        "limit ms": limit,
        "within": "yes" if p95 <= limit else "NO",
    }


def _look(rows: list[dict[str, Any]], port: int, cookie: str) -> None:
    """Add what a browser needs for each page."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        rows.append({"page": "no Chromium: no figures of a browser"})
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for row in rows:
            if not row["page"].startswith("API"):
                row |= _seen(browser, f"http://127.0.0.1:{port}", PAGES[row["page"]], cookie)
        browser.close()


def _seen(browser: Browser, site: str, path: str, cookie: str) -> dict[str, Any]:
    context = browser.new_context()
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": site}])
    page = context.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    cold = _interactive(page, site + path)
    first = list(answers)
    weight = {"html": 0, "css": 0, "js": 0, "other": 0}
    for answer in first:
        weight[_kind(answer)] += _bytes(answer)
    warm = _interactive(page, site + path)
    context.close()
    return {
        "requests": len(first),
        "html kB": weight["html"] / 1000,
        "css kB": weight["css"] / 1000,
        "js kB": weight["js"] / 1000,
        "all kB": sum(weight.values()) / 1000,
        "interactive cold ms": cold,
        "interactive warm ms": warm,
    }


def _interactive(page: Page, url: str) -> float:
    page.goto(url, wait_until="load")
    return float(page.evaluate(INTERACTIVE))


def _kind(answer: Response) -> str:
    kind = answer.headers.get("content-type", "")
    names = {"text/html": "html", "text/css": "css", "javascript": "js"}
    return next((name for word, name in names.items() if word in kind), "other")


def _bytes(answer: Response) -> int:
    """What the answer's body weighs on its way."""
    try:
        body = answer.body()
    except Error:  # a socket, or a redirect: no body
        return 0
    if answer.headers.get("content-encoding") and (length := answer.headers.get("content-length")):
        return int(length)
    return len(gzip.compress(body, 9))
