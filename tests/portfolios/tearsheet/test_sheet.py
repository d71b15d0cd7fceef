"""The tear sheet as data, as a page and as a PDF."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from portfolios.models import Portfolio
from tests.portfolios.performance.making import make_past
from tests.portfolios.test_api import client, get


@pytest.fixture
def past(ann: User) -> Portfolio:
    return make_past(ann)


def download(user: User, portfolio: Portfolio, format_: str, **query: Any) -> Any:
    path = f"/api/portfolios/{portfolio.pk}/tear-sheet/"
    answer = client(user).get(path, {"format_": format_, **query}, HTTP_ACCEPT="application/pdf")
    assert answer.status_code == 200, answer.content
    return answer


class Reader(HTMLParser):
    """Collects the tags of a page with their attributes, and its words."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def test_everything_a_page_needs_comes_in_one_call(ann: User, past: Portfolio) -> None:
    sheet = get(ann, past, "tear-sheet/", period="1y")
    assert sheet["portfolio"] == "Main"
    assert sheet["performance"] == {
        **get(ann, past, "performance/", period="1y"),
        "as_of": sheet["performance"]["as_of"],
    }
    assert len(sheet["curve"]) == sheet["performance"]["days"] + 1
    first, last = sheet["curve"][0], sheet["curve"][-1]
    assert (first["growth"], first["benchmark"], first["drawdown"]) == (1, 1, 0)
    assert last["growth"] - 1 == pytest.approx(sheet["performance"]["figures"]["time_weighted_return"])
    assert last["benchmark"] - 1 == pytest.approx(sheet["performance"]["benchmark"]["figures"]["time_weighted_return"])
    assert -min(day["drawdown"] for day in sheet["curve"]) == sheet["performance"]["figures"]["max_drawdown"]


def test_the_page_stands_alone(ann: User, past: Portfolio, tmp_path: Path) -> None:
    Portfolio.objects.update(name="<b>Mine</b> & yours")
    answer = download(ann, past, "html")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="bmineb-yours-')
    text = answer.content.decode()
    (tmp_path / "sheet.html").write_text(text)
    page = Reader()
    page.feed(text)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "b"}
    fetched = [value for _, attrs in page.tags for name, value in attrs.items() if name in ("src", "href", "style")]
    assert fetched == []
    assert not re.search(r"url\(|@import|javascript:", text)
    assert "<b>Mine</b> & yours" in page.words
    assert sum(tag == "svg" for tag, _ in page.tags) == 2
    for title in ("Return", "Drawdown", "Months", "Key figures", "Against SPY", "Holdings", "What a bad day may cost"):
        assert title in page.words
    assert "nan" not in text.lower().split()


def test_the_pdf_says_the_same(ann: User, past: Portfolio, tmp_path: Path) -> None:
    Portfolio.objects.update(name="Ünïted 日本 <b>&")
    answer = download(ann, past, "pdf")
    assert answer.headers["Content-Type"] == "application/pdf"
    (tmp_path / "sheet.pdf").write_bytes(answer.content)
    assert answer.content.startswith(b"%PDF-1.")
    assert answer.content.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type /Page\b", answer.content)) in (2, 3)


@pytest.mark.parametrize("format_", ["json", "html", "pdf"])
def test_an_account_without_a_past_has_a_sheet_too(ann: User, portfolio: Portfolio, format_: str) -> None:
    body = download(ann, portfolio, format_).content
    assert len(body) > 500
    if format_ == "html":
        assert "nothing recorded yet" in body.decode()


def test_an_unknown_format_is_refused(ann: User, portfolio: Portfolio) -> None:
    answer = client(ann).get(f"/api/portfolios/{portfolio.pk}/tear-sheet/", {"format_": "docx"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["format_"])
