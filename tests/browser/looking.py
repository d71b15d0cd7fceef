"""Looking at a page in both themes at three widths: nothing sticks out, text can be read, axe finds nothing serious.

A picture of each is kept under test-results/screens, except in continuous integration, where nobody would look.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

HERE = Path(__file__).parent
SCREENS = HERE.parents[1] / "test-results" / "screens"
# WCAG 1.4.3: 4.5:1, or 3:1 for large text. Walks every visible text and the background it really stands on.
CONTRAST = (HERE / "contrast.js").read_text()
AXE = (HERE / "vendor" / "axe-4.14.1.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CI = bool(os.environ.get("CI"))
ALL = tuple((width, theme) for theme in ("light", "dark") for width in (1280, 390, 1920))
# Continuous integration looks at every width and both themes, but not at each pair: it would take half its time.
WAYS = ((1280, "light"), (390, "dark"), (1920, "dark")) if CI else ALL
AXE_AT = {(1280, "light"), (390, "dark")}
# As the theme button does it.
DRESS = """theme => {
  document.documentElement.dataset.theme = theme;
  document.body.dispatchEvent(new CustomEvent("puffling-theme"));
}"""
SERIOUS = {"serious", "critical"}


@dataclass(frozen=True, kw_only=True)
class Look:
    """A page to look at. `ready` is what must be there before the picture is taken."""

    path: str
    name: str = ""
    ready: str = ""

    @property
    def file(self) -> str:
        return self.name or self.path.strip("/").replace("/", "-") or "overview"


def look_at(page: Page, name: str) -> list[str]:
    """Keep the pictures, and say what is wrong with the page."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    return [
        f"{name} at {width} in {theme}: {each}" for width, theme in WAYS for each in look_once(page, name, width, theme)
    ]


def look_once(page: Page, name: str, width: int, theme: str) -> list[str]:
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate(DRESS, theme)
    page.wait_for_timeout(150)
    if not CI:
        page.screenshot(path=SCREENS / f"{name}-{width}-{theme}.png", full_page=True)
    wrong = [f"hard to read: {text}" for text in page.evaluate(CONTRAST)]
    if (width, theme) in AXE_AT:
        wrong += violations(page)
    if page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
        wrong.append("sticks out")
    return wrong


def violations(page: Page) -> list[str]:
    """What axe calls serious or critical, with where it is."""
    page.evaluate(AXE)
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found: list[dict[str, Any]] = page.evaluate(f"axe.run(document, {json.dumps(options)}).then(r => r.violations)")
    return [
        f"{each['id']}: {each['help']}: {', '.join(node['target'][0] for node in each['nodes'][:3])}"
        for each in found
        if each["impact"] in SERIOUS
    ]
