"""A real Chromium against a real server on the test database.

Run as a process of its own (`pytest -m browser tests/browser`): Playwright keeps an event loop in the main thread.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import setup_databases
from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from common.clock import now
from puffling_site.runtime.process import free_port
from tests.orders.making import SYMBOLS, Desk, open_desk, open_market, quote

# Playwright's loop runs in the thread that sets the database up.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
T = TypeVar("T")
HERE = Path(__file__).parent
ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PASSWORD = "long-enough-1"
# Secrets can be kept, and channels may send to this machine: for the server and for the domain functions of tests.
FIELD_KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
LOOPBACK = "127.0.0.1"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """These run only when asked for by their marker."""
    return None if "browser" in (config.option.markexpr or "") else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not item.path.is_relative_to(HERE):  # the hook is shown every test of the run
            continue
        item.add_marker(pytest.mark.browser)
        if CHROMIUM is None:
            item.add_marker(pytest.mark.skip("needs Chromium: apt-get install chromium"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": FLAGS}


class Server:
    """The site under uvicorn; it can be cut off and brought back on the same port."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = environment
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "puffling_site.asgi:application", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--log-level", "warning", "--timeout-graceful-shutdown", "1"],
                cwd=ROOT, env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + 30
        while True:
            try:
                urlopen(f"{self.url}/login/", timeout=5)
                return
            except (URLError, ConnectionError):
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise RuntimeError(f"The server did not start:\n{self.log.read_text()}") from None
                time.sleep(0.1)

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="session")
def database(django_test_environment: None, django_db_blocker: Any) -> Iterator[dict[str, str]]:
    """The environment of a server on a test database that is not rolled back: the server must see what tests write.

    Made by hand, because pytest-django makes one only for tests with its mark, and would empty it after each.
    """
    with django_db_blocker.unblock():
        # Drops what an earlier run left; a copy of the snapshot is as good as new.
        setup_databases(verbosity=0, interactive=False, keepdb="PUFFLING_TEST_SNAPSHOT" in os.environ)
        parts = connection.settings_dict
        url = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**parts)
        connection.close()
        before = settings.CONFIG
        settings.CONFIG = replace(before, field_keys=(FIELD_KEY,), outbound_hosts=(LOOPBACK,))
        inherited = {name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"}
        secrets = {"PUFFLING_FIELD_KEYS": FIELD_KEY, "PUFFLING_OUTBOUND_HOSTS": LOOPBACK}
        yield {**inherited, **secrets, "DATABASE_URL": url, "PUFFLING_ENV": "test"}
        settings.CONFIG = before


@pytest.fixture(scope="session")
def domain(database: dict[str, str]) -> Iterator[Callable[..., Any]]:
    """Run domain functions in a thread of their own: Playwright's loop runs in this one."""
    with ThreadPoolExecutor(max_workers=1) as pool:

        def run(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
            return pool.submit(function, *args, **kwargs).result()

        run(open_market, day=now().date())
        yield run
        pool.submit(lambda: connection.close()).result()  # looked up there: the thread's own


@pytest.fixture(scope="session")
def server(database: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    site = Server(database, tmp_path_factory.mktemp("site") / "uvicorn.log")
    site.start()
    yield site
    site.stop()


@pytest.fixture
def desk(domain: Callable[..., Any], request: pytest.FixtureRequest) -> Desk:
    """A user of this test alone, and fresh prices of $100."""

    def make() -> Desk:
        for symbol in SYMBOLS:
            quote(symbol, "100", at=now())
        return open_desk(request.node.name[:100], now=now())

    made: Desk = domain(make)
    return made


class Complaints:
    """What the browser complained about. A test may say what it provokes on purpose."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.expected: list[str] = []

    def watch(self, page: Page) -> None:
        page.add_init_script(
            "addEventListener('securitypolicyviolation', (e) =>"
            " console.error('CSP', e.violatedDirective, e.blockedURI, e.sourceFile, e.lineNumber))"
        )
        page.on("console", self.console)
        page.on("pageerror", lambda error: self.heard.append(f"error: {error}"))

    def console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.heard.append(f"{message.type}: {message.text}")

    def unexpected(self) -> list[str]:
        return [text for text in self.heard if not any(known in text for known in self.expected)]


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    made = Complaints()
    yield made
    assert made.unexpected() == [], "the console must stay clean"


@pytest.fixture
def page(context: BrowserContext, server: Server, complaints: Complaints) -> Page:
    """A page whose complaints fail the test."""
    made = context.new_page()
    made.set_default_timeout(10_000)
    complaints.watch(made)
    return made


@pytest.fixture
def site(page: Page, server: Server, desk: Desk) -> Page:
    """Signed in through the form, on the overview, live."""
    sign_in(page, server, desk)
    return page


def sign_in(page: Page, server: Server, desk: Desk) -> None:
    page.goto(f"{server.url}/login/")
    page.get_by_label("Username").fill(desk.user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector(".connection[data-state=live]")
