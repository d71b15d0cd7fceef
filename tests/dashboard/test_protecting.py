"""The portfolio page says of every holding what protects it, and where to set a stop."""

from __future__ import annotations

from django.test import Client

from automation.models import Action
from common.clock import now
from tests.automation.making import hold
from tests.dashboard.making import rule
from tests.orders.making import Desk, quote


def protected(site: Client) -> dict[str, str]:
    """Each holding's row as text."""
    rows = site.get("/portfolio/").context["protections"]
    return {row.symbol: f"{row.words} {row.short}".strip() for row in rows}


def stop(desk: Desk, symbol: str = "AAPL", share: str = "100", threshold: str = "90") -> Action:
    return rule(desk, action_type="SELL", symbol=symbol, quantity=None, percent_of_position=share,
                trigger_params={"threshold": threshold})  # fmt: skip


def test_each_holding_with_what_sells_it_first(site: Client, desk: Desk) -> None:
    for symbol in ("AAPL", "MSFT", "NVDA", "TSLA"):
        hold(desk, symbol, now=now())
    stop(desk)
    stop(desk, "MSFT", "50")
    stop(desk, "TSLA", "100", "120")
    assert protected(site) == {
        "NVDA": "no stop",
        "MSFT": "partly stop at $90",
        "TSLA": "check it stop at $120",
        "AAPL": "protected stop at $90",
    }
    page = site.get("/parts/protection/").content.decode()
    assert "→ $90.00" in page and "$1,000.00" in page and "50 of 100" in page
    assert "not below the price $100: it sells at once" in page


def test_a_holding_without_a_stop_links_to_templates_filled_in(site: Client, desk: Desk) -> None:
    hold(desk, now=now())
    (row,) = site.get("/portfolio/").context["protections"]
    assert [name for name, _ in row.links] == ["fixed", "trailing", "atr", "chandelier", "time"]
    links = dict(row.links)
    assert 'value="AAPL"' in site.get(links["trailing"]).content.decode()
    assert '<option value="chandelier" selected' in site.get(links["chandelier"]).content.decode()
    site.post(links["fixed"], {"symbol": "AAPL", "percent": "7", "confirm": "1"})
    quote("AAPL", "100", at=now())
    assert protected(site) == {"AAPL": "protected stop at $93"}


def test_without_holdings_it_says_so(site: Client, desk: Desk) -> None:
    assert "Nothing to protect" in site.get("/portfolio/").content.decode()


def test_other_users_rules_are_not_mine(site: Client, desk: Desk, other: Desk) -> None:
    hold(desk, now=now())
    hold(other, now=now())
    stop(other)
    assert protected(site) == {"AAPL": "no stop"}
