"""Nothing is loaded from elsewhere, nothing is inline, and the vendored files are what they say."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

ROOM = Path(__file__).parents[2] / "dashboard"
TEMPLATES = sorted((ROOM / "templates").rglob("*.html"))
OWN = sorted((ROOM / "static" / "dashboard").iterdir())
SUMS = dict(re.findall(r"^\| `([^`]+)` .*`([0-9a-f]{64})` \|$", (ROOM / "static/vendor/README.md").read_text(), re.M))


def test_vendored_files_match_their_sums() -> None:
    scripts = {path.name for path in (ROOM / "static/vendor").glob("*.js")}
    assert scripts == set(SUMS)
    for name, expected in SUMS.items():
        assert hashlib.sha256((ROOM / "static/vendor" / name).read_bytes()).hexdigest() == expected, name


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_are_fit_for_a_strict_policy(path: Path) -> None:
    text = path.read_text()
    get_template(str(path.relative_to(ROOM / "templates")))
    assert not re.search(r"\sstyle=", text), "an inline style"
    assert not re.search(r"\son[a-z]+=", text), "an inline handler"
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "an inline script"
    assert not re.search(r"(src|href|action)=\"(https?:)?//", text), "something from elsewhere"
    assert "hx-on" not in text and "js:" not in text, "htmx would need eval"


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_own_files_load_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://(?!\$\{)", text)
    assert "innerHTML" not in text


def test_the_policy_is_strict() -> None:
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    assert list(policy["default-src"]) == list(policy["script-src"]) == list(policy["connect-src"]) == ["'self'"]
    assert "'unsafe-inline'" not in policy["style-src"]


EVERY_PAGE = {"app.css", "puffin.svg", "icons.svg", "theme.js", "connection.js", "frame.js", "components.js"}


def test_pages_stay_light() -> None:
    """Bytes before compression: what every page loads, and what a page may add of its own."""
    sizes = {path.name: path.stat().st_size for path in OWN}
    assert sum(size for name, size in sizes.items() if name in EVERY_PAGE) < 60_000, sizes
    assert all(size < 30_000 for size in sizes.values()), sizes
